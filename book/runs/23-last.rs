use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;
use std::{env, thread};

fn main() -> Result<()> {
    let lingers = env::args().nth(1).as_deref() == Some("lingering");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut ada = TcpStream::connect(listener.local_addr()?)?;
    let (mut bob, _) = listener.accept()?;
    // Something that Ada does not read any more.
    bob.write_all(b"How are you?")?;
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        ada.write_all(&[b'x'; 1_000_000])?;
        ada.write_all(b"BYE")?;
        if lingers {
            ada.shutdown(Shutdown::Write)?;
            ada.read_to_end(&mut Vec::new())?;
        }
        // Here `ada` is closed.
        Ok::<(), std::io::Error>(())
    });
    // Bob takes his time.
    thread::sleep(Duration::from_millis(300));
    let mut heard = Vec::new();
    let end = bob.read_to_end(&mut heard).map_err(|error| error.kind());
    println!("all of it: {}, {end:?}", heard.ends_with(b"BYE"));
    Ok(())
}
