#![no_main]

#[path = "../date.rs"]
mod date;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    date::date(bytes);
});
