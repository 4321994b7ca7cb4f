//! Two clients leave at the same time, the first takes the other along, and a
//! third comes. Whom does the second event find?

use std::collections::HashMap;
use std::error::Error;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};
use shared::collections::slab::{Key, Slab};

fn main() -> Result<(), Box<dyn Error>> {
    // One list says the number of the descriptor, the other one a key.
    let (numbers, keys) = (list()?, list()?);
    let (mut by_number, mut by_key) = (HashMap::new(), Slab::new());
    let (one, one_far) = UnixStream::pair()?;
    let (two, two_far) = UnixStream::pair()?;
    for (client, name) in [(&one, "client 1"), (&two, "client 2")] {
        let number = client.as_raw_fd() as u64;
        by_number.insert(number, name);
        numbers.add(client, EpollEvent::new(EpollFlags::EPOLLIN, number))?;
        let key = by_key.insert(name).to_bits();
        keys.add(client, EpollEvent::new(EpollFlags::EPOLLIN, key))?;
    }
    drop((two_far, one_far));
    let [number, next_number] = events(&numbers)?;
    let [key, next_key] = events(&keys)?.map(Key::from_bits);

    println!("first event, number {number}: {:?}", by_number.get(&number));
    println!("first event, {key:?}: {:?}", by_key.get_mut(key));
    // It has ended, and what belongs to it ends, too.
    by_number.clear();
    by_key.remove(key);
    by_key.remove(next_key);
    drop((two, one));

    let (three, _three_far) = UnixStream::pair()?;
    by_number.insert(three.as_raw_fd() as u64, "client 3");
    by_key.insert("client 3");

    let found = by_number.get(&next_number);
    println!("second event, number {next_number}: {found:?}");
    println!("second event, {next_key:?}: {:?}", by_key.get_mut(next_key));
    Ok(())
}

fn list() -> nix::Result<Epoll> {
    Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)
}

fn events(list: &Epoll) -> nix::Result<[u64; 2]> {
    let mut events = [EpollEvent::empty(); 2];
    list.wait(&mut events, EpollTimeout::ZERO)?;
    Ok(events.map(|event| event.data()))
}
