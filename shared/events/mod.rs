//! What happens to a process, and when.
//!
//! This room knows nothing of HTTP and of peers.

pub mod deadlines;
pub mod handlers;
/// Enters in step 18.
pub mod latch;
/// Enters in step 16.
pub mod signals;
/// Enters in step 24.
pub mod sleep;
