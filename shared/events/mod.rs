//! What happens to a process, and when.
//!
//! This room knows nothing of HTTP and of peers.

pub mod deadlines;
pub mod handlers;
