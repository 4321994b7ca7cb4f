//! What the student has reached so far: the file `.progress` in the
//! project's directory, one line an exercise.
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

    /// The best result of the exercise `id`.
    pub fn of(&self, id: &str) -> Option<&Score> {
        self.results.get(id)
    }

    /// Writes down a result, unless there is a better one: an experiment
    /// takes no points away.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn store(&mut self, id: &str, result: Score) -> io::Result<()> {
        let best = self.results.get(id);
        if best.is_some_and(|best| best.points > result.points) {
            return Ok(());
        }
        self.results.insert(id.to_string(), result);
        let lines = self.results.iter().map(|(id, result)| {
            let Score { slug, hash, points, of } = result;
            format!("{id} {slug} {hash:016x} {points}/{of}\n")
        });
        // First beside, then in place: a crash leaves the old file or the
        // new one.
        let name = format!("new-{}", std::process::id());
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

    #[test]
    fn what_is_stored_is_read_again() -> io::Result<()> {
        let name = format!("ex-progress-{}", std::process::id());
        let root = std::env::temp_dir().join(name);
        fs::create_dir(&root)?;
        let result =
            Score { slug: "x".into(), hash: hash(b"y"), points: 3, of: 8 };
        Progress::read(&root).store("02a", result.clone())?;
        let worse = Score { points: 2, hash: 0, ..result.clone() };
        Progress::read(&root).store("02a", worse)?;
        let again = Progress::read(&root);
        fs::remove_dir_all(&root)?;
        assert_eq!(again.of("02a"), Some(&result));
        assert_eq!(again.of("02b"), None);
        Ok(())
    }
}
