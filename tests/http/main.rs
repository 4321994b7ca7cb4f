//! HTTP/1.1: one table of cases, for all that claim to understand it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod allocations;
mod calls;
#[path = "../cases/mod.rs"]
mod cases;
#[path = "../common/mod.rs"]
mod common;
mod conduct;
mod core;
mod cost;
mod deadlines;
mod difference;
#[path = "../fuzz/entries.rs"]
mod entries;
mod fuzz;
mod other;
mod outcome;
#[allow(dead_code, reason = "the step uses all of it")]
#[path = "../../steps/05-parser/parser.rs"]
#[expect(dead_code, reason = "the step uses all of it")]
mod parser;
#[path = "../files/fuzz.rs"]
mod random;
mod replies;
mod splits;
mod states;
mod step05;
mod table;
mod time;
mod wire;
