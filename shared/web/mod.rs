//! What makes a web server of sockets, protocol and files.
//!
//! This room knows nothing of peers.

pub mod visit;
