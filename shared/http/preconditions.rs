//! Enters in step 16: requests on a condition.
//!
//! RFC 9110 section 13. A client says which state of a representation it
//! knows: what has not changed need not be sent again, and what has changed
//! meanwhile must not be overwritten unseen.

use httparse::Header;

use super::date::Date;
use super::entity_tag::{EntityTag, any_matches};
use super::fields;
use super::method::Method;

/// A resource in one state: RFC 9110 section 3.2.
#[derive(Debug, Clone, Copy)]
pub struct Representation<'t> {
    /// For the response's ETag.
    pub tag: EntityTag<'t>,
    /// For its Last-Modified.
    pub modified: Date,
    /// In bytes.
    pub size: u64,
    /// The time of the request: the response's Date is not earlier.
    pub date: Date,
}

/// What the conditions say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Do what is requested.
    Perform,
    /// 304: the client has it already.
    NotModified,
    /// 412: it is not what the client takes it for.
    Failed,
}

/// Applies a request's conditions, in the order of section 13.2.2. Only where
/// the response would be 2xx without them: section 13.2.1.
pub fn evaluate(
    method: Method,
    fields: &[Header],
    current: &Representation,
) -> Verdict {
    let date = |name| date_in(fields, name, current.date);
    // For changes: is it still what the client has seen?
    let is_seen = |tag: &EntityTag| tag.strong_eq(&current.tag);
    let holds = any_matches(fields, "If-Match", is_seen).unwrap_or_else(|| {
        let unmodified = date("If-Unmodified-Since");
        unmodified.is_none_or(|since| current.modified <= since)
    });
    if !holds {
        return Verdict::Failed;
    }
    // For copies: is it still what the client has?
    let is_read = matches!(method, Method::Get | Method::Head);
    let is_had = |tag: &EntityTag| tag.weak_eq(&current.tag);
    let is_had = any_matches(fields, "If-None-Match", is_had);
    let is_had = is_had.unwrap_or_else(|| {
        let modified = date("If-Modified-Since").filter(|_| is_read);
        modified.is_some_and(|since| current.modified <= since)
    });
    match (is_had, is_read) {
        (false, _) => Verdict::Perform,
        (true, true) => Verdict::NotModified,
        (true, false) => Verdict::Failed,
    }
}

/// Of the tags that a resource has in its codings, the one that the client
/// knows it by, or else the first: for [`evaluate`], when something is to be
/// changed. Enters in step 21.
pub fn known<'t>(fields: &[Header], tags: &'t [String]) -> EntityTag<'t> {
    let tags = || tags.iter().map(|tag| EntityTag::new(tag));
    let is_known = |tag: &EntityTag| {
        let is_same = |other: &EntityTag| other.weak_eq(tag);
        let names = |name| any_matches(fields, name, is_same) == Some(true);
        names("If-Match") || names("If-None-Match")
    };
    let first = tags().next().unwrap_or(EntityTag::new("\"\""));
    tags().find(is_known).unwrap_or(first)
}

/// Whether a range is to be taken out of what there is now: the client wants
/// it only if what it has is a part of the same. Section 13.1.5.
pub fn if_range(fields: &[Header], current: &Representation) -> bool {
    let mut lines = fields::lines(fields, "If-Range");
    let Some(value) = lines.next() else { return true };
    if lines.next().is_some() {
        return false;
    }
    match EntityTag::parse(value) {
        Some((tag, rest)) => rest.is_empty() && tag.strong_eq(&current.tag),
        None => {
            let date = Date::parse(value, current.date);
            // A second is long: it may have changed again in the same one.
            date == Some(current.modified) && current.modified < current.date
        }
    }
}

/// The date in the only field called `name`.
fn date_in(fields: &[Header], name: &str, now: Date) -> Option<Date> {
    Date::parse(fields::only(fields, name)?, now)
}
