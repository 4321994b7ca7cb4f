//! What three interest lists say of one socket: the first asks for nothing,
//! the second for bytes, and the third for new ones.

use std::error::Error;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut here, mut there) = UnixStream::pair()?;
    let asked = [
        EpollFlags::empty(),
        EpollFlags::EPOLLIN,
        EpollFlags::EPOLLIN | EpollFlags::EPOLLET,
    ];
    let mut lists = Vec::new();
    for flags in asked {
        let list = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        list.add(&here, EpollEvent::new(flags, 0))?;
        lists.push(list);
    }
    println!("{:<20}{:<8}{:<8}edge", "", "nothing", "level");
    there.write_all(b"abcdef")?;
    tell("six bytes come", &lists)?;
    tell("nothing happens", &lists)?;
    here.read_exact(&mut [0; 3])?;
    tell("three are read", &lists)?;
    there.write_all(b"g")?;
    tell("one more comes", &lists)?;
    here.read_exact(&mut [0; 4])?;
    tell("all are read", &lists)?;
    there.write_all(b"h")?;
    drop(there);
    tell("a byte, and the end", &lists)?;
    here.read_exact(&mut [0; 1])?;
    tell("the byte is read", &lists)?;
    Ok(())
}

/// What each list says when it is asked.
fn tell(what: &str, lists: &[Epoll]) -> Result<(), Box<dyn Error>> {
    print!("{what:<20}");
    for list in lists {
        let mut events = [EpollEvent::empty()];
        let said = match list.wait(&mut events, EpollTimeout::ZERO)? {
            0 => "-".to_string(),
            _ => {
                let flags = events[0].events();
                let names = flags.iter_names().map(|(name, _)| name);
                names.collect::<Vec<_>>().join(" ")
            }
        };
        print!("{:<8}", said.replace("EPOLL", ""));
    }
    println!();
    Ok(())
}
