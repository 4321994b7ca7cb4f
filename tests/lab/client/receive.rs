//! Receiving, up to some bytes or to an end.

use std::io::{ErrorKind, Read};

use super::Client;
use super::wait::Wait;
use crate::lab::show;
use crate::lab::trouble::Outcome;

/// Why nothing more is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As much has come as was wanted.
    Enough,
    /// The other side has closed.
    Eof,
    /// The other side has reset the connection.
    Reset,
    /// Both sides wait for each other.
    Silence,
    /// The program computes without end.
    Spinning,
    /// The time is over.
    Late,
}

impl End {
    /// How a report goes on after what has been received.
    pub fn words(self) -> &'static str {
        match self {
            End::Enough => "",
            End::Eof => " then end of file",
            End::Reset => " then a reset",
            End::Silence => " then silence: both sides wait for each other",
            End::Spinning => " then nothing: the program computes without end",
            End::Late => " then nothing in time",
        }
    }

    /// What has been received, and how it went on.
    pub fn after(self, received: &[u8]) -> String {
        let shown = match received {
            [] => "nothing".to_string(),
            received => show::bytes(received),
        };
        shown + self.words()
    }
}

/// No program has more to say.
const MOST: usize = 64 << 20;

impl Client {
    /// Receives up to `most` bytes.
    pub fn receive(&mut self, most: usize) -> Outcome<(Vec<u8>, End)> {
        let (received, end) = self.gather(most)?;
        self.event(format!("received {}", end.after(&received)));
        Ok((received, end))
    }

    /// Receives what comes, up to these words and with them.
    pub fn receive_until(&mut self, words: &str) -> Outcome<String> {
        let (received, end) = self.gather_until(|got| {
            // What came before has been looked at.
            let from = got.len().saturating_sub((16 << 10) + words.len());
            let mut windows = got[from..].windows(words.len());
            let found = windows.position(|it| it == words.as_bytes());
            found.map(|at| from + at + words.len())
        })?;
        self.event(format!("received {}", end.after(&received)));
        match end {
            End::Enough => Ok(String::from_utf8_lossy(&received).into_owned()),
            end => Err(self.failed(words, end.after(&received))),
        }
    }

    /// Receives all there is, up to the end of file.
    pub fn receive_all(&mut self) -> Outcome<Vec<u8>> {
        match self.receive(MOST)? {
            (received, End::Eof) => Ok(received),
            (received, end) => {
                Err(self.failed("end of file", end.after(&received)))
            }
        }
    }

    /// Receives up to `most` bytes without a word in the record.
    pub(super) fn gather(&mut self, most: usize) -> Outcome<(Vec<u8>, End)> {
        match most {
            0 => Ok((Vec::new(), End::Enough)),
            _ => self.gather_until(|got| (got.len() >= most).then_some(most)),
        }
    }

    /// Receives until `end` finds in what has come where enough of it ends,
    /// and not a byte more, without a word in the record.
    pub(super) fn gather_until(
        &mut self,
        end: impl Fn(&[u8]) -> Option<usize>,
    ) -> Outcome<(Vec<u8>, End)> {
        let mut received = Vec::new();
        let mut chunk = vec![0; 16 * 1024];
        let mut wait: Option<Wait> = None;
        loop {
            match self.stream.peek(&mut chunk) {
                Ok(0) => return Ok((received, End::Eof)),
                Ok(count) => {
                    let before = received.len();
                    received.extend_from_slice(&chunk[..count]);
                    let end = end(&received);
                    received.truncate(end.unwrap_or(received.len()));
                    let taken = &mut chunk[..received.len() - before];
                    if self.stream.read_exact(taken).is_err() {
                        return Ok((received, End::Reset));
                    }
                    if end.is_some() {
                        return Ok((received, End::Enough));
                    }
                    if let Some(wait) = &mut wait {
                        wait.goes_on(&self.program);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if let Some(end) = self.await_more(&mut wait)? {
                        return Ok((received, end));
                    }
                }
                Err(_) => return Ok((received, End::Reset)),
            }
        }
    }

    /// Whether there is something to receive at this moment, be it the end
    /// of the stream.
    pub fn has_something(&self) -> bool {
        let peeked = self.stream.peek(&mut [0]);
        !matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Receives what comes, up to the end of file.
    pub fn drain_to_eof(&mut self) -> Outcome {
        self.receive_all().map(drop)
    }

    /// Receives exactly `bytes`.
    pub fn expect(&mut self, bytes: &[u8]) -> Outcome {
        let (got, _) = self.receive(bytes.len())?;
        if got == bytes {
            return Ok(());
        }
        let exactly = if bytes.len() > 40 { ", exactly these" } else { "" };
        let expected = show::bytes(bytes) + exactly;
        Err(self.failed(expected, show::difference(bytes, &got)))
    }

    /// Receives the end of file, and nothing before it.
    pub fn expect_eof(&mut self) -> Outcome {
        let (got, end) = self.receive(4096)?;
        let what = match end {
            End::Eof if got.is_empty() => return Ok(()),
            End::Eof | End::Enough => {
                format!("more bytes: {}", show::bytes(&got))
            }
            End::Reset => "a reset".to_string(),
            _ => "nothing: the connection stays open".to_string(),
        };
        Err(self.failed("end of file", what))
    }
}
