//! Exercise 26a, Tell everyone once: texts over a tree, and ids beside it.
//!
//! Try it: `cargo run --example 26a -- 127.0.0.1:8000 500`, and `nc`s

use std::collections::BTreeMap;
use std::collections::BTreeSet; //-solution
use std::io::{self, BufRead, BufReader};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

//-node ms

/// How many messages are kept.
const MAX: usize = 100;

#[derive(Default)]
struct Node {
    /// By id.
    texts: BTreeMap<u64, String>,
    links: Vec<Arc<TcpStream>>,
    /// The descriptors of links that are told no texts, but ids. //-solution
    lazy: BTreeSet<i32>, //-solution
    /// An id, who has it, and whether there has been a look. //-solution
    wanted: Vec<(u64, std::sync::Weak<TcpStream>, bool)>, //-solution
}

impl Node {
    /// A node that looks after each wait of so many milliseconds.
    fn open(ms: &str) -> Result<&'static Mutex<Self>, Failure> {
        let ms = ms.parse().map_err(Failure::usage)?;
        let node: &Mutex<Self> = Box::leak(Box::default());
        start(move || {
            loop {
                thread::sleep(Duration::from_millis(u64::max(ms, 1)));
                lock(node).look();
            }
        });
        Ok(node)
    }

    /// Tells a new peer what is known; from now on it is told what is news.
    fn join(&mut self, peer: &Arc<TcpStream>) {
        self.hear("list", peer);
        self.lazy.remove(&peer.as_raw_fd()); //-solution
        self.links.push(peer.clone());
    }

    /// Does what a line says.
    fn hear(&mut self, line: &str, from: &Arc<TcpStream>) {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (id, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let ids = rest.split(' ').filter_map(|id| id.parse().ok()); //-solution
        match (kind, id.parse()) {
            ("list", _) => {
                let ids = self.texts.keys().map(|id| format!(" {id}"));
                tell(from, &format!("KNOWN{}", ids.collect::<String>()));
            }
            ("MSG", Ok(id)) if text.len() <= 4000 => self.take(id, text, from),
            //-solution
            ("PRUNE", _) => drop(self.lazy.insert(from.as_raw_fd())),
            ("HAVE" | "KNOWN", _) => ids.for_each(|id| {
                if self.is_news(id) && self.wanted.len() < 10 * MAX {
                    let mut wanted = self.wanted.iter();
                    if kind == "KNOWN" && wanted.all(|it| it.0 != id) {
                        tell(from, &format!("GET {id}"));
                    }
                    self.wanted.push((id, Arc::downgrade(from), false));
                }
            }),
            ("GET", Ok(id)) => {
                self.lazy.remove(&from.as_raw_fd());
                if let Some(text) = self.texts.get(&id) {
                    tell(from, &format!("MSG {id} {text}"));
                }
            }
            //-starter
            // // TODO: PRUNE, HAVE, KNOWN, GET
            //-end
            _ => {}
        }
    }

    /// Takes a message, and passes it on if it is news.
    fn take(&mut self, id: u64, text: &str, from: &Arc<TcpStream>) {
        if !self.is_news(id) {
            self.lazy.insert(from.as_raw_fd()); //-solution
            return tell(from, "PRUNE");
        }
        self.texts.insert(id, text.to_string());
        //-solution
        if self.texts.len() > MAX {
            self.texts.pop_first();
        }
        self.wanted.retain(|it| it.0 != id);
        for peer in self.links.iter().filter(|it| !Arc::ptr_eq(it, from)) {
            match self.lazy.contains(&peer.as_raw_fd()) {
                true => tell(peer, &format!("HAVE {id}")),
                false => tell(peer, &format!("MSG {id} {text}")),
            }
        }
        //-starter
        // // TODO: who needs all of it, and for how long is it kept?
        // let line = format!("MSG {id} {text}");
        // self.links.iter().for_each(|it| tell(it, &line));
        //-end
    }

    fn is_news(&self, id: u64) -> bool {
        let lowest = self.texts.keys().next();
        let is_old = self.texts.len() == MAX && Some(&id) < lowest;
        !is_old && !self.texts.contains_key(&id)
    }

    /// After each wait: asks for what has not come.
    fn look(&mut self) {
        //-solution
        let mut asked = BTreeSet::new();
        self.wanted.retain_mut(|(id, peer, is_second)| {
            let Some(peer) = peer.upgrade() else { return false };
            let is_due = *is_second && asked.insert(*id);
            *is_second = true;
            if is_due {
                self.lazy.remove(&peer.as_raw_fd());
                tell(&peer, &format!("GET {id}"));
            }
            !is_due
        });
        //-starter
        // // TODO: what was announced, and has not come?
        //-end
    }
}
