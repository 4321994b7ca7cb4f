//! Step 08 over the wire: names, labels, changing files, its start.

mod changing;
pub mod client;
mod conduct;
mod directories;
mod paths;
mod start;
pub mod tree;
mod validators;
