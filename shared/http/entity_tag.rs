//! Enters in step 16: entity tags, and the lists of them in conditions.
//!
//! RFC 9110 sections 8.8.3 and 13.1.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httparse::Header;

use super::fields;
use super::validators::Validators;

/// Linux marks changes by a clock that stands still for this long at most:
/// 1/HZ seconds.
const TICK: Duration = Duration::from_millis(10);

/// The same for file systems that keep no parts of a second: FAT keeps every
/// other one.
const COARSE_TICK: Duration = Duration::from_secs(2);

/// A name for one state of a representation, as it is written: `"0.1-a"`, or
/// `W/"0.1-a"`. With a weak one, the bytes may differ and the tag be the same.
#[derive(Debug, Clone, Copy)]
pub struct EntityTag<'b>(&'b [u8]);

impl<'b> EntityTag<'b> {
    /// One that we have made.
    pub fn new(text: &'b str) -> Self {
        EntityTag(text.as_bytes())
    }

    /// The tag at the start of `text`, and what follows it; `None` if there
    /// is none.
    pub fn parse(text: &'b [u8]) -> Option<(Self, &'b [u8])> {
        // There is no escape in it, and no space; but a comma may be.
        let is_inside =
            |byte: &u8| matches!(byte, b'!' | b'#'..=b'~' | 0x80..=0xFF);
        let inside = EntityTag(text).opaque().strip_prefix(b"\"")?;
        let length = inside.iter().take_while(|byte| is_inside(byte)).count();
        let rest = inside[length..].strip_prefix(b"\"")?;
        Some((EntityTag(&text[..text.len() - rest.len()]), rest))
    }

    /// Section 8.8.3.2: the same bytes, for who builds on those they have.
    pub fn strong_eq(&self, other: &EntityTag) -> bool {
        self.0 == other.0 && !self.is_weak()
    }

    /// The same: as good, for who has a copy.
    pub fn weak_eq(&self, other: &EntityTag) -> bool {
        self.opaque() == other.opaque()
    }

    fn is_weak(&self) -> bool {
        self.0.starts_with(b"W/")
    }

    fn opaque(&self) -> &'b [u8] {
        self.0.strip_prefix(b"W/").unwrap_or(self.0)
    }
}

impl Validators {
    /// The tag as it is at `now`, when the state had been looked at before. A
    /// weak one says that the bytes may change and the tag stay: the file has
    /// changed so lately that another change might get the same time. When
    /// that is over, the state has another tag, even if nothing has changed:
    /// a copy under the weak one may be of bytes that are gone.
    pub fn entity_tag(&self, now: SystemTime) -> String {
        let tick = if self.nanoseconds == 0 { COARSE_TICK } else { TICK };
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        // Before 1970 nothing is late.
        let seconds = u64::try_from(self.seconds).unwrap_or(0);
        let changed = Duration::new(seconds, self.nanoseconds);
        match changed.saturating_add(tick) < since {
            true => self.etag(),
            false => format!("W/{}", self.etag().replacen('"', "\"new-", 1)),
        }
    }
}

/// Whether one of the tags that the fields called `name` list is the same as
/// ours; `*` is any. `None` without such a field.
pub fn any_matches(
    fields: &[Header],
    name: &str,
    is_same: impl Fn(&EntityTag) -> bool,
) -> Option<bool> {
    let mut lines = fields::lines(fields, name).peekable();
    let first = *lines.peek()?;
    if first == b"*" {
        return Some(lines.count() == 1);
    }
    let mut matches = false;
    for mut rest in lines {
        loop {
            rest = fields::skip_empty(rest);
            if rest.is_empty() {
                break;
            }
            // A list that is malformed matches nothing: it asks for nothing
            // that could be right to do.
            let Some((tag, after)) = EntityTag::parse(rest) else {
                return Some(false);
            };
            matches |= is_same(&tag);
            rest = after.trim_ascii_start();
            if !matches!(rest, [] | [b',', ..]) {
                return Some(false);
            }
        }
    }
    Some(matches)
}
