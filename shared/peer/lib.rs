//! Enters in step 23: the peer-to-peer node: a core that makes no system call,
//! and what the steps around it share.
//!
//! A package of its own: it needs libraries, and what does not need it is
//! built without them.

/// Enters in step 24.
pub mod access;
pub mod allowance;
/// Enters in step 24.
pub mod asker;
/// Enters in step 24.
pub mod back_off;
/// Enters in step 24.
pub mod beacon;
/// Enters in step 24.
pub mod board;
/// Enters in step 24.
pub mod book;
/// Enters in step 24.
pub mod clock;
/// Enters in step 24.
pub mod control;
pub mod frame;
/// Enters in step 24.
pub mod greet;
pub mod hello;
/// Enters in step 24.
pub mod identity;
/// Enters in step 24.
pub mod input;
/// Enters in step 24.
pub mod join;
/// Enters in step 24.
pub mod json;
pub mod kind;
pub mod link;
/// Enters in step 24.
pub mod peers;
pub mod random;
/// Enters in step 24.
pub mod roster;
/// Enters in step 24.
pub mod talk;
pub mod text;
pub mod violation;
pub mod wire;
