//! Texts as an editor may have left them.

use std::fs;
use std::path::Path;

/// The text of a file, with LF alone at the ends of its lines. Bytes that
/// are not UTF-8 are replaced: the compiler will tell the student where.
pub fn read(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
}

/// Whether the file at `path` has this text.
pub fn is(path: &Path, text: &str) -> bool {
    read(path).is_ok_and(|old| old == text)
}

/// Writes `text` to the file at `path`.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
