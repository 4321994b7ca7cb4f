//! The student's commands.

mod list;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::catalogue::Exercise;
use crate::checks::{self, Table};
use crate::compile::Project;
use crate::grade::{self, Graded, Subject};
use crate::lab::scratch::Scratch;
use crate::master;
use crate::progress::Progress;
use crate::{report, text};

/// How often `watch` looks at the file.
const LOOK: Duration = Duration::from_millis(300);

/// What all commands need.
pub struct Student<'a> {
    pub project: &'a Project,
    pub list: &'a [Exercise],
}

impl Student<'_> {
    fn find(&self, id: &str) -> Result<(&Exercise, &'static Table), String> {
        let same =
            |exercise: &&Exercise| exercise.id == id || exercise.slug == id;
        let exercise = self.list.iter().find(same);
        let exercise = exercise.ok_or_else(|| self.unknown(id))?;
        let table = checks::table(&exercise.id);
        let table = table.ok_or_else(|| format!("{id} has no checks yet"))?;
        Ok((exercise, table))
    }

    /// Says that there is no exercise `id`, and which may have been meant.
    fn unknown(&self, id: &str) -> String {
        let wanted = id.trim_start_matches('0').to_ascii_lowercase();
        let is_like = |exercise: &&Exercise| {
            let short = exercise.id.trim_start_matches('0');
            !wanted.is_empty()
                && (short.starts_with(&wanted)
                    || exercise.slug.contains(&wanted))
        };
        let like = self.list.iter().filter(is_like);
        let like: Vec<&str> = like.map(|one| one.id.as_str()).collect();
        match like.as_slice() {
            [] => format!("there is no exercise {id}; see cargo ex"),
            ids => format!(
                "there is no exercise {id}; did you mean {}?",
                ids.join(" or ")
            ),
        }
    }

    /// Checks one exercise; true for full marks.
    pub fn check(&self, id: &str) -> Result<bool, String> {
        let (exercise, table) = self.find(id)?;
        let path = exercise.file(&self.project.root);
        // Read before it is built: the points are for what was read.
        let file = text::read(&path)?;
        let points = self
            .grade(exercise, table, |graded| report::check(exercise, graded));
        let Some(points) = points else { return Ok(false) };
        let mut progress = Progress::read(&self.project.root);
        // The result counts for the student even where nothing is kept.
        if let Err(error) = progress.store(&exercise.id, points, &file) {
            eprintln!("ex: the result cannot be stored: {error}");
        }
        if points < table.points() {
            return Ok(false);
        }
        let id = &exercise.id;
        println!("  all of them. Yours against ours: cargo ex solution {id}");
        if let Some(next) = self.next(&progress) {
            println!("  next: cargo ex {next}");
        }
        Ok(true)
    }

    /// Builds an exercise and makes its checks, with a report on each. The
    /// points; none if it does not compile.
    fn grade(
        &self,
        exercise: &Exercise,
        table: &'static Table,
        report: impl Fn(&Graded) -> String,
    ) -> Option<u32> {
        println!("{}", exercise.heading());
        let subject = match self.subject(table) {
            Ok(subject) => subject,
            Err(reason) => {
                println!("  {reason}; nothing was graded");
                return None;
            }
        };
        let graded = grade::all(table, &subject, |graded| {
            print!("{}", report(graded));
        });
        let points = graded.iter().map(Graded::points).sum();
        println!("  {points}/{} points", table.points());
        Some(points)
    }

    fn subject(&self, table: &Table) -> Result<Subject, String> {
        let id = table.id;
        let targets = ["--example", "shim", "--example", id];
        self.project.build(&[&targets, table.fake()].concat())?;
        let (program, shim) = (self.project.example(id), self.project.shim());
        Ok(Subject { program, shim, is_step: false })
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
                // A file that cannot be built now may be mended.
                if let Err(reason) = self.check(id) {
                    println!("{reason}");
                }
                println!("watching {}; Ctrl-C ends", self.shown(&path));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Prints the task and one of the three hints.
    pub fn hint(&self, id: &str, level: usize) -> Result<bool, String> {
        let (exercise, _) = self.find(id)?;
        let task = exercise.task(&self.project.root)?;
        let index = level.wrapping_sub(1);
        let hint = task.hints.get(index).ok_or("a hint's level is 1 to 3")?;
        println!("{}", exercise.heading());
        if level == 1 {
            println!("\n{}", task.task);
        }
        println!("\nHint {level} of {}:\n\n{hint}\n", task.hints.len());
        if level < task.hints.len() {
            println!("more: cargo ex hint {} {}", exercise.id, level + 1);
        }
        Ok(true)
    }

    /// Shows the student's solution against ours.
    pub fn solution(&self, id: &str, give_up: bool) -> Result<bool, String> {
        let (exercise, table) = self.find(id)?;
        let progress = Progress::read(&self.project.root);
        let points = progress.of(&exercise.id).unwrap_or(0);
        if points < table.points() && !give_up {
            println!(
                "{id} is not solved yet: cargo ex hint {id}, or, to see the \
                 solution all the same, cargo ex solution {id} --give-up"
            );
            return Ok(false);
        }
        let root = &self.project.root;
        let yours = exercise.file(root);
        let ours = master::read(&exercise.master(root))?.solution;
        if text::is(&yours, &ours) {
            println!("yours is ours, to the letter:\n\n{ours}");
            return Ok(true);
        }
        let scratch = Scratch::new()
            .map_err(|error| format!("no directory for a file: {error}"))?;
        let beside = scratch.path().join("ours.rs");
        text::write(&beside, &ours)?;
        let mut diff = Command::new("diff");
        diff.args(["-u", "--label", "yours", "--label", "ours"]);
        diff.arg("--strip-trailing-cr").arg(&yours).arg(&beside);
        if diff.status().is_err() {
            // No diff(1) on this machine: ours alone.
            print!("{ours}");
        }
        Ok(true)
    }

    /// Puts the starter back, and the student's file aside.
    pub fn reset(&self, id: &str) -> Result<bool, String> {
        let (exercise, _) = self.find(id)?;
        let root = &self.project.root;
        let path = exercise.file(root);
        let starter = master::read(&exercise.master(root))?.starter;
        if text::is(&path, &starter) {
            println!("{} is the starter already", self.shown(&path));
            return Ok(true);
        }
        self.keep(&path)?;
        text::write(&path, &starter)?;
        println!("{} is the starter again", self.shown(&path));
        Ok(true)
    }

    /// Moves the student's file to the first free name beside it.
    pub fn keep(&self, path: &Path) -> Result<(), String> {
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
        println!("yours is kept as {}", self.shown(&kept));
        Ok(())
    }

    /// A path as it is said to somebody inside the project.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.project.root).unwrap_or(path).display()
    }

    /// Checks every exercise.
    pub fn all(&self) -> Result<bool, String> {
        let (mut reached, mut possible) = (0, 0);
        for (exercise, table) in self.checked() {
            let points = self.grade(exercise, table, report::headline);
            reached += points.unwrap_or(0);
            possible += table.points();
        }
        println!("{reached} of {possible} points");
        Ok(reached == possible)
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}
