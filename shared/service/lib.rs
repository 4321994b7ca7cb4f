//! Enters in step 21: what a server needs that people leave alone for months:
//! settings, compression, a log.
//!
//! A package of its own: it needs libraries, and what does not need it is
//! built without them.

pub mod gzip;
pub mod hosts;
pub mod log;
pub mod settings;
pub mod sites;
