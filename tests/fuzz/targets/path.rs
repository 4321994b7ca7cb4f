#![no_main]

#[path = "../path.rs"]
mod path;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    path::path(bytes);
});
