//! What /metrics shows, as Prometheus reads it.

use std::fmt::Write;

use super::event_loop::EventLoop;

/// The numbers of now.
pub fn text(it: &EventLoop) -> String {
    let used = it.peers.iter().filter(|(_, peer)| peer.is_used()).count();
    let room = it.room.borrow();
    let (blocks, authors) = room.counts;
    let rows: [(&str, &str, usize); 9] = [
        ("links", "Links to other nodes.", used),
        (
            "connections",
            "Connections that speak no HTTP.",
            it.peers.iter().count(),
        ),
        ("blocks", "Blocks that are kept.", blocks),
        ("bytes", "Of how many bytes they are.", it.node.kept()),
        ("authors", "Of how many authors.", authors),
        (
            "forked_authors",
            "Who have signed two of one number.",
            room.forked.len(),
        ),
        ("unsaid", "What is still to be said.", it.ledger.unsaid()),
        ("streams", "Open pages.", it.server.streams()),
        (
            "discouraged",
            "Who is not spoken to.",
            it.members.discouraged(it.now()),
        ),
    ];
    let mut text = String::new();
    for (name, help, value) in rows {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "# HELP swarm_{name} {help}\n# TYPE swarm_{name} gauge\n\
             swarm_{name} {value}\n"
        );
    }
    text
}
