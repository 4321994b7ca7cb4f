//! Two listeners on one port and forty clients, none of them accepted. Then
//! one of the listeners is closed.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use shared::net::listener::Listener;

fn main() -> Result<(), Box<dyn Error>> {
    let mut group = Listener::open_group("127.0.0.1:0".parse()?, 2)?;
    let address = group[0].address();
    let mut clients = Vec::new();
    for _ in 0..40 {
        let mut client = TcpStream::connect(address)?;
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
        client.set_nonblocking(true)?;
        clients.push(client);
    }
    println!("{} clients are connected", clients.len());
    drop(group.pop());
    let is_reset = |client: &mut TcpStream| {
        let error = client.read(&mut [0]).err();
        error.is_some_and(|it| it.kind() == ErrorKind::ConnectionReset)
    };
    let reset = clients.iter_mut().filter_map(|it| is_reset(it).then_some(()));
    println!("one listener is closed: {} of them are reset", reset.count());
    Ok(())
}
