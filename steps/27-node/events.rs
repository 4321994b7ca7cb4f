//! What an open page hears: server-sent events.

use shared::web::template::Html;

use super::page::{Page, Room};

/// Of what was said before, who begins to listen gets as much, in bytes.
const MAX_BEGINNING: usize = 128 * 1024;

/// How things are, and what was said last.
pub fn beginning(page: &Page, room: &Room) -> Vec<u8> {
    let (mut posts, mut left) = (Vec::new(), MAX_BEGINNING);
    for (block, is_ahead) in room.posts.recent().rev() {
        let mut post = Vec::new();
        event("post", &page.post(room, block, is_ahead), &mut post);
        let Some(rest) = left.checked_sub(post.len()) else { break };
        left = rest;
        posts.push(post);
    }
    let mut events = Vec::new();
    event("state", &page.state(room), &mut events);
    events.extend(posts.into_iter().rev().flatten());
    events
}

/// An event as a page hears it: each line of it behind `data: `. A carriage
/// return ends a line as well: else a post could say what the next event is.
pub fn event(name: &str, html: &Html, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("event: {name}\n").as_bytes());
    for line in html.utf8().split(|it| matches!(it, b'\n' | b'\r')) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.push(b'\n');
}
