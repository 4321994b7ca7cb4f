//! Structures that hold things, by hand.
//!
//! This room knows nothing of any other.

pub mod list;
pub mod ring;
pub mod slab;
