//! One open file, sent to two clients, first from its own position and then
//! from one of theirs.

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::os::unix::net::UnixStream;

use nix::sys::sendfile::sendfile;

fn main() -> Result<(), Box<dyn Error>> {
    std::fs::write("letters", "abcdefghijkl")?;
    let file = File::open("letters")?;
    for own in [false, true] {
        let (ada, ada_reads) = UnixStream::pair()?;
        let (bob, bob_reads) = UnixStream::pair()?;
        let (mut for_ada, mut for_bob) = (0, 0);
        // Their turns alternate, as in an event loop.
        for _ in 0..3 {
            sendfile(&ada, &file, own.then_some(&mut for_ada), 4)?;
            sendfile(&bob, &file, own.then_some(&mut for_bob), 4)?;
        }
        drop((ada, bob));
        let of = if own { "offsets of theirs" } else { "the file's own" };
        println!("{of}: {}, {}", all(ada_reads)?, all(bob_reads)?);
    }
    Ok(())
}

fn all(mut stream: UnixStream) -> std::io::Result<String> {
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}
