//! Exercise 26b, Said twice: who signs two blocks with one number is frozen.
//!
//! Try it: `cargo run --example 26b -- 127.0.0.1:8000 /tmp/node`, and `nc`s

use std::collections::BTreeMap;
use std::fs::File; //-solution
use std::io::{self, BufRead, BufReader};
use std::io::{Read, Write}; //-solution
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::process; //-solution
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

//-node file

// #[derive(Default)] //-starter
struct Node {
    /// By author and number: the line of each block that counts.
    blocks: BTreeMap<(String, u64), String>,
    /// By author: from which number on nothing counts, and the proof.
    forks: BTreeMap<String, (u64, String)>,
    links: Vec<Arc<TcpStream>>,
    file: File, //-solution
}

impl Node {
    /// Takes what is in the file.
    fn open(path: &str) -> Result<&'static Mutex<Self>, Failure> {
        //-solution
        let node = Node::read(path).map_err(|error| {
            Failure::new(format_args!("cannot use {path}"), error)
        })?;
        Ok(Box::leak(Box::new(Mutex::new(node))))
        //-starter
        // let _ = path; // TODO: what did it know before?
        // Ok(Box::leak(Box::default()))
        //-end
    }

    //-solution
    fn read(path: &str) -> io::Result<Self> {
        let mut options = File::options();
        let options = options.read(true).append(true).create(true);
        let (mut file, mut text) = (options.open(path)?, String::new());
        file.read_to_string(&mut text)?;
        // If a crash has left half a line, it ends here.
        file.write_all(b"\n")?;
        let (blocks, forks, links) = Default::default();
        let mut node = Node { blocks, forks, links, file };
        text.lines().for_each(|line| drop(node.take(line)));
        Ok(node)
    }

    //-end
    /// Tells a new peer all there is; from now on it is told what is news.
    fn join(&mut self, peer: &Arc<TcpStream>) {
        self.blocks.values().for_each(|block| tell(peer, block)); //-solution
        self.forks.values().for_each(|it| tell(peer, &it.1)); //-solution
        // // TODO: what has been said before? //-starter
        self.links.push(peer.clone());
    }

    /// Responds to `log`; what is news is stored, and then told.
    fn hear(&mut self, line: &str, from: &Arc<TcpStream>) {
        if let Some(author) = line.strip_prefix("log ") {
            let blocks = self.blocks.iter().filter(|it| it.0.0 == author);
            blocks.for_each(|(_, block)| tell(from, block));
            match self.forks.get(author) {
                Some((number, _)) => tell(from, &format!("frozen {number}")),
                None => tell(from, "whole"),
            }
        } else if let Some((news, is_known)) = self.take(line) {
            //-solution
            let stored = self.file.write_all(format!("{news}\n").as_bytes());
            if let Err(error) = stored {
                cli::log(format_args!("cannot store: {error}"));
                process::exit(1);
            }
            //-end
            let skips = |it| is_known && Arc::ptr_eq(it, from);
            let links = self.links.iter().filter(|it| !skips(it));
            links.for_each(|it| tell(it, &news));
        }
    }

    /// Takes a block or a proof. If there is news in it: the line that tells
    /// it, and whether that is this one, which its sender knows.
    fn take(&mut self, line: &str) -> Option<(String, bool)> {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["BLOCK", author, number, text, mac] => {
                let key = self.check([author, number, text, mac])?;
                //-solution
                let known = self.blocks.get(&key);
                if let Some(known) = known.filter(|it| *it != line) {
                    let known = known.trim_start_matches("BLOCK");
                    let proof = format!("FORK{known} {text} {mac}");
                    return self.take(&proof).map(|(proof, _)| (proof, false));
                }
                //-starter
                // // TODO: what if there is another one?
                //-end
                (!self.blocks.contains_key(&key)).then_some(())?;
                self.blocks.insert(key, line.to_string());
                Some((line.to_string(), true))
            }
            //-solution
            ["FORK", author, number, text, mac, text2, mac2] => {
                let (author, at) = self.check([author, number, text, mac])?;
                self.check([&author, number, text2, mac2])?;
                (text != text2).then_some(())?;
                self.blocks.retain(|it, _| it.0 != author || it.1 < at);
                self.forks.insert(author, (at, line.to_string()));
                Some((line.to_string(), true))
            }
            //-starter
            // // TODO: what proves that there are two?
            //-end
            _ => None,
        }
    }

    /// Author and number of a block that is signed and may count.
    fn check(&self, block: [&str; 4]) -> Option<(String, u64)> {
        let [author, number, text, mac] = block;
        // FNV-1a, which anybody can make: it stands for a signature.
        let signed = format!("{author} {number} {text}");
        let sum = signed.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let at: u64 = number.parse().ok()?;
        // A number is written in one way, and a proof fits into a line.
        let is_plain = at.to_string() == number && signed.len() <= 1000;
        let fork = self.forks.get(author); //-solution
        let is_frozen = fork.is_some_and(|it| it.0 <= at); //-solution
        // let is_frozen = false; // TODO: never? //-starter
        let is_good = is_plain && !is_frozen && mac == format!("{sum:016x}");
        is_good.then_some((author.to_string(), at))
    }
}
