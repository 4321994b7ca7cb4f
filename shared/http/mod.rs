//! The protocol without input and output: bytes go in, values come out.
//!
//! This room knows nothing of sockets, nor of files.

pub mod date;
pub mod media;
pub mod path;
pub mod validators;
