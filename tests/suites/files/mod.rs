//! Step 08 over the wire: names, labels, changing files, its start.

mod calls;
mod changing;
mod client;
mod conduct;
mod directories;
mod paths;
mod start;
mod tree;
mod validators;
