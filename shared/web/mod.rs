//! What makes a web server of sockets and protocol.
//!
//! This room knows nothing of peers.

pub mod blocking;
pub mod busy;
pub mod client;
pub mod connection;
pub mod drain;
pub mod file_site;
/// Enters in step 16.
pub mod server;
pub mod site;
pub mod transmit;
