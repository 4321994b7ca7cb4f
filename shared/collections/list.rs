//! Enters in step 15: linked lists of numbered items.
//!
//! An item has one node, and is in one list or in none. A node knows its
//! neighbours by number, so an item joins and leaves in constant time, from
//! the middle too. Each list is a ring through a node of its own, which is
//! neither first nor last: so nothing is different at the ends.

/// Some lists, and the nodes of all items.
#[derive(Debug)]
pub struct Lists {
    /// First the lists' own nodes, then those of the items.
    nodes: Vec<Node>,
    lists: u32,
}

/// An item that is in no list is its own neighbour, as an empty list is.
#[derive(Debug, Clone, Copy)]
struct Node {
    previous: u32,
    next: u32,
}

impl Lists {
    /// This many empty lists.
    pub fn new(lists: u32) -> Self {
        let mut nodes = Vec::new();
        grow(&mut nodes, lists);
        Lists { nodes, lists }
    }

    /// Puts an item behind all others of a list, wherever it was before.
    pub fn push_back(&mut self, list: u32, item: u32) {
        let node = self.lists + item;
        grow(&mut self.nodes, node + 1);
        self.remove(item);
        let last = self.node(list).previous;
        *self.node(node) = Node { previous: last, next: list };
        self.node(last).next = node;
        self.node(list).previous = node;
    }

    /// Takes an item out of the list that it is in, if any.
    pub fn remove(&mut self, item: u32) {
        let node = self.lists + item;
        let Some(&Node { previous, next }) = self.nodes.get(node as usize)
        else {
            return;
        };
        self.node(previous).next = next;
        self.node(next).previous = previous;
        *self.node(node) = Node { previous: node, next: node };
    }

    /// The first item of a list.
    pub fn front(&self, list: u32) -> Option<u32> {
        // A list's own number is less: it is empty.
        self.nodes[list as usize].next.checked_sub(self.lists)
    }

    fn node(&mut self, number: u32) -> &mut Node {
        &mut self.nodes[number as usize]
    }
}

/// Adds nodes that are in no list, until there are as many.
fn grow(nodes: &mut Vec<Node>, count: u32) {
    for number in nodes.len() as u32..count {
        nodes.push(Node { previous: number, next: number });
    }
}
