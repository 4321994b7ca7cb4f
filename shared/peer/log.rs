//! Enters in step 25: the log of an author: blocks one after the other, without
//! a gap.

use std::collections::{BTreeMap, BTreeSet};

use crate::block::{Author, Block, BlockId};
use crate::proof::Proof;

/// What has become of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is the author's next one.
    New,
    /// It was there before.
    Duplicate,
    /// Those before it are not there: this is the first that is missing.
    Gap(u64),
    /// The author has signed another block with the same number: the log ends
    /// before the first such number, for everybody and for ever.
    Fork(u64),
    /// It comes after a fork.
    Frozen,
    /// It follows another block than the one before it that we have: the
    /// author has signed two of that number.
    Diverges,
}

/// The blocks of one author.
#[derive(Debug, Default)]
pub struct Log {
    blocks: Vec<Block>,
    /// How many bytes they have.
    size: usize,
    /// The proof that there are two blocks of one number, the first such.
    fork: Option<Proof>,
}

impl Log {
    /// Its blocks, in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// What the next block has to follow: how many there are, and the last.
    pub fn head(&self) -> (u64, BlockId) {
        let last = self.blocks.last().map_or(BlockId([0; 32]), Block::id);
        (self.blocks.len() as u64, last)
    }

    /// How many bytes they have.
    pub fn size(&self) -> usize {
        self.size
    }

    /// From which number on the author has contradicted themselves.
    pub fn fork_at(&self) -> Option<u64> {
        self.fork.as_ref().map(Proof::seq)
    }

    /// Adds a block of this author that has been verified.
    pub fn add(&mut self, block: &Block) -> Added {
        let (next, last) = self.head();
        let seq = block.seq();
        if let Some(mine) = self.block(seq) {
            return match mine.id() == block.id() {
                true => Added::Duplicate,
                false => self.freeze(Proof::new(mine, block)),
            };
        }
        if self.fork_at().is_some_and(|at| at <= seq) {
            return Added::Frozen;
        }
        if seq > next {
            return Added::Gap(next);
        }
        if block.previous() != last {
            return Added::Diverges;
        }
        self.size += block.bytes().len();
        self.blocks.push(block.clone());
        Added::New
    }

    /// The block with this number.
    pub fn block(&self, seq: u64) -> Option<&Block> {
        self.blocks.get(usize::try_from(seq).ok()?)
    }

    /// What is from a fork on does not count. The proof is of the lowest.
    fn freeze(&mut self, proof: Proof) -> Added {
        let seq = proof.seq();
        self.blocks.truncate(usize::try_from(seq).unwrap_or(usize::MAX));
        self.size = self.blocks.iter().map(|it| it.bytes().len()).sum();
        self.fork = Some(proof);
        Added::Fork(seq)
    }

    /// The proof that the author has contradicted themselves. Enters in step
    /// 26.
    pub fn proof(&self) -> Option<&Proof> {
        self.fork.as_ref()
    }
}

/// The logs of all authors.
#[derive(Debug, Default)]
pub struct Logs {
    logs: BTreeMap<Author, Log>,
    /// Blocks behind a hole in what was on the disk: they count as soon as it
    /// is filled.
    behind: BTreeMap<(Author, u64), Block>,
}

impl Logs {
    /// Adds a block that has been verified, and those that were waiting for
    /// it.
    pub fn add(&mut self, block: &Block) -> Added {
        let author = block.author();
        let log = self.logs.entry(author).or_default();
        let added = log.add(block);
        if added == Added::New {
            while let Some(next) = self.behind.remove(&(author, log.head().0)) {
                log.add(&next);
            }
        }
        added
    }

    /// Takes a proof that has been verified. It may be known, or one of a
    /// higher number than another that is. Enters in step 26.
    pub fn prove(&mut self, proof: &Proof) -> Added {
        let log = self.logs.entry(proof.author()).or_default();
        match log.fork_at().is_some_and(|at| at <= proof.seq()) {
            true => Added::Duplicate,
            false => log.freeze(proof.clone()),
        }
    }

    /// Adds a block that was on the disk. Those before it may have been
    /// damaged there: then it waits for them.
    pub fn restore(&mut self, block: &Block) -> Added {
        let added = self.add(block);
        if let Added::Gap(_) = added {
            let place = (block.author(), block.seq());
            self.behind.insert(place, block.clone());
        }
        added
    }

    /// The log of an author, if there is one.
    pub fn log(&self, author: Author) -> Option<&Log> {
        self.logs.get(&author)
    }

    /// All of them, in the order of their keys.
    pub fn authors(&self) -> impl Iterator<Item = (Author, &Log)> {
        self.logs.iter().map(|(author, log)| (*author, log))
    }

    /// Authors of whom blocks are missing that were on the disk.
    pub fn incomplete(&self) -> BTreeSet<Author> {
        self.behind.keys().map(|(author, _)| *author).collect()
    }
}
