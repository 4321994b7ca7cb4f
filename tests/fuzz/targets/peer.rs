#![no_main]

#[path = "../peer.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    (entries::link(bytes), entries::hello(bytes), entries::line(bytes));
    (entries::whereabouts(bytes), entries::block(bytes));
    entries::segment(bytes);
});
