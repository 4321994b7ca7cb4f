//! What makes a web server of sockets and protocol.
//!
//! This room knows nothing of peers.

/// Enters in step 22.
pub mod admission;
pub mod blocking;
pub mod busy;
pub mod client;
pub mod connection;
/// Enters in step 18.
pub mod counters;
/// Enters in step 18.
pub mod documents;
pub mod drain;
pub mod file_site;
/// Enters in step 21.
pub mod form;
/// Enters in step 21.
pub mod forwarded;
/// Enters in step 20.
pub mod hash;
/// Enters in step 19.
pub mod late;
/// Enters in step 21.
pub mod log;
/// Enters in step 21.
pub mod pages;
/// Enters in step 21.
pub mod router;
/// Enters in step 18.
pub mod sendfile;
/// Enters in step 16.
pub mod server;
pub mod site;
/// Enters in step 21.
pub mod template;
pub mod transmit;
/// Enters in step 21.
pub mod trust;
/// Enters in step 21.
pub mod uploads;
/// Enters in step 21.
pub mod work;
/// Enters in step 19.
pub mod workers;
