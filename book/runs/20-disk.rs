//! What it costs until a file of 10,000 bytes has other content, in four ways.

use std::fs::{self, File};
use std::io::{self, Write};
use std::time::Instant;

const TIMES: u32 = 200;

fn main() -> io::Result<()> {
    let content = vec![b'x'; 10_000];
    measure("in place", || fs::write("book", &content))?;
    measure("replaced", || {
        fs::write("new", &content)?;
        fs::rename("new", "book")
    })?;
    measure("replaced, fsync of the file", || {
        let mut file = File::create("new")?;
        file.write_all(&content)?;
        file.sync_all()?;
        fs::rename("new", "book")
    })?;
    measure("and of the directory", || {
        let mut file = File::create("new")?;
        file.write_all(&content)?;
        file.sync_all()?;
        fs::rename("new", "book")?;
        File::open(".")?.sync_all()
    })
}

fn measure(
    name: &str,
    mut change: impl FnMut() -> io::Result<()>,
) -> io::Result<()> {
    let start = Instant::now();
    for _ in 0..TIMES {
        change()?;
    }
    println!("{name:28} {:9.1?}", start.elapsed() / TIMES);
    Ok(())
}
