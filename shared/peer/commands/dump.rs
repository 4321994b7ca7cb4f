//! Enters in step 26: what each byte of a directory's segments is.

use std::ops::Range;
use std::path::Path;

use shared::cli::{self, Failure};

use super::{cannot, line};
use crate::block::{Block, FIELDS, HEADER, SIGNATURE};
use crate::disk::Disk;
use crate::ledger::take;
use crate::proof::Proof;
use crate::store::{
    RECORD_FIELDS, Record, SEGMENT_FIELDS, SEGMENT_HEADER, all_records,
};
use crate::wire::{Field, annotate};

/// Prints it, segment by segment.
pub fn run(directory: &Path) -> Result<(), Failure> {
    let wrong = cannot("read", directory);
    let mut files = take(directory)?;
    for number in files.segments().map_err(&wrong)? {
        let bytes = files.read(number).map_err(&wrong)?;
        cli::print(format_args!("seg-{number:06}.blk"));
        show(&SEGMENT_FIELDS, 0, &bytes);
        let mut at = SEGMENT_HEADER as usize;
        for (place, record) in all_records(&bytes, number) {
            rest(&bytes, at..place.start);
            match record {
                Record::Block(it) => show_block(&bytes, place.clone(), &it),
                Record::Proof(it) => show_proof(&bytes, place.clone(), &it),
            }
            at = place.end;
        }
        rest(&bytes, at..bytes.len());
    }
    Ok(())
}

/// Prints these fields of what begins at this place.
fn show(fields: &[Field], at: usize, bytes: &[u8]) {
    let there = fields.iter().map(|it| Field { offset: at + it.offset, ..*it });
    let there: Vec<Field> = there.filter(|it| it.length > 0).collect();
    cli::print(annotate(&there, bytes).trim_end());
}

/// Prints a record: its header, the block, and zeros up to the next one.
fn show_block(bytes: &[u8], place: Range<usize>, block: &Block) {
    let start = place.start + RECORD_FIELDS[2].offset;
    let size = block.body().len();
    let signature = HEADER + size;
    let end = signature + SIGNATURE;
    let others = [
        Field::new("body", HEADER, size, "what was said"),
        Field::new("signature", signature, SIGNATURE, "of the hash, Ed25519"),
        Field::new("padding", end, place.end - start - end, "zeros"),
    ];
    cli::print(line(block));
    show(&RECORD_FIELDS, place.start, bytes);
    show(&FIELDS, start, bytes);
    show(&others, start, bytes);
}

/// Prints a record that holds a proof.
fn show_proof(bytes: &[u8], place: Range<usize>, proof: &Proof) {
    let start = place.start + RECORD_FIELDS[2].offset;
    let magic = Field::new("magic", 0, 4, "a proof, and no block");
    cli::print(format_args!("{proof:?}"));
    show(&RECORD_FIELDS, place.start, bytes);
    show(&[magic], start, bytes);
    show(&Proof::FIELDS, start + 4, bytes);
}

/// Prints what is no record.
fn rest(bytes: &[u8], place: Range<usize>) {
    let (from, to) = (place.start, place.end);
    let Some(bytes) = bytes.get(place).filter(|it| !it.is_empty()) else {
        return;
    };
    let what = match bytes.iter().all(|byte| *byte == 0) {
        true => "zeros: room for more",
        false => "damaged, or never whole",
    };
    cli::print(format_args!("{from} to {to}: {what}"));
}
