//! Starting a step, talking to it, and looking at it from outside.
//!
//! Nothing here sleeps for a guessed time: a program is ready when it says
//! so, an answer is there when it has been read, and every wait ends at a
//! limit. When a test fails, the program's story is printed: what was said,
//! by whom, when, and how to try the same by hand.
//!
//! A test program takes it in by `#[path = "../common/mod.rs"] mod common;`.

#![allow(dead_code, reason = "a test program uses a part of it")]
#![allow(unused_imports, reason = "likewise")]

mod answer;
mod ended;
mod host;
mod output;
pub mod proc;
mod program;
mod server;
mod skip;
pub mod steps;
mod story;
#[path = "../lab/time.rs"]
pub mod time;
pub mod tools;
mod trace;
mod wire;

pub use answer::Answer;
pub use ended::Ended;
pub use host::Host;
pub use program::{Program, Running, done};
pub use server::Server;
pub use skip::skip;
pub use tools::{eventually, no_shim, pattern};
pub use trace::trace;
pub use wire::Wire;
