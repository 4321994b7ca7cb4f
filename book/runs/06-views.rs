//! Somebody uses a head after the buffer has moved.

struct Buffer {
    memory: Vec<u8>,
}

impl Buffer {
    fn consume(&mut self, count: usize) {
        self.memory.drain(..count);
    }
}

/// The method of the request in `bytes`: a view, not a copy.
fn method(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == b' ').next().unwrap_or(bytes)
}

fn main() {
    let mut buffer = Buffer { memory: b"GET / HTTP/1.1\r\n\r\n".to_vec() };
    let method = method(&buffer.memory);
    buffer.consume(18);
    println!("{}", method.escape_ascii());
}
