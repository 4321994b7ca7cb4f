//! The book's kit: builds, checks, records and serves the book.
//!
//! Nothing in the book is pasted. A chapter names what it shows, by a
//! directive alone on its line, and the kit puts it there from the sources
//! or from a recorded run. What is not found is an error, which says what is
//! missing and where.
//!
//! | directive | shows |
//! |---|---|
//! | `{{#code 02 write_all}}` | an item of step 02, found by its name |
//! | `{{#code shared/cli.rs Failure::usage}}` | an item of a shared file |
//! | `{{#module shared/cli.rs folded}}` | a whole file, folded or not |
//! | `{{#module shared/cli.rs open a B::c}}` | the same, but for these items |
//! | `{{#diff 02}}` | what has changed since the step before |
//! | `{{#trace 02}}`, `{{#calls 02}}` | the recorded system calls |
//! | `{{#run NAME}}`, `{{#chart NAME}}` | a recorded session, a chart |
//! | `{{#picture NAME}}` | an SVG of `book/src/img` |
//! | `{{#exercises 02}}` | the step's exercises |
//! | `{{#front 02}}` | the head of a chapter |
//! | `{{#steps}}`, `{{#index}}` | all steps, all system calls |

pub mod bench;
pub mod build;
mod chapter;
pub mod check;
mod colour;
mod compare;
pub mod diff;
mod enters;
mod exercise;
mod expand;
mod fault;
mod html;
mod items;
mod links;
pub mod listing;
pub mod new;
pub mod page;
mod pair;
mod picture;
mod pieces;
pub mod preprocess;
pub mod project;
pub mod record;
pub mod serve;
pub mod sizes;
pub mod sync;
mod tables;
pub mod terminal;
mod view;

pub use anyhow::Result;
pub use fault::Fault;
pub use project::{Exercise, Project, Step};

/// A pattern of ours, which is therefore one.
#[expect(clippy::expect_used, reason = "a wrong one fails in every test")]
fn pattern(text: &str) -> regex::Regex {
    regex::Regex::new(text).expect("a pattern")
}

/// The items that have the same key, in the order of their first appearance.
fn grouped<T: Copy, K: PartialEq>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(T) -> K,
) -> Vec<(K, Vec<T>)> {
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for item in items {
        let key = key(item);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, items)) => items.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups
}
