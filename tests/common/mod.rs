//! Starting a step, talking to it, and looking at it from outside.
//!
//! Nothing here sleeps for a guessed time: a program is ready when it says so,
//! a response is there when it has been read, and every wait ends at a limit.
//! When a test fails, the program's transcript is printed: what was said, by
//! whom, when, and how to try the same by hand.
//!
//! A test program takes it in by `#[path = "../common/mod.rs"] mod common;`.

#![allow(dead_code, reason = "a test program uses a part of it")]
#![allow(unused_imports, reason = "likewise")]

mod client;
#[path = "../lab/diag.rs"]
mod diag;
mod ended;
mod output;
mod peer;
#[path = "../lab/preload.rs"]
mod preload;
pub mod proc;
mod program;
mod response;
mod server;
mod skip;
pub mod steps;
#[path = "../lab/time.rs"]
pub mod time;
pub mod tools;
mod trace;
mod transcript;

pub use client::Client;
pub use ended::Ended;
pub use peer::Peer;
pub use program::{Program, Running, done};
pub use response::Response;
pub use server::Server;
pub use skip::skip;
pub use tools::{eventually, no_shim, pattern};
pub use trace::trace;
