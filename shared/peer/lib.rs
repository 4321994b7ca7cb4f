//! Enters in step 23: the peer-to-peer node: a core that makes no system call,
//! and what the steps around it share.
//!
//! A package of its own: it needs libraries, and what does not need it is
//! built without them.

pub mod allowance;
pub mod frame;
pub mod hello;
pub mod kind;
pub mod link;
pub mod random;
pub mod text;
pub mod violation;
pub mod wire;
