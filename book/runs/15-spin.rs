//! Ten deadlines, each a millisecond and a half after the one before: how
//! often epoll_wait is called, when its time-out is rounded down and up.

use std::error::Error;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollTimeout};

const STEP: Duration = Duration::from_micros(1500);

fn main() -> Result<(), Box<dyn Error>> {
    let down = |left: Duration| left.as_micros() / 1000;
    let up = |left: Duration| left.as_micros().div_ceil(1000);
    println!("rounded down: {:>6} calls", calls(down)?);
    println!("rounded up:   {:>6} calls", calls(up)?);
    Ok(())
}

/// Waits for each deadline; `round` makes milliseconds of what is left.
fn calls(round: fn(Duration) -> u128) -> Result<u32, Box<dyn Error>> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let mut count = 0;
    for _ in 0..10 {
        let deadline = Instant::now() + STEP;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let timeout = EpollTimeout::try_from(round(left))?;
            epoll.wait(&mut [EpollEvent::empty()], timeout)?;
            count += 1;
        }
    }
    Ok(count)
}
