//! The files' part of the course: names, dates, labels and the root that no
//! name leads out of, each by itself; and step 08 over the wire.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

mod calls;
mod changing;
mod client;
mod conduct;
mod dates;
mod fuzz;
mod labels;
mod names;
#[path = "../fuzz/path.rs"]
mod path;
mod paths;
mod root;
mod start;
mod tree;
