//! Which item of one step is which of another: by name, then by likeness.

use std::collections::HashMap;

use crate::compare::Change;
use crate::items::Kind;
use crate::pieces::Piece;

/// Items under different names are the same from this likeness on.
const ALIKE: f32 = 0.5;

/// How much it counts that a function has become a method of the same name.
const SAME_NAME: f32 = 0.2;

/// Finds for each new item what it was, and which old ones are gone.
pub(crate) fn pair(old: Vec<Piece>, new: Vec<Piece>) -> Vec<Change> {
    let mut old: Vec<Option<Piece>> = old.into_iter().map(Some).collect();
    let mut twins: Vec<Option<Piece>> = vec![None; new.len()];
    for across in [false, true] {
        for (twin, new) in twins.iter_mut().zip(&new) {
            let fits = |old: &Piece| {
                let same_file = old.path.file_name() == new.path.file_name();
                let may_move = across && new.item.kind != Kind::File;
                old.item.is_same(&new.item) && (same_file || may_move)
            };
            let mut left = old.iter_mut();
            let found = left.find(|old| old.as_ref().is_some_and(fits));
            if let (None, Some(found)) = (&twin, found) {
                *twin = found.take();
            }
        }
    }
    for (at, old_at) in by_likeness(&old, &new, &twins) {
        if twins[at].is_none() {
            twins[at] = old[old_at].take();
        }
    }
    let mut found: Vec<(Option<Piece>, Piece)> = Vec::new();
    for (old, new) in twins.into_iter().zip(new) {
        // What is new in a new impl is shown in it, not one by one.
        let is_around = |(twin, block): &&mut (Option<Piece>, Piece)| {
            twin.is_none() && old.is_none() && block.holds(&new)
        };
        match found.iter_mut().find(is_around) {
            Some((_, block)) => {
                block.lines.extend(new.lines);
                block.lines.sort();
            }
            None => found.push((old, new)),
        }
    }
    let changes = found.into_iter();
    let changes = changes.map(|(old, new)| Change::new(old, Some(new)));
    let gone = old.into_iter().flatten();
    let gone = gone.map(|old| Change::new(Some(old), None));
    changes.chain(gone).collect()
}

/// Pairs of items that have no partner yet, the most alike first.
fn by_likeness(
    old: &[Option<Piece>],
    new: &[Piece],
    twins: &[Option<Piece>],
) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, new) in new.iter().enumerate() {
        for (old_at, old) in old.iter().enumerate() {
            let Some(old) = old else { continue };
            let one = [Kind::Function, Kind::Other].contains(&new.item.kind);
            if twins[at].is_some() || !one || new.item.kind != old.item.kind {
                continue;
            }
            let likeness = likeness(old, new);
            if likeness >= ALIKE {
                found.push((likeness, at, old_at));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, at, old_at)| (at, old_at)).collect()
}

/// How many words of their code two items have in common, from 0 to 1; a
/// function that has become a method of the same name has a bit more.
fn likeness(old: &Piece, new: &Piece) -> f32 {
    let [a, b] = [old, new].map(|piece| {
        let lines = piece.lines.iter().map(|(_, text)| text.as_str());
        let words = lines
            .filter(|line| is_code(line))
            .flat_map(|line| line.split(|c| !is_of_word(c)));
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>()
    });
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in &a {
        *left.entry(word).or_default() += 1;
    }
    let common = b.iter().filter(|word| take(&mut left, word)).count();
    let [old, new] = [&old.item, &new.item];
    let is_free = [old, new].iter().any(|it| it.title == it.last_name());
    let same_name = is_free && old.last_name() == new.last_name();
    let bonus = if same_name { SAME_NAME } else { 0.0 };
    2.0 * common as f32 / (a.len() + b.len()).max(1) as f32 + bonus
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a line is neither blank nor a comment.
pub(crate) fn is_code(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with("//")
}

/// Takes one of these, if there is one left.
pub(crate) fn take(left: &mut HashMap<&str, usize>, text: &str) -> bool {
    match left.get_mut(text) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}
