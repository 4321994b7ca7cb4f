//! The kit from outside: on a small course, with faults planted in it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod course;
mod diffs;
mod files;
mod pages;
mod program;
mod promises;
mod serve;
