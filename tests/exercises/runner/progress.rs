//! What the student has reached so far: the file `.progress` in the
//! project's directory, one line an exercise, and beside it the files that
//! reached the best results.
//!
//! `02a nothing-lost cbf29ce484222325 3/8`: id, slug, the hash of the file
//! that was graded, points.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The best result of an exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// The exercise's slug.
    pub slug: String,
    /// Of the student's file as it was graded.
    pub hash: u64,
    /// Points reached.
    pub points: u32,
    /// Points possible.
    pub of: u32,
}

/// All results, by the exercise's id.
#[derive(Debug)]
pub struct Progress {
    path: PathBuf,
    results: BTreeMap<String, Score>,
}

impl Progress {
    /// Reads the file; there need not be one. Lines that make no sense are
    /// results of another time, and forgotten.
    pub fn read(root: &Path) -> Progress {
        let path = root.join(".progress");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let results = text.lines().filter_map(parse).collect();
        Progress { path, results }
    }

    /// Where the file that reached the best result of `id` is kept.
    pub fn best(&self, id: &str) -> PathBuf {
        self.path.with_file_name(format!(".progress-{id}.rs"))
    }

    /// The best result of the exercise `id`.
    pub fn of(&self, id: &str) -> Option<&Score> {
        self.results.get(id)
    }

    /// Writes down a result, with the student's `file` that reached it,
    /// unless an earlier one was better: a pass is not lost by what is tried
    /// later.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn store(
        &mut self,
        id: &str,
        result: Score,
        file: &str,
    ) -> io::Result<()> {
        if self.of(id).is_some_and(|best| best.points > result.points) {
            return Ok(());
        }
        self.results.insert(id.to_string(), result);
        fs::write(self.best(id), file)?;
        let lines = self.results.iter().map(|(id, result)| {
            let Score { slug, hash, points, of } = result;
            format!("{id} {slug} {hash:016x} {points}/{of}\n")
        });
        // First beside, then in place: a crash leaves the old file or the
        // new one.
        let name = format!("progress-{}", std::process::id());
        let beside = self.path.with_extension(name);
        fs::write(&beside, lines.collect::<String>())?;
        fs::rename(&beside, &self.path)
    }
}

fn parse(line: &str) -> Option<(String, Score)> {
    let mut words = line.split(' ');
    let id = words.next()?.to_string();
    let slug = words.next()?.to_string();
    let hash = u64::from_str_radix(words.next()?, 16).ok()?;
    let (points, of) = words.next()?.split_once('/')?;
    let (points, of) = (points.parse().ok()?, of.parse().ok()?);
    Some((id, Score { slug, hash, points, of }))
}

/// FNV-1a: tells one version of a file from another, and no more.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::scratch::Scratch;

    #[test]
    fn what_is_stored_is_read_again() -> io::Result<()> {
        let scratch = Scratch::new()?;
        let root = scratch.path();
        let best =
            Score { slug: "x".into(), hash: hash(b"y"), points: 3, of: 8 };
        let worse = Score { points: 2, ..best.clone() };
        Progress::read(root).store("02a", best.clone(), "y")?;
        Progress::read(root).store("02a", worse, "z")?;
        let again = Progress::read(root);
        assert_eq!(again.of("02a"), Some(&best));
        assert_eq!(fs::read_to_string(again.best("02a"))?, "y");
        assert_eq!(again.of("02b"), None);
        Ok(())
    }
}
