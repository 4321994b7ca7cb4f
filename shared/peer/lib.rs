//! Enters in step 23: the peer-to-peer node: a core that makes no system call,
//! and what the steps around it share.
//!
//! A package of its own: it needs libraries, and what does not need it is
//! built without them.

/// Enters in step 24.
pub mod access;
pub mod allowance;
/// Enters in step 25.
pub mod alone;
/// Enters in step 24.
pub mod asker;
/// Enters in step 24.
pub mod back_off;
/// Enters in step 24.
pub mod beacon;
/// Enters in step 25.
pub mod beacons;
/// Enters in step 25.
pub mod block;
/// Enters in step 24.
pub mod board;
/// Enters in step 24.
pub mod book;
/// Enters in step 27.
pub mod cipher;
/// Enters in step 24.
pub mod clock;
/// Enters in step 26.
pub mod commands;
/// Enters in step 25.
pub mod committer;
/// Enters in step 24.
pub mod control;
/// Enters in step 25.
pub mod disk;
pub mod frame;
/// Enters in step 24.
pub mod greet;
/// Enters in step 26.
pub mod have;
pub mod hello;
/// Enters in step 24.
pub mod identity;
/// Enters in step 24.
pub mod input;
/// Enters in step 24.
pub mod join;
/// Enters in step 24.
pub mod json;
/// Enters in step 25.
pub mod keeper;
/// Enters in step 25.
pub mod key;
pub mod kind;
/// Enters in step 26.
pub mod ledger;
pub mod link;
/// Enters in step 25.
pub mod log;
/// Enters in step 27.
pub mod members;
/// Enters in step 26.
pub mod message;
/// Enters in step 25.
pub mod messages;
/// Enters in step 25.
pub mod mint;
/// Enters in step 26.
pub mod neighbour;
/// Enters in step 25.
pub mod network;
/// Enters in step 26.
pub mod node;
/// Enters in step 24.
pub mod peers;
/// Enters in step 27.
pub mod posts;
/// Enters in step 26.
pub mod proof;
pub mod random;
/// Enters in step 24.
pub mod roster;
/// Enters in step 25.
pub mod say;
/// Enters in step 27.
pub mod secure;
/// Enters in step 27.
pub mod settings;
/// Enters in step 25.
pub mod stamp;
/// Enters in step 25.
pub mod store;
/// Enters in step 24.
pub mod talk;
pub mod text;
pub mod violation;
/// Enters in step 27.
pub mod vouch;
/// Enters in step 26.
pub mod wants;
pub mod wire;
