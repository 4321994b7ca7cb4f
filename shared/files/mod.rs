//! Files, without HTTP.

pub mod root;
