//! HTTP/1.1 without input and output: bytes in, values out.
//!
//! This room knows nothing of sockets, nor of files. Nothing in it waits,
//! and no request is copied to be parsed.

pub mod body;
pub mod bytes;
pub mod chunked;
/// Enters in step 17.
pub mod coding;
pub mod date;
/// Enters in step 16.
pub mod entity_tag;
pub mod fields;
pub mod framing;
pub mod head;
pub mod media;
pub mod method;
pub mod path;
pub mod persistence;
/// Enters in step 16.
pub mod preconditions;
/// Enters in step 16.
pub mod range;
pub mod response;
/// Enters in step 16.
pub mod retrieval;
pub mod status;
pub mod target;
pub mod validators;
pub mod version;
