//! Writes a file again and again, until it is killed; and that a hundred times.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::process::Command;
use std::time::Duration;
use std::{env, thread};

/// A thousand entries of 500 bytes.
const SIZE: usize = 500_000;

fn main() -> Result<(), Box<dyn Error>> {
    let content = vec![b'x'; SIZE];
    match env::args().nth(1).as_deref() {
        // This process is the one that is killed.
        Some("in place") => loop {
            fs::write("book", &content)?;
        },
        Some("replaced") => loop {
            let mut file = File::create("new")?;
            file.write_all(&content)?;
            file.sync_all()?;
            fs::rename("new", "book")?;
        },
        _ => {}
    }
    for how in ["in place", "replaced"] {
        let (mut whole, mut cut, mut empty) = (0, 0, 0);
        for number in 0..100 {
            fs::write("book", &content)?;
            let mut writer =
                Command::new(env::current_exe()?).arg(how).spawn()?;
            thread::sleep(Duration::from_micros(20_000 + 137 * number));
            writer.kill()?;
            writer.wait()?;
            match fs::metadata("book")?.len() as usize {
                SIZE => whole += 1,
                0 => empty += 1,
                _ => cut += 1,
            }
        }
        println!("{how}: {whole} whole, {cut} cut off, {empty} empty");
    }
    Ok(())
}
