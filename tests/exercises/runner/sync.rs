//! The authors' commands: starters from masters.

use std::path::{Path, PathBuf};

use crate::catalogue::Exercise;
use crate::master;
use crate::progress::Progress;
use crate::student::Student;
use crate::text;

impl Student<'_> {
    /// Writes all starters from their masters. A file on which a student has
    /// worked is kept.
    pub fn sync(&self) -> Result<bool, String> {
        let progress = Progress::read(&self.project.root);
        for (exercise, path, starter) in self.changed()? {
            if progress.of(&exercise.id).is_some() {
                self.keep(&path)?;
            }
            text::write(&path, &starter)?;
            println!("wrote {}", self.shown(&path));
        }
        Ok(true)
    }

    /// Says which files are not what their masters say.
    pub fn sync_check(&self) -> Result<bool, String> {
        let changed = self.changed()?;
        for (exercise, path, _) in &changed {
            println!(
                "{}: not the starter of {}; to mend: cargo ex sync",
                self.shown(path),
                exercise.master(Path::new("")).display()
            );
        }
        Ok(changed.is_empty())
    }

    /// The students' files that are not the starters, and these.
    fn changed(&self) -> Result<Vec<(&Exercise, PathBuf, String)>, String> {
        let root = &self.project.root;
        let mut changed = Vec::new();
        for exercise in self.list {
            let starter = master::read(&exercise.master(root))?.starter;
            let path = exercise.file(root);
            if !text::is(&path, &starter) {
                changed.push((exercise, path, starter));
            }
        }
        Ok(changed)
    }
}
