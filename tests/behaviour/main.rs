//! What the steps do, seen from outside: bytes on the wire, exit statuses,
//! and what the kernel says about them in /proc.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

mod client;
mod client_ends;
mod commands;
mod echo;
mod endings;
mod failures;
mod http;
mod http_time;
mod matrix;
mod resources;
mod start;
