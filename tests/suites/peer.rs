//! The same for the steps of the package `peer`: what a node does for clients
//! of HTTP, and for other nodes.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(dead_code, unused_imports, reason = "the root's tests use all of it")]

mod calls;
#[path = "../cases/mod.rs"]
mod cases;
mod commands;
mod cores;
mod drain;
mod endings;
mod failures;
mod files;
mod harden;
mod http;
#[path = "../lab/mod.rs"]
mod lab;
mod late;
mod loops;
mod many;
mod matrix;
#[path = "peer/mod.rs"]
mod peer;
mod resources;
#[path = "service/mod.rs"]
mod service;
mod site;
mod start;
mod steps;
mod video;
