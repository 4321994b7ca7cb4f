//! What the student has reached so far: the file `.progress` in the
//! project's directory, one line an exercise, and beside it the files that
//! reached the best results.
//!
//! `02a 3`: the exercise's id, and its points.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The best results, by the exercise's id.
#[derive(Debug)]
pub struct Progress {
    path: PathBuf,
    points: BTreeMap<String, u32>,
}

impl Progress {
    /// Reads the file; there need not be one. Lines that make no sense are
    /// results of another time, and forgotten.
    pub fn read(root: &Path) -> Progress {
        let path = root.join(".progress");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let results = text.lines().filter_map(|line| {
            let (id, points) = line.split_once(' ')?;
            Some((id.to_string(), points.parse().ok()?))
        });
        Progress { points: results.collect(), path }
    }

    /// Where the file that reached the best result of `id` is kept.
    pub fn best(&self, id: &str) -> PathBuf {
        self.path.with_file_name(format!(".progress-{id}.rs"))
    }

    /// The best result of the exercise `id`, if it was ever graded.
    pub fn of(&self, id: &str) -> Option<u32> {
        self.points.get(id).copied()
    }

    /// Writes down a result, with the student's `file` that reached it,
    /// unless an earlier one was better: a pass is not lost by what is tried
    /// later.
    pub fn store(
        &mut self,
        id: &str,
        points: u32,
        file: &str,
    ) -> io::Result<()> {
        if self.of(id).is_some_and(|best| best > points) {
            return Ok(());
        }
        self.points.insert(id.to_string(), points);
        fs::write(self.best(id), file)?;
        let lines = self.points.iter();
        let lines = lines.map(|(id, points)| format!("{id} {points}\n"));
        // First beside, then in place: a crash leaves the old file or the
        // new one.
        let name = format!("progress-{}", std::process::id());
        let beside = self.path.with_extension(name);
        fs::write(&beside, lines.collect::<String>())?;
        fs::rename(&beside, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::scratch::Scratch;

    #[test]
    fn what_is_stored_is_read_again() -> io::Result<()> {
        let scratch = Scratch::new()?;
        let root = scratch.path();
        Progress::read(root).store("02a", 3, "y")?;
        Progress::read(root).store("02a", 2, "z")?;
        let again = Progress::read(root);
        assert_eq!(again.of("02a"), Some(3));
        assert_eq!(fs::read_to_string(again.best("02a"))?, "y");
        assert_eq!(again.of("02b"), None);
        Ok(())
    }
}
