use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

fn main() {
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(1));
        theirs.write_all(b"hello\n").unwrap();
    });
    ours.set_nonblocking(true).unwrap();
    let mut calls = 0;
    loop {
        calls += 1;
        match ours.read(&mut [0; 100]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            result => {
                println!("after {calls} calls of read: {result:?}");
                break;
            }
        }
    }
}
