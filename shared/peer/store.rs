//! Enters in step 25: blocks on the disk: records in segments, appended one
//! after the other.
//!
//! What was written before a sync may be there after a power cut, or not, or
//! half of it: sector by sector, in any order. What a sync has confirmed is
//! there. So a record has a sum, and what comes behind the last good one is
//! what was being written when the power went.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::block::{Block, HEADER, MAX_BODY, SIGNATURE};
use crate::disk::{Disk, Files};
use crate::proof::Proof;
use crate::wire::Field;

/// A segment is not longer.
pub const SEGMENT: u64 = 16 * 1024 * 1024;

/// Bytes at the beginning of each.
pub const SEGMENT_HEADER: u64 = 64;

const MAGIC: [u8; 8] = *b"\xd5SWSEG\x00\x01";

/// The header of a segment.
pub const SEGMENT_FIELDS: [Field; 4] = [
    Field::new("magic", 0, 8, "and the version"),
    Field::new("number", 8, 4, "of the segment, from 1"),
    Field::new("reserved", 12, 48, "0"),
    Field::new("sum", 60, 4, "CRC-32 of the bytes before it"),
];

/// A record. The next one begins at a multiple of eight.
pub const RECORD_FIELDS: [Field; 3] = [
    Field::new("length", 0, 4, "of the block"),
    Field::new("sum", 4, 4, "CRC-32 of segment, offset, length and block"),
    Field::new("block", 8, 0, "as it was on the wire"),
];

/// Bytes in front of the block.
const RECORD_HEADER: usize = 8;

/// In front of a proof, where a block has another magic number. Enters in step
/// 26.
pub const PROOF_MAGIC: [u8; 4] = *b"\xd5FRK";

/// What a record holds. Enters in step 26.
#[derive(Debug)]
pub enum Record {
    /// A block.
    Block(Block),
    /// That an author has signed two blocks of one number.
    Proof(Proof),
}

/// What was found on a disk.
#[derive(Debug, Default)]
pub struct Recovered {
    /// In the order in which they were written.
    pub blocks: Vec<Block>,
    /// The same. Enters in step 26.
    pub proofs: Vec<Proof>,
    /// How many bytes at the end were being written when it ended.
    pub torn: u64,
    /// Where something is that was once good, and is not: the segment, and
    /// its bytes; none of them if it is not there.
    pub damaged: Vec<(u32, Range<u64>)>,
}

/// Blocks on a disk.
#[derive(Debug)]
pub struct Store<D> {
    disk: D,
    /// The last segment, and where the next record goes. 0: there is none.
    segment: u32,
    end: u64,
}

impl<D: Disk> Store<D> {
    /// Reads all that there is.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(mut disk: D) -> io::Result<(Self, Recovered)> {
        let mut found = Recovered::default();
        // As if the last segment were full: the next record begins another.
        let (mut segment, mut end) = (0, SEGMENT);
        let numbers = disk.segments()?;
        let last = numbers.last().copied();
        for number in numbers {
            if number > segment + 1 {
                found.damaged.push((segment + 1, 0..0));
            }
            let bytes = disk.read(number)?;
            let records = bytes.get(SEGMENT_HEADER as usize..);
            let is_empty =
                records.unwrap_or_default().iter().all(|it| *it == 0);
            if Some(number) == last && is_empty && !is_header(&bytes, number) {
                // It was being made: that is done once more.
                break;
            }
            segment = number;
            end = match is_header(&bytes, number) {
                true => scan(&bytes, number, &mut found),
                false => {
                    let all = 0..bytes.len() as u64;
                    found.damaged.push((number, all));
                    SEGMENT
                }
            };
        }
        // What is damaged behind the last good record was never whole.
        let is_tail = |(number, bytes): &(u32, Range<u64>)| {
            *number == segment && bytes.start == end
        };
        if let Some((_, bytes)) = found.damaged.pop_if(|it| is_tail(it)) {
            found.torn = bytes.end - bytes.start;
            let zeros = vec![0; found.torn as usize];
            // What is written there must not meet the rest of it later.
            disk.write(segment, end, &zeros)?;
            disk.sync(segment)?;
        }
        Ok((Store { disk, segment, end }, found))
    }

    /// Whether there is no segment: nothing has ever been kept here, or all is
    /// lost.
    pub fn has_no_segment(&self) -> bool {
        self.segment == 0
    }

    /// Begins a segment, behind all others.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn begin_segment(&mut self, number: u32) -> io::Result<()> {
        // What is in the others is on the disk before there is this one.
        self.sync()?;
        self.disk.create(number, SEGMENT)?;
        self.disk.write(number, 0, &segment_header(number))?;
        self.disk.sync(number)?;
        (self.segment, self.end) = (number, SEGMENT_HEADER);
        Ok(())
    }

    /// Appends a block. It may be lost until it is synced.
    ///
    /// # Errors
    /// Those of the disk. Then the block is not there.
    pub fn append(&mut self, block: &Block) -> io::Result<()> {
        self.append_bytes(block.bytes())
    }

    /// Appends a proof, in the same way. Enters in step 26.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn append_proof(&mut self, proof: &Proof) -> io::Result<()> {
        self.append_bytes(&[&PROOF_MAGIC, proof.bytes()].concat())
    }

    fn append_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = padded(RECORD_HEADER + bytes.len()) as u64;
        if self.end + length > SEGMENT {
            self.begin_segment(self.segment + 1)?;
        }
        let record = record(self.segment, self.end, bytes);
        self.disk.write(self.segment, self.end, &record)?;
        self.end += length;
        Ok(())
    }

    /// When it returns, what was appended is on the disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        match self.segment {
            0 => Ok(()),
            segment => self.disk.sync(segment),
        }
    }
}

