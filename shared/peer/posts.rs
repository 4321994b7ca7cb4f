//! Enters in step 27: what blocks say to people: posts, and what their authors
//! are called.

use std::collections::{BTreeMap, VecDeque};

use crate::block::{Author, Block, BodyKind};

/// So many posts are kept for the page.
pub const MAX_POSTS: usize = 200;

/// The longest name, in characters.
pub const MAX_NAME: usize = 32;

/// The longest tag, in bytes.
const MAX_TAG: usize = 32;

/// So far a clock may be ahead of ours, in milliseconds, before that is said.
const AHEAD: u64 = 5 * 60 * 1000;

/// What was said last, and by whom.
#[derive(Default)]
pub struct Posts {
    /// In the order in which they came, each with what our clock said then.
    recent: VecDeque<(Block, u64)>,
    /// What authors want to be called, and in which of their blocks they said
    /// so.
    names: BTreeMap<Author, (u64, String)>,
}

impl Posts {
    /// A block has come when our clock said `now`, in milliseconds since 1970.
    pub fn add(&mut self, block: &Block, now: u64) {
        if block.body_kind() == BodyKind::Profile {
            return self.call(block);
        }
        if self.recent.len() == MAX_POSTS {
            self.recent.pop_front();
        }
        self.recent.push_back((block.clone(), now));
    }

    fn call(&mut self, block: &Block) {
        let Some(name) = name(block.body()) else { return };
        let (author, seq) = (block.author(), block.seq());
        let known = self.names.get(&author);
        if known.is_none_or(|(last, _)| *last < seq) {
            self.names.insert(author, (seq, name.to_string()));
        }
    }

    /// What an author is called; empty if they have not said. Anybody may say
    /// anything: it is shown beside the key.
    pub fn name(&self, author: Author) -> &str {
        self.names.get(&author).map_or("", |(_, name)| name)
    }

    /// The posts, the oldest first, and whether the clock of the author was
    /// ahead of ours.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = (&Block, bool)> {
        let is_ahead = |it: &(Block, u64)| it.0.timestamp() > it.1 + AHEAD;
        self.recent.iter().map(move |it| (&it.0, is_ahead(it)))
    }

    /// The post with this short key and number.
    pub fn find(&self, short: &str, seq: u64) -> Option<&Block> {
        let blocks = self.recent.iter().map(|(block, _)| block);
        let mut blocks = blocks.filter(|it| it.seq() == seq);
        blocks.find(|it| it.author().to_string() == short)
    }
}

/// A name, if a body is one: a few visible characters.
pub fn name(body: &[u8]) -> Option<&str> {
    let name = str::from_utf8(body).ok()?.trim();
    let is_fit = !name.is_empty() && name.chars().count() <= MAX_NAME;
    (is_fit && !name.contains(char::is_control)).then_some(name)
}

/// What a text answers, if it begins like `re:a1b2c3d4/12 `: the short key and
/// the number; and the text behind that.
pub fn split_reply(text: &str) -> (Option<(&str, u64)>, &str) {
    let reply = || {
        let (target, rest) = text.strip_prefix("re:")?.split_once(' ')?;
        let (short, seq) = target.split_once('/')?;
        let are_digits = short.bytes().all(|it| it.is_ascii_hexdigit());
        (short.len() == 8 && are_digits).then_some(())?;
        Some(((short, seq.parse().ok()?), rest))
    };
    match reply() {
        Some((target, rest)) => (Some(target), rest),
        None => (None, text),
    }
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// As it is.
    Text(&'t str),
    /// A tag, without its `#`.
    Tag(&'t str),
}

/// Cuts a text into tags such as `#lab-26` and what is between them.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let is_part = |it: char| it.is_alphanumeric() || it == '-' || it == '_';
    let mut pieces = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = text[at..].find('#') {
        let start = at + found;
        let tag = &text[start + 1..];
        let tag = &tag[..tag.find(|it| !is_part(it)).unwrap_or(tag.len())];
        at = start + 1 + tag.len();
        let before = text[..start].chars().next_back();
        // `C#`, or the fragment of an address, is none.
        let is_free = before.is_none_or(|it| !is_part(it) && it != '/');
        if !tag.is_empty() && tag.len() <= MAX_TAG && is_free {
            pieces.extend([Piece::Text(&text[done..start]), Piece::Tag(tag)]);
            done = at;
        }
    }
    pieces.push(Piece::Text(&text[done..]));
    pieces.retain(|it| *it != Piece::Text(""));
    pieces
}
