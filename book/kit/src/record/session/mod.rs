//! A recorded terminal session.

use crate::{Project, Result};

/// A recorded terminal session, as HTML.
///
/// # Errors
/// When there is no such recording.
pub fn render(_project: &Project, _name: &str) -> Result<String> {
    Ok(String::new())
}
