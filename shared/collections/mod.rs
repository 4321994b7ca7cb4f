//! Structures that hold things, by hand.
//!
//! This room knows nothing of any other.

/// Enters in step 20.
pub mod dictionary;
pub mod list;
pub mod ring;
pub mod slab;
