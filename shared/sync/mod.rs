//! What threads share, and how they wait for one another.
//!
//! This room knows nothing of sockets.

/// Enters in step 19.
pub mod deque;
/// Enters in step 19.
pub mod parking;
/// Enters in step 18.
pub mod processors;
pub mod queue;
pub mod semaphore;
/// Enters in step 19.
pub mod stealing;
/// Enters in step 18.
pub mod vital;
