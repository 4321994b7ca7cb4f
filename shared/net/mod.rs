//! Listening, connecting, addresses, whole reads and writes.
//!
//! This room knows nothing of HTTP, nor of events.

pub mod address;
pub mod buffer;
/// Enters in step 23.
pub mod connect;
pub mod deadline;
pub mod limit;
pub mod linger;
pub mod listener;
/// Enters in step 24.
pub mod resolve;
pub mod stream;