impl Store<Files> {
    /// The file that was appended to, for whoever syncs it. Those before it
    /// are on the disk.
    ///
    /// # Errors
    /// Those of open(2).
    pub fn file(&mut self) -> io::Result<Arc<File>> {
        self.disk.file(self.segment)
    }
}

/// The record of a block, at this place.
fn record(segment: u32, at: u64, block: &[u8]) -> Vec<u8> {
    let length = (block.len() as u32).to_be_bytes();
    let sum = sum(segment, at, block).to_be_bytes();
    let mut record = [&length[..], &sum, block].concat();
    record.resize(padded(record.len()), 0);
    record
}

/// The sum is of the place, too: bytes of an older file, which the file system
/// may have left there, are no record here.
fn sum(segment: u32, at: u64, block: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&segment.to_be_bytes());
    hasher.update(&at.to_be_bytes());
    hasher.update(&(block.len() as u32).to_be_bytes());
    hasher.update(block);
    hasher.finalize()
}

fn padded(length: usize) -> usize {
    length.next_multiple_of(8)
}

fn segment_header(number: u32) -> [u8; SEGMENT_HEADER as usize] {
    let mut header = [0; SEGMENT_HEADER as usize];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&number.to_be_bytes());
    let sum = crc32fast::hash(&header[..60]);
    header[60..].copy_from_slice(&sum.to_be_bytes());
    header
}

fn is_header(bytes: &[u8], number: u32) -> bool {
    bytes.get(..SEGMENT_HEADER as usize) == Some(&segment_header(number))
}

/// Takes the records out of a segment; returns where the next one goes.
fn scan(bytes: &[u8], number: u32, found: &mut Recovered) -> u64 {
    let mut at = SEGMENT_HEADER as usize;
    for (place, record) in all_records(bytes, number) {
        if place.start > at {
            let hole = at as u64..place.start as u64;
            found.damaged.push((number, hole));
        }
        match record {
            Record::Block(block) => found.blocks.push(block),
            // Enters in step 26.
            Record::Proof(proof) => found.proofs.push(proof),
        }
        at = place.end;
    }
    // Behind the last good one there are zeros, or something is wrong.
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(last) = rest.iter().rposition(|byte| *byte != 0) {
        let end = (at + padded(last + 1)) as u64;
        found.damaged.push((number, at as u64..end));
    }
    at as u64
}

/// The blocks of a segment, and where each is.
pub fn records(
    bytes: &[u8],
    number: u32,
) -> impl Iterator<Item = (Range<usize>, Block)> {
    all_records(bytes, number).filter_map(|(place, record)| match record {
        Record::Block(block) => Some((place, block)),
        // Enters in step 26.
        Record::Proof(_) => None,
    })
}

/// The good records of a segment, and where each is.
pub fn all_records(
    bytes: &[u8],
    number: u32,
) -> impl Iterator<Item = (Range<usize>, Record)> {
    let mut at = SEGMENT_HEADER as usize;
    std::iter::from_fn(move || {
        let (record, place) = next_good(bytes, number, at)?;
        at = place.end;
        Some((place, record))
    })
}

/// The first good record at this place or behind it: records begin at
/// multiples of eight.
fn next_good(
    bytes: &[u8],
    number: u32,
    from: usize,
) -> Option<(Record, Range<usize>)> {
    (from..bytes.len()).step_by(8).find_map(|at| {
        let rest = &bytes[at..];
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let possible = HEADER + SIGNATURE..=HEADER + SIGNATURE + MAX_BODY;
        possible.contains(&length).then_some(())?;
        let end = RECORD_HEADER + length;
        let held = rest.get(RECORD_HEADER..end)?;
        let sum = sum(number, at as u64, held).to_be_bytes();
        (rest[4..8] == sum).then_some(())?;
        Some((parse(held)?, at..at + padded(end)))
    })
}

/// What a record holds: a block, or since step 26 a proof.
pub fn parse(held: &[u8]) -> Option<Record> {
    if let Some(proof) = held.strip_prefix(&PROOF_MAGIC) {
        return Proof::parse(proof).ok().map(Record::Proof);
    }
    Block::parse(held).ok().map(Record::Block)
}
