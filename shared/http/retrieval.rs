//! Enters in step 16: what a GET or HEAD gets of what there is.
//!
//! RFC 9110 sections 13 and 14 together.

use std::ops::Range;

use super::head::Head;
use super::method::Method;
use super::preconditions::{Representation, Verdict, evaluate, if_range};
use super::range::{Selection, select};
use super::status::Status;

/// The status of the response, and with 200 or 206, which bytes there are to
/// be had.
pub fn retrieve(head: &Head, from: &Representation) -> (Status, Range<u64>) {
    match evaluate(head.method, head.fields, from) {
        Verdict::Perform => {}
        Verdict::NotModified => return (Status::NotModified, 0..0),
        Verdict::Failed => return (Status::PreconditionFailed, 0..0),
    }
    let whole = (Status::Ok, 0..from.size);
    // RFC 9110 section 14.2: only GET has parts.
    if head.method != Method::Get || !if_range(head.fields, from) {
        return whole;
    }
    match select(head.fields, from.size) {
        Selection::Whole => whole,
        Selection::Part(part) => (Status::PartialContent, part),
        Selection::Unsatisfiable => (Status::RangeNotSatisfiable, 0..0),
    }
}
