//! The strace transcript of a step.

use crate::{Project, Result};

/// The strace transcript of a step, as HTML.
///
/// # Errors
/// When there is no such recording.
pub fn render(_project: &Project, _step: u8) -> Result<String> {
    Ok(String::new())
}
