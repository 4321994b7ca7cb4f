//! What the checks are made of: a program under test, clients that talk to
//! it, and what the kernel says about it.
//!
//! The exercises' grader and the tests of the steps use it, each a part.
//!
//! The grader sees only the outside: bytes, /proc, sock_diag, strace and the
//! exit status. Order is tested, not time; lower bounds are strict and upper
//! bounds are patient.

#![allow(dead_code, reason = "each program uses a part of it")]

pub mod busy;
pub mod client;
pub mod cost;
pub mod diag;
pub mod fixtures;
pub mod launch;
pub mod linger;
pub mod output;
pub mod peer;
pub mod preload;
pub mod proc;
pub mod program;
pub mod quiet;
pub mod ready;
pub mod scratch;
pub mod show;
pub mod skip;
pub mod tidy;
pub mod time;
pub mod transcript;
pub mod tree;
pub mod trouble;

pub use launch::Lab;
pub use peer::{BlackHole, Peer};
pub use trouble::{Advice, Outcome, Trouble};
