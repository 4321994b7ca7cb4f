//! Four loops wait for one listener: who is woken when a client comes?

use std::error::Error;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use shared::net::listener::Listener;

/// Long enough for a thread to be woken, or to fall asleep.
const MOMENT: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn Error>> {
    let all = EpollFlags::EPOLLIN;
    let one = EpollFlags::EPOLLIN | EpollFlags::EPOLLEXCLUSIVE;
    let woken = crowd(all, MOMENT, 1)?;
    println!("EPOLLIN: woken {woken:?}");
    let woken = crowd(one, MOMENT, 1)?;
    println!("with EPOLLEXCLUSIVE: woken {woken:?}");
    let woken = crowd(one, Duration::ZERO, 100)?;
    println!("100 clients, one after the other: woken {woken:?}");
    Ok(())
}

/// How often each of four loops is woken, when so many clients come, and each
/// loop is `busy` before it accepts.
fn crowd(
    flags: EpollFlags,
    busy: Duration,
    clients: u32,
) -> Result<[u32; 4], Box<dyn Error>> {
    let address = "127.0.0.1:0".parse()?;
    let listener = Arc::new(Listener::open_nonblocking(address)?);
    let loops = [0; 4].map(|_| {
        let listener = Arc::clone(&listener);
        let waiting = thread::spawn(move || wait(&listener, flags, busy));
        thread::sleep(MOMENT / 10);
        waiting
    });
    let mut sockets = Vec::new();
    for _ in 0..clients {
        sockets.push(TcpStream::connect(listener.address())?);
        thread::sleep(MOMENT / 100);
    }
    Ok(loops.map(|it| it.join().unwrap_or(Ok(0)).unwrap_or(0)))
}

/// How often this loop is woken, until nobody comes any more.
fn wait(
    listener: &Listener,
    flags: EpollFlags,
    busy: Duration,
) -> nix::Result<u32> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(listener, EpollEvent::new(flags, 0))?;
    let (mut woken, mut clients) = (0, Vec::new());
    while epoll.wait(&mut [EpollEvent::empty()], 1000u16)? > 0 {
        woken += 1;
        thread::sleep(busy);
        // It may be somebody else's by now.
        clients.extend(listener.try_accept());
    }
    Ok(woken)
}
