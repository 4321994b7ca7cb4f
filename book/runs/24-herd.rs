//! Waits until so many nodes have connected, lets all of them go at once, and
//! counts when they come again. Each is let go again at once.

use std::error::Error;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

/// A column.
const STEP: Duration = Duration::from_millis(100);

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let listener = TcpListener::bind(words.next().ok_or("which ADDRESS?")?)?;
    let count: usize = words.next().ok_or("how many?")?.parse()?;
    let all: Vec<_> = listener.incoming().take(count).collect();
    listener.set_nonblocking(true)?;
    let begin = Instant::now();
    drop(all);
    let mut counts = [0; 50];
    while let Some(column) = counts
        .get_mut((begin.elapsed().as_micros() / STEP.as_micros()) as usize)
    {
        match listener.accept() {
            Ok(_) => *column += 1,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(error.into()),
        }
    }
    for (second, columns) in counts.chunks(10).enumerate() {
        let columns = columns.iter().map(|it| match it {
            0 => "  .".to_string(),
            count => format!("{count:3}"),
        });
        println!("second {second}: {}", columns.collect::<String>());
    }
    Ok(())
}
