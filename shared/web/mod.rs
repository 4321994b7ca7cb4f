//! What makes a web server of sockets and protocol.
//!
//! This room knows nothing of peers.

pub mod connection;
pub mod site;
