//! The house rules: what the design promises of the files themselves.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../lab/skip.rs"]
mod skip;

mod budgets;
mod manifest;
mod rooms;
mod source;
mod tracked;
mod tree;
mod words;
