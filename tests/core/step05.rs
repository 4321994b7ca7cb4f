//! Step 05's parser, without its server.

use super::outcome::{Event, Outcome};
use super::parser::{Parse, Parser};

const MAX_HEAD: usize = 16 * 1024;

/// What becomes of `pieces` in step 05: one request at most.
pub fn outcome(pieces: &[&[u8]], finish: bool) -> Outcome {
    let mut parser = Parser::new();
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend_from_slice(piece);
        bytes.truncate(MAX_HEAD);
        let event = match parser.parse(&bytes) {
            Parse::Partial if bytes.len() < MAX_HEAD => continue,
            Parse::Partial => Event::Refused(parser.too_long().code()),
            Parse::Error(status) => Event::Refused(status.code()),
            Parse::Complete(head) => {
                let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
                Event::Request {
                    method: format!("{:?}", head.method).to_uppercase(),
                    target: text(head.target),
                    fields: head
                        .fields
                        .iter()
                        .map(|(name, value)| (text(name), value.to_vec()))
                        .collect(),
                    body: Vec::new(),
                }
            }
        };
        return Outcome { events: vec![event], waits: false };
    }
    let is_cut = finish && !bytes.is_empty();
    let events = if is_cut { vec![Event::Refused(400)] } else { vec![] };
    Outcome { events, waits: !finish }
}
