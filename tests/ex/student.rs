//! The student's commands.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::catalogue::Exercise;
use crate::compile::{self, Project};
use crate::exercises::{self, Table};
use crate::grade;
use crate::master::{self, Programs};
use crate::progress::{self, Progress, Score};
use crate::{report, task};

/// How often `watch` looks at the file.
const LOOK: Duration = Duration::from_millis(300);

/// What all commands need.
pub struct Student<'a> {
    /// The project.
    pub project: &'a Project,
    /// Its exercises.
    pub list: &'a [Exercise],
}

impl Student<'_> {
    fn find(&self, id: &str) -> Result<(&Exercise, &'static Table), String> {
        let padded = format!("0{id}");
        let same = |exercise: &&Exercise| {
            [&exercise.id, &exercise.slug]
                .iter()
                .any(|name| **name == id || **name == padded)
        };
        let exercise = self.list.iter().find(same);
        let exercise = exercise.ok_or_else(|| self.suggest(id))?;
        let table = exercises::table(&exercise.id);
        let table = table.ok_or_else(|| format!("{id} has no checks yet"))?;
        Ok((exercise, table))
    }

    /// What may have been meant by `id`.
    fn suggest(&self, id: &str) -> String {
        let padded = format!("0{id}");
        let near = self.list.iter().filter(|exercise| {
            exercise.id.starts_with(id) || exercise.id.starts_with(&padded)
        });
        let near: Vec<&str> = near.map(|exercise| &*exercise.id).collect();
        let id = id.escape_debug();
        match near.as_slice() {
            [] => format!("there is no exercise {id}; see cargo ex"),
            near => format!("which one of {id}: {}?", near.join(" or ")),
        }
    }

    /// All exercises with what has been reached.
    pub fn list(&self) -> Result<bool, String> {
        let progress = Progress::read(&self.project.root);
        let width = self.list.iter().map(|e| e.title.chars().count()).max();
        let width = width.unwrap_or(0);
        let (mut reached, mut possible) = (0, 0);
        let mut next = None;
        let mut folder = "";
        for exercise in self.list {
            let Some(table) = exercises::table(&exercise.id) else { continue };
            if folder != exercise.folder {
                folder = &exercise.folder;
                let number = folder.get(..2).unwrap_or_default();
                say!("{number}  {}", exercise.chapter);
            }
            let of = table.points();
            let score = progress.of(&exercise.id);
            let points = score.map_or(0, |score| score.points);
            let state = match score {
                None => "",
                Some(score) if self.is_changed(exercise, score) => {
                    "changed since"
                }
                Some(score) if score.points == score.of => "done",
                Some(_) => "begun",
            };
            if points < of && next.is_none() {
                next = Some(&exercise.id);
            }
            reached += points.min(of);
            possible += of;
            let Exercise { id, title, stars, minutes, .. } = exercise;
            let stars = "★".repeat(*stars);
            let line = format!(
                "    {id}  {title:width$}  {stars:3}  ~{minutes:2} min  \
                 {points:2}/{of:<2}  {state}"
            );
            say!("{}", line.trim_end());
        }
        say!("{reached} of {possible} points");
        match next {
            Some(id) => say!("next: cargo ex {id}"),
            None => say!("all done"),
        }
        Ok(true)
    }

    fn is_changed(&self, exercise: &Exercise, score: &Score) -> bool {
        let now = fs::read(exercise.file(&self.project.root));
        now.is_ok_and(|bytes| progress::hash(&bytes) != score.hash)
    }

    /// Checks one exercise; true for full marks.
    pub fn check(&self, id: &str) -> Result<bool, String> {
        let (exercise, table) = self.find(id)?;
        let path = exercise.file(&self.project.root);
        // Read before it is built: the points are for what was read.
        let file = fs::read(&path).map_err(|error| {
            format!("cannot read {}: {error}", path.display())
        })?;
        let subject = match self.project.build(&exercise.id) {
            Ok(subject) => subject,
            Err(reason) => {
                say!("{reason}");
                return Ok(false);
            }
        };
        say!("{}", exercise.heading());
        let graded = grade::all(table, &subject, |graded| {
            put!("{}", report::check(exercise, graded));
        });
        let (points, of) = report::points(&graded);
        let score = Score {
            slug: exercise.slug.clone(),
            hash: progress::hash(&file),
            points,
            of,
        };
        let mut progress = Progress::read(&self.project.root);
        let stored = progress
            .store(&exercise.id, score)
            .and_then(|()| self.remember(&exercise.id, &file, points == of));
        let id = &exercise.id;
        if points == of {
            say!(
                "  {points}/{of} points: all of them. Yours against ours: \
                 cargo ex solution {id}"
            );
            if let Some(next) = self.next(&progress) {
                say!("  next: cargo ex {next}");
            }
        } else {
            say!("  {points}/{of} points");
        }
        if let Err(error) = stored {
            say!("  (this result cannot be stored: {error})");
        }
        Ok(points == of)
    }

    /// Keeps a file that has passed: a later experiment may spoil it.
    fn remember(&self, id: &str, file: &[u8], passed: bool) -> io::Result<()> {
        if !passed {
            return Ok(());
        }
        let solved = self.project.root.join(".solved");
        fs::create_dir_all(&solved)?;
        fs::write(solved.join(format!("{id}.rs")), file)
    }

    /// The first exercise that is not done.
    fn next(&self, progress: &Progress) -> Option<&str> {
        let open = self.list.iter().find(|exercise| {
            exercises::table(&exercise.id).is_some_and(|table| {
                let score = progress.of(&exercise.id);
                score.is_none_or(|score| score.points < table.points())
            })
        });
        open.map(|exercise| exercise.id.as_str())
    }

    /// Checks an exercise again whenever its file has changed.
    pub fn watch(&self, id: &str) -> Result<bool, String> {
        let (exercise, _) = self.find(id)?;
        let path = exercise.file(&self.project.root);
        let mut last = None;
        loop {
            let now = modified(&path);
            if now.is_some() && now != last {
                last = now;
                if let Err(message) = self.check(id) {
                    say!("{message}");
                }
                say!("watching {}; Ctrl-C ends", self.shown(&path));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Prints the task and one of the three hints.
    pub fn hint(&self, id: &str, level: usize) -> Result<bool, String> {
        let (exercise, _) = self.find(id)?;
        let task = task::read(&exercise.text(&self.project.root))?;
        let index = level.wrapping_sub(1);
        let hint = task.hints.get(index).ok_or("a hint's level is 1 to 3")?;
        say!("{}", exercise.heading());
        if level == 1 {
            say!("\n{}", task.task);
        }
        say!("\nHint {level} of {}:\n\n{hint}\n", task.hints.len());
        if level < task.hints.len() {
            say!("more: cargo ex hint {} {}", exercise.id, level + 1);
        }
        Ok(true)
    }

    /// Shows the student's answer against ours.
    pub fn solution(&self, id: &str, give_up: bool) -> Result<bool, String> {
        let (exercise, table) = self.find(id)?;
        let progress = Progress::read(&self.project.root);
        let score = progress.of(&exercise.id);
        let passed = score.is_some_and(|s| s.points >= table.points());
        if !passed && !give_up {
            say!(
                "{id} is not solved yet: cargo ex hint {id}, or, to see the \
                 solution all the same, cargo ex solution {id} --give-up"
            );
            return Ok(false);
        }
        let root = &self.project.root;
        let yours = exercise.file(root);
        let ours = self.programs(exercise)?.solution;
        if read(&yours).is_ok_and(|text| text == ours) {
            say!("yours is ours, to the letter:\n\n{ours}");
            return Ok(true);
        }
        let name = format!("ex-{id}-{}.rs", std::process::id());
        let beside = std::env::temp_dir().join(name);
        write(&beside, &ours)?;
        let mut diff = Command::new("diff");
        diff.args(["-u", "--label", "yours", "--label", "ours"]);
        let output = compile::run(diff.arg(&yours).arg(&beside));
        let _ = fs::remove_file(&beside);
        match output {
            Ok(output) => {
                put!("{}", String::from_utf8_lossy(&output.stdout));
            }
            // No diff(1) on this machine: ours alone.
            Err(_) => put!("{ours}"),
        }
        Ok(true)
    }

    /// Puts the starter back, and the student's file aside.
    pub fn reset(&self, id: &str) -> Result<bool, String> {
        let (exercise, _) = self.find(id)?;
        let path = exercise.file(&self.project.root);
        let starter = self.programs(exercise)?.starter;
        if read(&path).is_ok_and(|text| text == starter) {
            say!("{} is the starter already", self.shown(&path));
            return Ok(true);
        }
        self.keep(&path)?;
        write(&path, &starter)?;
        say!("{} is the starter again", self.shown(&path));
        Ok(true)
    }

    /// Moves the student's file to the first free name beside it.
    fn keep(&self, path: &Path) -> Result<(), String> {
        if !path.exists() {
            return Ok(());
        }
        let free = (1..).map(|number: u32| {
            path.with_extension(format!("rs.kept-{number}"))
        });
        let mut free = free.filter(|name| !name.exists());
        let kept = free.next().ok_or("no name is free")?;
        fs::rename(path, &kept).map_err(|error| {
            format!("cannot keep {}: {error}", path.display())
        })?;
        say!("yours is kept as {}", self.shown(&kept));
        Ok(())
    }

    /// A path as it is said to somebody inside the project.
    fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.project.root).unwrap_or(path).display()
    }

    /// Checks every exercise.
    pub fn all(&self) -> Result<bool, String> {
        let mut all_full = true;
        let (mut reached, mut possible) = (0, 0);
        for exercise in self.list {
            let Some(table) = exercises::table(&exercise.id) else { continue };
            say!("{}", exercise.heading());
            let of = table.points();
            possible += of;
            let subject = match self.project.build(&exercise.id) {
                Ok(subject) => subject,
                Err(reason) => {
                    say!("  {reason}\n  0/{of} points");
                    all_full = false;
                    continue;
                }
            };
            let graded = grade::all(table, &subject, |graded| {
                put!("{}", report::headline(graded));
            });
            let (points, _) = report::points(&graded);
            say!("  {points}/{of} points");
            reached += points;
            all_full &= points == of;
        }
        say!("{reached} of {possible} points");
        Ok(all_full)
    }

    fn programs(&self, exercise: &Exercise) -> Result<Programs, String> {
        let path = exercise.master(&self.project.root);
        let text = read(&path)?;
        master::split(&text)
            .map_err(|reason| format!("{}: {reason}", path.display()))
    }

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
            if read(&path).is_ok_and(|text| text == starter) {
                continue;
            }
            if progress.of(&exercise.id).is_some() {
                self.keep(&path)?;
            }
            write(&path, &starter)?;
            say!("wrote {}", self.shown(&path));
        }
        Ok(true)
    }

    /// Says which files are not what their masters say.
    pub fn sync_check(&self) -> Result<bool, String> {
        let mut all_equal = true;
        for exercise in self.list {
            let path = exercise.file(&self.project.root);
            let starter = self.programs(exercise)?.starter;
            if read(&path)? != starter {
                all_equal = false;
                say!(
                    "{}: not the starter of {}; to mend: cargo ex sync",
                    self.shown(&path),
                    exercise.master(Path::new("")).display()
                );
            }
        }
        Ok(all_equal)
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Reads a text; a checkout may have made its line ends CRLF.
fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path)
        .map(|text| text.replace("\r\n", "\n"))
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
