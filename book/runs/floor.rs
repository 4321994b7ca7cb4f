//! What the system calls alone cost: a loop that parses nothing, decides
//! nothing and waits for nobody. It is no server.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::libc;
use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};
use nix::sys::sendfile::sendfile;
use nix::sys::socket::{self, MsgFlags};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Floor {
    epoll: Epoll,
    /// Sent to whoever sends anything: for the end of each head once.
    response: Vec<u8>,
    /// Sent behind it, with sendfile.
    file: Option<(File, usize)>,
    /// A client, and how much of the file it has still to get.
    clients: HashMap<u64, (TcpStream, usize)>,
    /// After a response.
    closes: bool,
}

/// `constant PORT FILE` sends the file from memory, `file` with sendfile, and
/// `close` once, and closes.
fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [kind, port, path] = &words[..] else {
        return Err("KIND PORT FILE".into());
    };
    let size = fs::metadata(path)?.len() as usize;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n");
    let (mut response, mut file) = (head.into_bytes(), None);
    if kind == "close" {
        response.extend(b"Connection: close\r\n");
    }
    response.extend(b"\r\n");
    match kind.as_str() {
        "file" => file = Some((File::open(path)?, size)),
        _ => response.extend(fs::read(path)?),
    }
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?))?;
    listener.set_nonblocking(true)?;
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, u64::MAX))?;
    let (clients, closes) = (HashMap::new(), kind == "close");
    let mut floor = Floor { epoll, response, file, clients, closes };
    let mut events = [EpollEvent::empty(); 256];
    loop {
        let count = floor.epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..count] {
            match event.data() {
                u64::MAX => floor.accept(&listener)?,
                key => floor.turn(key)?,
            }
        }
    }
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener) -> Result<()> {
        // As many in a row as our servers.
        for (mut socket, _) in (0..64).map_while(|_| listener.accept().ok()) {
            socket.set_nonblocking(true)?;
            if self.closes && self.serve_once(&mut socket) {
                continue;
            }
            socket.set_nodelay(true)?;
            let key = socket.as_raw_fd() as u64;
            let event = EpollEvent::new(EpollFlags::EPOLLIN, key);
            self.epoll.add(&socket, event)?;
            self.clients.insert(key, (socket, 0));
        }
        Ok(())
    }

    /// Whether the request is there already, which is the last.
    fn serve_once(&self, socket: &mut TcpStream) -> bool {
        let has_come = socket.read(&mut [0; 4096]).is_ok();
        has_come && socket.write_all(&self.response).is_ok()
    }

    fn turn(&mut self, key: u64) -> Result<()> {
        let Some((socket, left)) = self.clients.get_mut(&key) else {
            return Ok(());
        };
        let was_full = *left > 0;
        let mut bytes = [0; 16 * 1024];
        let count = match was_full {
            true => 4,
            false => socket.read(&mut bytes).unwrap_or(0),
        };
        if count == 0 {
            self.clients.remove(&key);
            return Ok(());
        }
        let Some((file, size)) = &self.file else {
            let ends = bytes[..count].windows(4).filter(|it| it == b"\r\n\r\n");
            let _ = match ends.count() {
                1 => socket.write_all(&self.response),
                many => socket.write_all(&self.response.repeat(many)),
            };
            if self.closes {
                self.clients.remove(&key);
            }
            return Ok(());
        };
        if !was_full {
            let flags = MsgFlags::from_bits_retain(libc::MSG_MORE);
            socket::send(socket.as_raw_fd(), &self.response, flags)?;
            *left = *size;
        }
        while *left > 0 {
            let mut offset = (size - *left) as libc::off_t;
            let count = (*left).min(16 << 20);
            match sendfile(&*socket, file, Some(&mut offset), count) {
                Ok(sent) => *left -= sent,
                Err(Errno::EAGAIN) => break,
                // It has gone: the next read says so.
                Err(_) => *left = 0,
            }
        }
        let flags = match *left {
            0 => EpollFlags::EPOLLIN,
            _ => EpollFlags::EPOLLOUT,
        };
        if was_full != (*left > 0) {
            self.epoll.modify(&*socket, &mut EpollEvent::new(flags, key))?;
        }
        Ok(())
    }
}
