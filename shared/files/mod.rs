//! Files, without HTTP.

/// Enters in step 21.
pub mod replacement;
pub mod root;
