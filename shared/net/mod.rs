//! Listening, connecting, addresses, whole reads and writes.
//!
//! This room knows nothing of HTTP, nor of events.

pub mod address;
pub mod buffer;
pub mod deadline;
pub mod limit;
pub mod linger;
pub mod listener;
pub mod stream;
