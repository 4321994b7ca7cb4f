//! A source file in pieces: each line belongs to one item.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::items::{Item, Kind, Lines, items};
use crate::{Result, enters};

/// An item with the lines that are its own: those of a method are not those
/// of its impl.
#[derive(Clone, Debug)]
pub struct Piece {
    /// From the root.
    pub path: PathBuf,
    pub item: Item,
    /// Numbers and texts of its lines, in order.
    pub lines: Vec<(usize, String)>,
}

impl Piece {
    /// Whether the other is an item in it.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        self.item.kind == Kind::Block
            && self.path == other.path
            && self.item.lines.contains(other.item.lines.start())
    }
}

/// The items of a file as they are in step `now`; every line that is not
/// blank is in one.
pub(crate) fn pieces(path: &Path, text: &str, now: u8) -> Result<Vec<Piece>> {
    let mut items = items(text)
        .with_context(|| format!("{} is no Rust", path.display()))?;
    items.push(Item::around(text));
    let later = enters::parts(text).into_iter().filter(|it| it.step > now);
    let later: Vec<Lines> = later.map(|it| it.lines).collect();
    let mut own: Vec<Vec<(usize, String)>> = vec![Vec::new(); items.len()];
    for (number, line) in (1..).zip(text.lines()) {
        let size = |item: &Item| item.lines.end() - item.lines.start();
        let around = (0..items.len())
            .filter(|&at| items[at].lines.contains(&number))
            .min_by_key(|&at| size(&items[at]));
        let hidden = later.iter().any(|lines| lines.contains(&number));
        let between = around == Some(items.len() - 1) && line.trim().is_empty();
        if let (Some(at), false) = (around, hidden || between) {
            own[at].push((number, line.to_string()));
        }
    }
    let path = path.to_path_buf();
    let pieces = items.into_iter().zip(own).filter(|(_, own)| !own.is_empty());
    let pieces =
        pieces.map(|(item, lines)| Piece { path: path.clone(), item, lines });
    Ok(pieces.collect())
}

/// Keeps what has been added to a file after step `first`.
pub(crate) fn keep_growth(pieces: &mut Vec<Piece>, text: &str, first: u8) {
    let mut added = enters::parts(text);
    added.retain(|part| part.step > first);
    for piece in pieces.iter_mut() {
        let is_new =
            |line: &usize| added.iter().any(|it| it.lines.contains(line));
        piece.lines.retain(|(line, _)| is_new(line));
    }
    pieces.retain(|piece| !piece.lines.is_empty());
}
