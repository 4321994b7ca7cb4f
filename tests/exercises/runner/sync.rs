//! The authors' commands: starters from masters.

use std::path::Path;

use crate::progress::Progress;
use crate::student::{self, Student};
use crate::text;

impl Student<'_> {
    /// Writes all starters from their masters. A file on which a student has
    /// worked is kept.
    pub fn sync(&self) -> Result<bool, String> {
        let progress = Progress::read(&self.project.root);
        for exercise in self.list {
            let path = exercise.file(&self.project.root);
            if !exercise.master(&self.project.root).exists() {
                continue;
            }
            let starter = self.programs(exercise)?.starter;
            if text::is(&path, &starter) {
                continue;
            }
            if progress.of(&exercise.id).is_some() {
                self.keep(&path)?;
            }
            student::write(&path, &starter)?;
            println!("wrote {}", self.shown(&path));
        }
        Ok(true)
    }

    /// Says which files are not what their masters say.
    pub fn sync_check(&self) -> Result<bool, String> {
        let mut all_equal = true;
        for exercise in self.list {
            let path = exercise.file(&self.project.root);
            let starter = self.programs(exercise)?.starter;
            if text::read(&path)? != starter {
                all_equal = false;
                println!(
                    "{}: not the starter of {}; to mend: cargo ex sync",
                    self.shown(&path),
                    exercise.master(Path::new("")).display()
                );
            }
        }
        Ok(all_equal)
    }
}
