//! What the steps do, seen from outside: bytes on the wire, exit statuses,
//! and what the kernel says about them in /proc. Each suite runs on every
//! step that has what it is about: steps/steps.toml says which.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod calls;
#[path = "../cases/mod.rs"]
mod cases;
mod cgi;
mod children;
mod client;
mod client_ends;
mod commands;
mod cores;
mod drain;
mod echo;
mod endings;
mod failures;
mod files;
mod first_page;
mod first_page_time;
mod http;
#[path = "../lab/mod.rs"]
mod lab;
mod late;
mod loops;
mod many;
mod matrix;
mod pool;
mod resources;
mod site;
mod start;
mod steps;
mod threads;
mod video;
