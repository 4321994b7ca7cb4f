//! The files that a server gives away, and the directory they stay in.
//!
//! This room knows nothing of HTTP.

pub mod root;
