//! Enters in step 21: values out of a TOML file, each of the kind that is
//! wanted, and notes of those that are not.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::{Fault, Line, line};

/// A text, and the line in which it stands.
pub type Words<'t> = (&'t str, Line);

/// A table of the file.
pub struct Table<'t> {
    entries: &'t DeTable<'t>,
    /// Where it begins.
    pub line: Line,
}

impl Table<'_> {
    /// Whether there is a value of this name, be it wrong.
    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }
}

/// Reads the tables of one file, and remembers what is wrong.
pub struct Reader<'t> {
    text: &'t str,
    directory: &'t Path,
    faults: Vec<Fault>,
}

impl<'t> Reader<'t> {
    /// For a file with this text in this directory.
    pub fn new(text: &'t str, directory: &'t Path) -> Self {
        Reader { text, directory, faults: Vec::new() }
    }

    /// Notes what is no TOML.
    pub fn syntax(&mut self, errors: &[Error]) {
        for error in errors {
            let line = self.line(error.span().map_or(0, |span| span.start));
            self.fault(line, error.message());
        }
    }

    /// Notes that something is wrong.
    pub fn fault(&mut self, line: Line, what: impl Into<String>) {
        self.faults.push(Fault { line, setting: None, what: what.into() });
    }

    /// What was wrong.
    pub fn faults(self) -> Vec<Fault> {
        self.faults
    }

    /// The table that the whole file is.
    pub fn top<'v>(&self, document: &'v Spanned<DeTable<'v>>) -> Table<'v> {
        Table { entries: document.get_ref(), line: 1 }
    }

    /// Notes what has another name than these.
    pub fn known(&mut self, table: &Table, names: &[&str]) {
        for key in table.entries.keys() {
            let name = &**key.get_ref();
            if names.contains(&name) {
                continue;
            }
            let mut what = format!("unknown setting \"{name}\"");
            if let Some(near) = nearest(name, names) {
                what += &format!("; did you mean \"{near}\"?");
            }
            self.fault(self.line(key.span().start), what);
        }
    }

    /// A text.
    pub fn text<'v>(
        &mut self,
        table: &Table<'v>,
        name: &str,
    ) -> Option<Words<'v>> {
        self.value(table, name, "a text", DeValue::as_str)
    }

    /// The path of a file, which begins in the directory of the settings.
    pub fn file(
        &mut self,
        table: &Table,
        name: &str,
    ) -> Option<(PathBuf, Line)> {
        let (text, line) = self.text(table, name)?;
        Some((self.directory.join(text), line))
    }

    /// Yes or no.
    pub fn flag(&mut self, table: &Table, name: &str) -> Option<bool> {
        let flag = self.value(table, name, "true or false", DeValue::as_bool);
        flag.map(|(flag, _)| flag)
    }

    /// A number in this range.
    pub fn number<'v>(
        &mut self,
        table: &Table<'v>,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let kind =
            format!("a number from {} to {}", range.start(), range.end());
        let number = |value: &DeValue| {
            let number = value.as_integer()?.as_str().parse().ok()?;
            range.contains(&number).then_some(number)
        };
        self.value(table, name, &kind, number).map(|(number, _)| number)
    }

    /// A text, or several.
    pub fn texts<'v>(
        &mut self,
        table: &Table<'v>,
        name: &str,
    ) -> Vec<Words<'v>> {
        let Some(value) = table.entries.get(name) else { return Vec::new() };
        let values = match value.get_ref() {
            DeValue::Array(array) => array.iter().collect(),
            _ => vec![value],
        };
        let mut texts = Vec::new();
        for value in values {
            let line = self.line(value.span().start);
            match value.get_ref().as_str() {
                Some(text) => texts.push((text, line)),
                None => self.fault(line, wrong_kind(name, "a list of texts")),
            }
        }
        texts
    }

    /// The tables of a name, `[[name]]` each.
    pub fn tables<'v>(
        &mut self,
        table: &Table<'v>,
        name: &str,
    ) -> Vec<Table<'v>> {
        let kind = format!("[[{name}]]");
        let Some((array, _)) =
            self.value(table, name, &kind, DeValue::as_array)
        else {
            return Vec::new();
        };
        let mut tables = Vec::new();
        for value in array {
            let line = self.line(value.span().start);
            match value.get_ref().as_table() {
                Some(entries) => tables.push(Table { entries, line }),
                None => self.fault(line, wrong_kind(name, &kind)),
            }
        }
        tables
    }

    /// The table of a name, if it is one. Enters in step 22.
    pub fn table<'v>(
        &self,
        table: &Table<'v>,
        name: &str,
    ) -> Option<Table<'v>> {
        let value = table.entries.get(name)?;
        let entries = value.get_ref().as_table()?;
        Some(Table { entries, line: self.line(value.span().start) })
    }

    /// Paths of files, or one. Enters in step 22.
    pub fn files(&mut self, table: &Table, name: &str) -> Vec<PathBuf> {
        let texts = self.texts(table, name).into_iter();
        texts.map(|(text, _)| self.directory.join(text)).collect()
    }

    /// The names and texts in the table of a name.
    pub fn pairs<'v>(
        &mut self,
        table: &Table<'v>,
        name: &str,
    ) -> Vec<(Words<'v>, Words<'v>)> {
        let kind = "a table of texts";
        let found = self.value(table, name, kind, DeValue::as_table);
        let mut pairs = Vec::new();
        for (key, value) in found.into_iter().flat_map(|(table, _)| table) {
            let line = self.line(key.span().start);
            match value.get_ref().as_str() {
                Some(text) => {
                    pairs.push(((&**key.get_ref(), line), (text, line)));
                }
                None => self.fault(line, wrong_kind(key.get_ref(), "a text")),
            }
        }
        pairs
    }

    /// What `read` makes of a text.
    pub fn one<T>(
        &mut self,
        text: Option<Words>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<(T, Line)> {
        let (text, line) = text?;
        match read(text) {
            Ok(value) => Some((value, line)),
            Err(what) => {
                self.fault(line, what);
                None
            }
        }
    }

    /// The same for several.
    pub fn each<T>(
        &mut self,
        texts: Vec<Words>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<(T, Line)> {
        let texts = texts.into_iter();
        texts.filter_map(|text| self.one(Some(text), &read)).collect()
    }

    /// A value that `read` takes, and its line.
    fn value<'v, T>(
        &mut self,
        table: &Table<'v>,
        name: &str,
        kind: &str,
        read: impl FnOnce(&'v DeValue<'v>) -> Option<T>,
    ) -> Option<(T, Line)> {
        let value = table.entries.get(name)?;
        let line = self.line(value.span().start);
        let read = read(value.get_ref());
        if read.is_none() {
            self.fault(line, wrong_kind(name, kind));
        }
        read.map(|value| (value, line))
    }

    fn line(&self, offset: usize) -> Line {
        line(self.text.as_bytes().get(..offset).unwrap_or_default())
    }
}

fn wrong_kind(name: &str, kind: &str) -> String {
    format!("{name}: {kind} is wanted")
}

/// The name that was meant, perhaps: it differs in one letter of three.
fn nearest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    let near = names.iter().map(|other| (distance(name, other), *other)).min();
    near.filter(|(distance, _)| distance * 3 <= name.len()).map(|it| it.1)
}

/// How many letters have to be put in, taken out or replaced.
fn distance(from: &str, to: &str) -> usize {
    // One row of a table: from what is behind, to the beginnings of `to`.
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (index, other) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(row[index].min(diagonal) + 1);
        }
    }
    row[to.len()]
}
