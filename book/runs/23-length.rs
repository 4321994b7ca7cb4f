use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut eve = TcpStream::connect(listener.local_addr()?)?;
    let (mut bob, _) = listener.accept()?;
    // Eve has four bytes to say.
    eve.write_all(&u32::MAX.to_be_bytes())?;
    println!("{} bytes announced", read_message(&mut bob)?.len());
    Ok(())
}

fn read_message(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; u32::from_be_bytes(length) as usize];
    println!("room for {} bytes", message.len());
    stream.read_exact(&mut message)?;
    Ok(message)
}
