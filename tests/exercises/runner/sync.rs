//! The authors' command: starters from masters.

use crate::master;
use crate::progress::Progress;
use crate::student::Student;
use crate::text;

impl Student<'_> {
    /// Writes all starters from their masters. A file on which a student has
    /// worked is kept.
    pub fn sync(&self) -> Result<bool, String> {
        let root = &self.project.root;
        let progress = Progress::read(root);
        for exercise in self.list {
            let starter = master::read(&exercise.master(root))?.starter;
            let path = exercise.file(root);
            if text::is(&path, &starter) {
                continue;
            }
            if progress.of(&exercise.id).is_some() {
                self.keep(&path)?;
            }
            text::write(&path, &starter)?;
            println!("wrote {}", self.shown(&path));
        }
        Ok(true)
    }
}
