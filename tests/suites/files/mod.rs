//! The steps with files over the wire: names, labels, changing files; and
//! how they start.

pub mod changing;
pub mod client;
mod conduct;
mod directories;
mod paths;
mod ranges;
mod responses;
mod start;
pub mod tree;
mod validators;
