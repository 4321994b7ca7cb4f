//! What it costs to look whether a file has changed, a hundred thousand
//! times: in each of three ways.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use nix::sys::stat::stat;
use nix::sys::uio::pread;
use shared::files::root::{Entry, Root};

const TIMES: u32 = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    std::fs::write("page.html", [b'x'; 1000])?;
    let root = Root::open(Path::new("."))?;
    tell("open, look, read, close", || {
        if let Ok(Entry::File(file)) = root.open_entry(b"page.html") {
            let count = pread(&*file.descriptor, &mut [0; 1000], 0);
            assert_eq!(count, Ok(1000));
        }
    });
    tell("look by name: stat", || {
        assert!(stat("page.html").is_ok());
    });
    let now = Instant::now();
    let found = HashMap::from([(b"/page.html".to_vec(), now)]);
    tell("look into a map", || {
        assert!(found.get(&b"/page.html"[..]) <= Some(&now));
    });
    Ok(())
}

fn tell(what: &str, act: impl Fn()) {
    let begin = Instant::now();
    (0..TIMES).for_each(|_| act());
    let nanos = (begin.elapsed() / TIMES).as_nanos();
    println!("{what:<24}{nanos:>7} ns");
}
