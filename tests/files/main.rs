//! The files' part of the course: names, dates, labels and the root that no
//! name leads out of, each by itself; and step 07 over the wire.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod changing;
mod client;
mod conduct;
mod dates;
mod fuzz;
#[path = "../behaviour/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "others need more of it")]
mod harness;
mod labels;
mod names;
mod paths;
mod root;
mod start;
mod tree;

/// The harness knows steps by their programs.
mod steps {
    #[allow(dead_code, reason = "servers are started with a root here")]
    pub struct Step {
        pub program: &'static str,
    }
}
