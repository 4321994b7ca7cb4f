#![no_main]

#[path = "../discovery.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    entries::beacon(bytes);
    entries::peers(bytes);
    entries::book(bytes);
    entries::join(bytes);
});
