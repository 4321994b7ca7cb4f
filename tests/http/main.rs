//! HTTP/1.1: one table of cases, put to whoever claims to understand it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../cases/mod.rs"]
mod cases;
mod core;
mod outcome;
#[path = "../../steps/05-parser/parser.rs"]
mod parser;
mod splits;
mod step05;
mod table;
