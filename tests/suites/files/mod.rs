//! The steps with files over the wire: names, labels, changing files; and
//! how they start.

mod bounds;
pub mod changing;
pub mod client;
mod conduct;
mod directories;
mod kept;
mod neighbours;
mod paths;
mod ranges;
mod responses;
mod start;
pub mod tree;
mod validators;

use crate::lab::scratch;
