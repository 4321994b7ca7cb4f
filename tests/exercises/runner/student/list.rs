//! All exercises: what has been reached, and what comes next.

use super::Student;
use crate::catalogue::Exercise;
use crate::checks::{self, Table};
use crate::progress::Progress;
use crate::text;

impl Student<'_> {
    /// All exercises with what has been reached.
    pub fn list(&self) -> Result<bool, String> {
        let progress = Progress::read(&self.project.root);
        let width = self.list.iter().map(|e| e.title.chars().count()).max();
        let width = width.unwrap_or(0);
        let (mut reached, mut possible) = (0, 0);
        let mut directory = "";
        for (exercise, table) in self.checked() {
            if directory != exercise.directory {
                directory = &exercise.directory;
                println!("{}  {}", exercise.step(), exercise.chapter);
            }
            let of = table.points();
            let best = progress.of(&exercise.id);
            let points = best.unwrap_or(0);
            let state = match (best, self.is_changed(exercise, &progress)) {
                (None, _) => "",
                (_, true) if points >= of => "done, changed since",
                (_, false) if points >= of => "done",
                (_, true) => "changed since",
                (_, false) => "begun",
            };
            reached += points.min(of);
            possible += of;
            let Exercise { id, title, stars, minutes, .. } = exercise;
            let stars = "★".repeat(*stars as usize);
            let line = format!(
                "    {id}  {title:width$}  {stars:3}  ~{minutes:2} min  \
                 {points:2}/{of:<2}  {state}"
            );
            println!("{}", line.trim_end());
        }
        println!("{reached} of {possible} points");
        match self.next(&progress) {
            Some(id) => println!("next: cargo ex {id}"),
            None => println!("all done"),
        }
        Ok(true)
    }

    /// The exercises that have checks, which one in the making may lack.
    pub(super) fn checked(
        &self,
    ) -> impl Iterator<Item = (&Exercise, &'static Table)> {
        self.list.iter().filter_map(|exercise| {
            checks::table(&exercise.id).map(|table| (exercise, table))
        })
    }

    /// Whether the student's file is no longer the one with the best result.
    fn is_changed(&self, exercise: &Exercise, progress: &Progress) -> bool {
        let best = text::read(&progress.best(&exercise.id));
        let file = exercise.file(&self.project.root);
        !best.is_ok_and(|best| text::is(&file, &best))
    }

    /// The first exercise that is not done.
    pub(super) fn next(&self, progress: &Progress) -> Option<&str> {
        let mut all = self.checked();
        let next = all.find(|(exercise, table)| {
            progress.of(&exercise.id).unwrap_or(0) < table.points()
        });
        next.map(|(exercise, _)| exercise.id.as_str())
    }
}
