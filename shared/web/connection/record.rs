//! Enters in step 21: what is to be logged of each request.
//!
//! The text of a request is taken when its head has arrived, and the status
//! when its response is written; but how much of it was sent is known only
//! when it has left, or when it cannot leave any more. Responses leave in the
//! order of the requests: it is enough to count the bytes of the stream.

use std::net::IpAddr;

use httparse::Header;
use memchr::memmem;

use super::escape::escape;
use super::{Connection, State};
use crate::web::site::Site;

/// What is logged of a request whose client has gone before there was a
/// response: nginx's number, which no RFC has.
const CLIENT_CLOSED_REQUEST: [u8; 3] = *b"499";

/// A request whose response has left, as far as it ever will.
#[derive(Debug)]
pub struct Record<'r> {
    /// Who sent it; `None` if it came through a Unix socket.
    pub client: Option<IpAddr>,
    /// Its first line, fit for a log.
    pub request_line: &'r [u8],
    /// Its Referer and its User-Agent, in quotes, fit for a log.
    pub fields: &'r [u8],
    /// The digits of the response's status.
    pub status: [u8; 3],
    /// How many bytes of the response's body were sent: what nginx calls
    /// `$body_bytes_sent`. The kernel has taken them; whether they arrived,
    /// nobody knows.
    pub body_bytes_sent: u64,
}

/// The requests of a connection that are still to be logged.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Of the client whose turn it is.
    pub(super) peer: Option<IpAddr>,
    entries: Vec<Entry>,
    /// What the entries say, one behind the other.
    texts: Vec<u8>,
    /// How many bytes have left so far, of output and files.
    left: u64,
}

/// A request.
#[derive(Debug)]
struct Entry {
    client: Option<IpAddr>,
    /// Lengths of its texts.
    request_line: usize,
    fields: usize,
    /// `None` until there is a response.
    status: Option<[u8; 3]>,
    /// Where the body of its response begins in the stream of bytes that
    /// leave, and where it ends.
    body: u64,
    end: u64,
}

impl Records {
    /// A request has arrived that begins like this.
    pub(super) fn begin(&mut self, bytes: &[u8]) {
        let end = memchr::memchr2(b'\r', b'\n', bytes);
        let line = &bytes[..end.unwrap_or(bytes.len())];
        self.entries.push(Entry {
            client: self.peer,
            request_line: escape(&mut self.texts, line),
            fields: 0,
            status: None,
            body: 0,
            end: 0,
        });
    }

    /// Its head has these fields, and this client sends it.
    pub(super) fn head(&mut self, fields: &[Header], client: Option<IpAddr>) {
        let Some(entry) = self.entries.last_mut() else { return };
        entry.client = client;
        let (mut referer, mut agent) = (None, None);
        for field in fields {
            let is = |known| field.name.eq_ignore_ascii_case(known);
            match field.name.len() {
                7 if is("Referer") => referer = referer.or(Some(field.value)),
                10 if is("User-Agent") => agent = agent.or(Some(field.value)),
                _ => {}
            }
        }
        let texts = &mut self.texts;
        let start = texts.len();
        texts.push(b'"');
        escape(texts, referer.unwrap_or_default());
        texts.extend_from_slice(b"\" \"");
        escape(texts, agent.unwrap_or_default());
        texts.push(b'"');
        entry.fields = texts.len() - start;
    }

    /// The response to the last request has been written: these bytes of the
    /// output, and behind them so many of a file. So many of the output have
    /// not left yet.
    fn response(&mut self, bytes: &[u8], of_file: u64, unsent: usize) {
        let Some(entry) = self.entries.last_mut() else { return };
        let end = self.left + unsent as u64;
        let head = memmem::find(bytes, b"\r\n\r\n");
        let body = head.map_or(0, |head| bytes.len() - head - 4);
        let status = b"HTTP/1.1 ".len();
        entry.status = bytes.get(status..).and_then(|it| {
            // Every response begins with such a line.
            it.first_chunk().copied()
        });
        entry.body = end - body as u64;
        entry.end = end + of_file;
    }

    /// So many bytes have left.
    pub(super) fn sent(&mut self, count: u64) {
        self.left += count;
    }

    /// No byte will leave any more.
    fn end(&mut self) {
        for entry in &mut self.entries {
            entry.status.get_or_insert(CLIENT_CLOSED_REQUEST);
            entry.end = entry.end.min(self.left);
        }
    }

    /// A head has arrived to here, and will not be read to its end. If it
    /// was, and was refused then, it has been recorded.
    fn cut_off(&mut self, bytes: &[u8]) {
        if self.entries.last().is_none_or(|last| last.status.is_some()) {
            self.begin(bytes);
        }
    }

    /// Takes out those that are complete.
    fn take(&mut self, mut take: impl FnMut(Record)) {
        let (mut count, mut end) = (0, 0);
        for entry in &self.entries {
            let Some(status) = entry.status else { break };
            if entry.end > self.left {
                break;
            }
            let (request_line, rest) =
                self.texts[end..].split_at(entry.request_line);
            take(Record {
                client: entry.client,
                request_line,
                fields: match &rest[..entry.fields] {
                    b"" => b"\"-\" \"-\"",
                    fields => fields,
                },
                status,
                body_bytes_sent: entry.end.saturating_sub(entry.body),
            });
            end += entry.request_line + entry.fields;
            count += 1;
        }
        self.entries.drain(..count);
        self.texts.drain(..end);
    }

    /// Forgets all of them; only the memory stays.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.texts.clear();
        self.left = 0;
    }

    /// Takes them out, in memory of their own; `None` if there are none.
    pub(super) fn split_off(&mut self) -> Option<Box<Self>> {
        (!self.entries.is_empty()).then(|| {
            let own = Records {
                entries: self.entries.drain(..).collect(),
                texts: self.texts.as_slice().into(),
                ..*self
            };
            self.clear();
            Box::new(own)
        })
    }

    /// Puts in those that were taken out.
    pub(super) fn append(&mut self, own: &mut Self) {
        self.entries.append(&mut own.entries);
        self.texts.append(&mut own.texts);
        self.left = own.left;
    }
}

impl<S: Site> Connection<S> {
    /// From now on it keeps what is to be logged, for a client with this
    /// address; `None` if it came through a Unix socket. Each time that the
    /// connection is lent, this is to be said anew.
    pub fn keep_records(&mut self, peer: Option<IpAddr>) {
        self.records.get_or_insert_default().peer = peer;
    }

    /// Takes out what is complete, in the order of the requests.
    pub fn take_records(&mut self, take: impl FnMut(Record)) {
        if let Some(records) = &mut self.records {
            records.take(take);
        }
    }

    /// Nothing more of the responses leaves, and a request that has none yet
    /// gets none: all records are complete.
    pub fn end_records(&mut self) {
        let Some(records) = &mut self.records else { return };
        if let State::Head(_) = self.state {
            records.cut_off(self.input.bytes());
        }
        records.end();
    }

    /// A response has been written into the output, from here on.
    pub(super) fn record_response(&mut self, start: usize) {
        let Some(records) = &mut self.records else { return };
        if let State::Head(_) = self.state {
            records.cut_off(self.input.bytes());
        }
        let file = self.file.as_ref().map(|(_, range)| range);
        let of_file = file.map_or(0, |range| range.end - range.start);
        let unsent = self.output.len() - self.sent;
        records.response(&self.output[start..], of_file, unsent);
    }
}
