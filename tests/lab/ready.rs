//! When a program is ready: it has said so.
//!
//! Not when a connection succeeds, because the kernel accepts it before the
//! program does; not after a while, because nobody knows how long.

use std::net::SocketAddr;
use std::time::Duration;

use super::program::Program;
use super::quiet::Quiet;
use super::time::{Deadline, PATIENCE};
use super::trouble::Outcome;
use super::{proc, show};

const ANNOUNCEMENT: &str =
    "on stdout a line `listening on IP:PORT` for each socket, and no other";

impl Program {
    /// Waits until the program has announced `count` addresses. A scheme
    /// before the address is accepted only in a lenient lab.
    pub fn await_announcement(&self, count: usize) -> Outcome {
        let (lenient, trusts) = (self.lab().lenient, self.lab().trusts);
        let mut quiet = Quiet::new(self.pid());
        let mut pause = Duration::from_millis(1);
        let mut proofs = 0;
        let deadline = Deadline::new(PATIENCE * 2, self.pid());
        loop {
            // What is said until then is still read.
            let is_over =
                self.ended().is_some() || proofs == 3 || deadline.is_over();
            let found = announced(&self.stdout(), lenient)
                .map_err(|got| self.failed(ANNOUNCEMENT, got))?;
            if found.len() >= count {
                self.set_addresses(found);
                return Ok(());
            }
            if is_over {
                let got = self.why_not_ready(count, &found);
                return Err(self.failed(ANNOUNCEMENT, got));
            }
            // Once proves little: a line may be on its way to us.
            if !trusts && quiet.look(None) {
                proofs += 1;
                quiet = Quiet::new(self.pid());
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(32));
        }
    }

    /// Why there is no announcement: one of five things.
    fn why_not_ready(&self, count: usize, found: &[SocketAddr]) -> String {
        let rows = proc::own_rows(self.pid());
        let mut listening = rows.iter().filter(|row| {
            row.state == proc::LISTEN && !found.contains(&row.local)
        });
        if self.ended().is_some() {
            "it ended before that".to_string()
        } else if let Some(row) = listening.next() {
            format!("it listens on {} but never says so", row.local)
        } else if count > 1 && !found.is_empty() {
            format!("{} of {count} such lines", found.len())
        } else if self.load(Duration::from_millis(200)) > 0.9 {
            "nothing; it computes without end".to_string()
        } else {
            "nothing; it has no listening socket either".to_string()
        }
    }
}

/// The addresses announced so far; an error if there is any other line.
fn announced(stdout: &[u8], lenient: bool) -> Result<Vec<SocketAddr>, String> {
    let mut found = Vec::new();
    let whole_lines = stdout.split_inclusive(|byte| *byte == b'\n');
    for line in whole_lines.filter(|line| line.ends_with(b"\n")) {
        let text = String::from_utf8_lossy(line);
        let Some(rest) = text.trim_end().strip_prefix("listening on ") else {
            if lenient {
                continue;
            }
            return Err(format!("the line {}", show::bytes(line)));
        };
        let rest = match rest.split_once("://") {
            Some((_, address)) if lenient => address,
            _ => rest,
        };
        if lenient && rest.starts_with("unix:") {
            continue;
        }
        match rest.parse::<SocketAddr>() {
            Ok(address) if address.port() == 0 => {
                return Err(format!("`{}`: port 0", text.trim_end()));
            }
            Ok(address) => found.push(address),
            Err(_) => return Err(format!("the line {}", show::bytes(line))),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_are_read_and_others_refused() {
        let text = b"listening on 127.0.0.1:80\nlistening on [::1]:8";
        let found = announced(text, false);
        assert_eq!(found, Ok(vec![SocketAddr::from(([127, 0, 0, 1], 80))]));
        for wrong in [
            &b"listening on 127.0.0.1:0\n"[..],
            b"hello\n",
            b"listening on tcp://127.0.0.1:80\n",
        ] {
            assert!(announced(wrong, false).is_err());
        }
        let step = b"listening on tcp://127.0.0.1:80\n  try: this\n";
        assert_eq!(announced(step, true).map(|found| found.len()), Ok(1));
    }
}
