use std::env;
use std::io::Write;
use std::os::unix::net::UnixStream;

fn main() {
    // The other end is there, and does not read.
    let (mut ours, _theirs) = UnixStream::pair().unwrap();
    let is_nonblocking = env::args().any(|it| it == "O_NONBLOCK");
    ours.set_nonblocking(is_nonblocking).unwrap();
    for _ in 0..2 {
        println!("a megabyte: {:?}", ours.write(&[0; 1_000_000]));
    }
}
