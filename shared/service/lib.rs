//! Enters in step 21: what a server needs that people leave alone for months:
//! settings, compression, a log.
//!
//! A package of its own: it needs libraries, and what does not need it is
//! built without them.

pub mod arguments;
pub mod flags;
pub mod gzip;
pub mod hosts;
pub mod log;
pub mod places;
pub mod rates;
pub mod reload;
pub mod sandbox;
pub mod settings;
pub mod sites;
pub mod source;
pub mod systemd;
