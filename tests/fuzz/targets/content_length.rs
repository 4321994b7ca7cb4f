#![no_main]

#[path = "../entries.rs"]
#[allow(dead_code)]
mod entries;
#[path = "../../../steps/05-parser/parser.rs"]
#[allow(dead_code)]
mod parser;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::content_length(bytes));
