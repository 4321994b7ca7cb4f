//! gzip.rs: what it makes is what others read, and always the same.

use std::fs;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use service::gzip::encode;

use super::DIRECTORY;

#[test]
fn what_is_compressed_can_be_read() {
    let text = "All work and no play makes Jack a dull boy.\n".repeat(20_000);
    let noise: Vec<u8> = (0..u16::MAX).flat_map(u16::to_be_bytes).collect();
    for bytes in [&b""[..], b"a", text.as_bytes(), &noise] {
        let coded = encode(bytes).unwrap();
        // RFC 1952 section 2.3.1: no name, and no time.
        assert_eq!(coded[..8], [0x1F, 0x8B, 8, 0, 0, 0, 0, 0]);
        assert_eq!(coded, encode(bytes).unwrap());
        let mut decoded = Vec::new();
        GzDecoder::new(&coded[..]).read_to_end(&mut decoded).unwrap();
        assert!(decoded == bytes, "{} bytes", bytes.len());
    }
    assert!(encode(text.as_bytes()).unwrap().len() < text.len() / 100);
}

#[test]
fn it_is_of_level_6() {
    let text = fs::read(format!("{DIRECTORY}Cargo.lock")).unwrap();
    let at = |level| {
        let mut out = GzEncoder::new(Vec::new(), Compression::new(level));
        out.write_all(&text).unwrap();
        out.finish().unwrap()
    };
    let found = [5, 6, 7].map(|level| at(level) == encode(&text).unwrap());
    assert_eq!(found, [false, true, false]);
}
