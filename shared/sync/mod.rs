//! What threads share, and how they wait for one another.
//!
//! This room knows nothing of sockets.

pub mod queue;
pub mod semaphore;
