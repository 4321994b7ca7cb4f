//! What a response costs the server, copied from memory or sent from the
//! file: the processor time of its thread, for files of different sizes and
//! 64 clients.

use std::error::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::thread;

use nix::libc::MSG_MORE;
use nix::sys::sendfile::sendfile;
use nix::sys::socket::{MsgFlags, send};
use nix::time::{ClockId, clock_gettime};

const HEAD: [u8; 250] = [b'h'; 250];

/// In KiB.
const SIZES: [usize; 9] = [1, 4, 8, 16, 20, 32, 64, 256, 1024];

const CLIENTS: usize = 64;

/// How often each client asks in a turn; if files are large, for so many
/// bytes.
const ROUNDS: usize = 16;
const BYTES: usize = 1 << 20;

/// Short, so that neither way has the machine to itself.
const TURNS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<12}{:>10}{:>10}", "size", "copied", "sendfile");
    for kib in SIZES {
        let name = format!("file-{kib}");
        let body = vec![b'x'; kib << 10];
        std::fs::write(&name, &body)?;
        let file = File::open(&name)?;
        let pairs: Result<Vec<_>, _> =
            (0..CLIENTS).map(|_| connection()).collect();
        let (mut servers, clients): (Vec<_>, Vec<_>) =
            pairs?.into_iter().unzip();
        let length = HEAD.len() + body.len();
        let reader = thread::spawn(move || read_responses(clients, length));
        let rounds = (BYTES / body.len()).clamp(1, ROUNDS);
        let count = rounds * CLIENTS;
        let mut micros = [0.0; 2];
        for turn in 0..2 * TURNS {
            let before = processor_time()?;
            for number in 0..count {
                let server = &mut servers[number % CLIENTS];
                server.read_exact(&mut [0])?;
                match turn % 2 {
                    0 => copy(server, &body)?,
                    _ => send_file(server, &file, body.len())?,
                }
            }
            micros[turn % 2] += processor_time()? - before;
        }
        drop(servers);
        reader.join().map_err(|_| "the reader panicked")?;
        let [copied, sent] = micros.map(|it| it / (count * TURNS) as f64);
        println!("{:<12}{copied:>10.1}{sent:>10.1}", format!("{kib} KiB"));
    }
    Ok(())
}

fn connection() -> std::io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    Ok((server, client))
}

/// All clients send a request, which is one byte, and then all read their
/// responses. Ends when the server does.
fn read_responses(mut clients: Vec<TcpStream>, length: usize) {
    let mut response = vec![0; length];
    while clients.iter_mut().all(|it| it.write_all(b"?").is_ok())
        && clients.iter_mut().all(|it| it.read_exact(&mut response).is_ok())
    {
    }
}

/// As step 17 sends what it has in memory: behind the head, in one write.
fn copy(socket: &mut TcpStream, body: &[u8]) -> std::io::Result<()> {
    let mut output = HEAD.to_vec();
    output.extend_from_slice(body);
    socket.write_all(&output)
}

/// As step 17 sends what it has open.
fn send_file(
    socket: &TcpStream,
    file: &File,
    length: usize,
) -> nix::Result<()> {
    let more = MsgFlags::from_bits_retain(MSG_MORE);
    send(socket.as_raw_fd(), &HEAD, more)?;
    let mut offset = 0;
    while (offset as usize) < length {
        let left = length - offset as usize;
        sendfile(socket, file, Some(&mut offset), left)?;
    }
    Ok(())
}

/// Of this thread, in microseconds.
fn processor_time() -> nix::Result<f64> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(time.tv_sec() as f64 * 1e6 + time.tv_nsec() as f64 / 1e3)
}
