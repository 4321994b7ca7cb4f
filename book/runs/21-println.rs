//! A server that says a line for each request.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    let address = env::args().nth(1).unwrap_or_default();
    let listener = TcpListener::bind(address)?;
    for client in listener.incoming() {
        // A client that fails is no reason to end.
        let _ = client.and_then(serve);
    }
    Ok(())
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let peer = client.peer_addr()?.ip();
    let (mut request, mut agent) = (String::new(), String::from("-"));
    for line in BufReader::new(&client).lines() {
        let line = line?;
        match line.strip_prefix("User-Agent: ") {
            _ if line.is_empty() => break,
            Some(value) => agent = value.to_string(),
            None if request.is_empty() => request = line,
            None => {}
        }
    }
    client.write_all(b"HTTP/1.0 404 Not Found\r\n\r\nNot Found\n")?;
    println!(r#"{peer} - - [-] "{request}" 404 10 "-" "{agent}""#);
    Ok(())
}
