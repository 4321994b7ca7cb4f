//! Enters in step 24: what the node knows, for those who ask.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use crate::hello::PeerId;

/// So many lines are kept, for the page.
pub const LINES: usize = 100;

/// The node writes it, and those who ask read it: in one thread.
pub type Shared = Rc<RefCell<Board>>;

/// What the node knows.
#[derive(Default)]
pub struct Board {
    /// The last lines, and who has said each; `None`: we.
    pub lines: VecDeque<(Option<PeerId>, String)>,
    /// Those to whom there is a link.
    pub linked: Vec<Linked>,
    /// Those that we dial in vain.
    pub unreached: Vec<String>,
    /// Why there is nobody.
    pub alone: Option<String>,
    /// What is to be said.
    pub outbox: Vec<String>,
    /// Whether there is a peer who can be told something now.
    pub is_busy: bool,
}

/// A node to which there is a link.
pub struct Linked {
    /// Which one.
    pub node: PeerId,
    /// The other end of the connection.
    pub address: SocketAddr,
    /// Where the node listens; 0 if it does not.
    pub port: u16,
    /// We have dialled it.
    pub is_dialled: bool,
}

impl Board {
    /// Keeps a line that was said.
    pub fn add(&mut self, from: Option<PeerId>, line: String) {
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back((from, line));
    }

    /// Our own host, and each one that we know, once.
    pub fn known_hosts(&self, own: IpAddr) -> String {
        let mut seen = BTreeSet::from([own]);
        let others = self.linked.iter().map(|it| it.address.ip());
        let others: Vec<IpAddr> =
            others.filter(|it| seen.insert(*it)).collect();
        let hosts = [own].into_iter().chain(others);
        hosts.map(|it| format!("{it},")).collect::<String>() + "\n"
    }

    /// A line for each peer: where it listens, and what is known of it.
    pub fn peers(&self) -> String {
        let lines = self.linked.iter().map(|it| {
            let direction = if it.is_dialled { "to" } else { "from" };
            let Linked { node, address, port, .. } = it;
            let listens = match port {
                0 => "listens nowhere".to_string(),
                port => {
                    let at = SocketAddr::new(address.ip(), *port);
                    format!("listens on {at}")
                }
            };
            format!("{node} open {direction} {address}, {listens}\n")
        });
        let unreached = self.unreached.iter();
        let unreached = unreached.map(|name| format!("{name} not reached\n"));
        let alone = self.alone.iter().map(|why| format!("alone: {why}\n"));
        lines.chain(unreached).chain(alone).collect()
    }
}
