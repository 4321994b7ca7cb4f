//! The book's kit: builds, checks, records and serves the book.
//!
//! Nothing in the book is pasted. A chapter names what it shows, by a
//! directive such as `{{#code 02 write_all}}`, and the kit puts it there from
//! the sources or from a recorded run. A name that is not found is an error.

pub mod fault;
pub mod html;
pub mod picture;
pub mod project;
pub mod record;

pub use anyhow::Result;
pub use fault::Fault;
pub use project::{Exercise, Project, Step};
