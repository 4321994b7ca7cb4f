//! Enters in step 21: what a path leads to, if it is no file.
//!
//! Paths are cut at their slashes, and the pieces lead through a tree: in each
//! of its nodes a dictionary has the pieces that may come next.

use crate::collections::dictionary::Dictionary;

/// Routes: `/about`, `/notes/{number}`, `/files/*`.
#[derive(Debug)]
pub struct Router<T> {
    top: Node<T>,
}

#[derive(Debug)]
struct Node<T> {
    /// What the path leads to that ends here.
    here: Option<T>,
    /// What every path leads to that goes on from here.
    below: Option<T>,
    next: Dictionary<Node<T>>,
    /// Where any piece leads that is not among those.
    any: Option<Box<Node<T>>>,
}

/// Where a path has led, and what stood in the place of `{names}`.
pub type Found<'r, 'p, T> = (&'r T, Vec<&'p [u8]>);

impl<T> Node<T> {
    fn new() -> Self {
        let (here, below, any) = (None, None, None);
        Node { here, below, next: Dictionary::new(), any }
    }
}

/// One without a route.
impl<T> Default for Router<T> {
    fn default() -> Self {
        Router { top: Node::new() }
    }
}

impl<T> Router<T> {
    /// Adds a route, in place of one with the same path. `{…}` stands for any
    /// one piece, and `*` at the end for whatever follows.
    pub fn add(&mut self, path: &str, target: T) {
        let mut node = &mut self.top;
        for piece in path.trim_start_matches('/').split('/') {
            node = match piece {
                "*" => {
                    node.below = Some(target);
                    return;
                }
                _ if piece.starts_with('{') => {
                    node.any.get_or_insert_with(|| Box::new(Node::new()))
                }
                _ => node.next.value_or_else(piece.as_bytes(), Node::new),
            };
        }
        node.here = Some(target);
    }

    /// Where the path with this decoded name leads: first by the pieces that
    /// a route names, then by any, then by a beginning, the longest first.
    pub fn find<'p>(&self, name: &'p [u8]) -> Option<Found<'_, 'p, T>> {
        let mut values = Vec::new();
        let target = self.top.find(Some(name), &mut values)?;
        Some((target, values))
    }
}

impl<T> Node<T> {
    /// Goes on with the rest of a name; `None` is the end of it.
    fn find<'p>(
        &self,
        name: Option<&'p [u8]>,
        values: &mut Vec<&'p [u8]>,
    ) -> Option<&T> {
        let Some(name) = name else { return self.here.as_ref() };
        let (piece, rest) = match name.iter().position(|&it| it == b'/') {
            Some(end) => (&name[..end], Some(&name[end + 1..])),
            None => (name, None),
        };
        let node = self.next.value(piece);
        if let Some(found) = node.and_then(|it| it.find(rest, values)) {
            return Some(found);
        }
        if let Some(node) = self.any.as_ref().filter(|_| !piece.is_empty()) {
            let count = values.len();
            values.push(piece);
            if let Some(found) = node.find(rest, values) {
                return Some(found);
            }
            values.truncate(count);
        }
        self.below.as_ref()
    }
}
