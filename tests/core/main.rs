//! What the shared rooms do, in process: bytes in, values out. The wire table
//! at every cut, fuzzing, costs, deadlines without time, and the root.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod admission;
mod allocations;
#[path = "../cases/mod.rs"]
mod cases;
mod collections;
mod cost;
mod counting;
mod dates;
mod deadlines;
mod deque;
mod difference;
mod documents;
mod due;
#[path = "../fuzz/entries.rs"]
mod entries;
mod fuzz;
mod labels;
mod last;
mod lend;
mod log;
mod mutate;
mod names;
mod other;
mod outcome;
mod parts;
mod retrieval;
mod root;
#[allow(dead_code, reason = "the tests over the wire use all of it")]
#[path = "../lab/scratch.rs"]
mod scratch;
mod shell;
mod site;
#[path = "../lab/skip.rs"]
mod skip;
mod slow;
mod states;
mod step05;
mod stream;
mod sync;
mod table;
mod threads;
#[allow(dead_code, reason = "the tests over the wire use all of it")]
#[path = "../suites/files/tree.rs"]
mod tree;
mod turns;
mod upload;

use entries::parser;
