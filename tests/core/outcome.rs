//! What has become of some bytes, as a server without a site sees it.

use crate::cases::{Case, Expected, Then};

/// What was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The client was told to send its body.
    Continue,
    /// A whole request.
    Request {
        method: String,
        target: String,
        fields: Vec<(String, Vec<u8>)>,
        body: Vec<u8>,
    },
    /// A refusal; nothing comes after it.
    Refused(u16),
}

/// All that was understood, and whether more would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub events: Vec<Event>,
    pub waits: bool,
}

impl Outcome {
    /// What is not as `case` demands, if anything.
    pub fn fault(&self, case: &Case) -> Option<String> {
        let why = self.matches(case).err()?;
        Some(format!("{case}\n  {why}\n  understood: {self:?}\n"))
    }

    fn matches(&self, case: &Case) -> Result<(), String> {
        if self.events.len() != case.responses.len() {
            let expected = case.responses.len();
            return Err(format!("expected {expected} responses"));
        }
        for (event, response) in self.events.iter().zip(&case.responses) {
            if !fits(event, response) {
                return Err(format!("expected {response:?}, was {event:?}"));
            }
        }
        match (self.waits, case.then) {
            (true, Then::Closes) => Err("expected a close".into()),
            (false, Then::Waits) => Err("expected it to wait".into()),
            _ => Ok(()),
        }
    }
}

fn fits(event: &Event, response: &Expected) -> bool {
    match (event, response) {
        (Event::Continue, Expected::Continue) => true,
        (
            Event::Request { body, .. },
            Expected::Accepted { body: wanted, .. },
        ) => wanted.as_ref().is_none_or(|wanted| wanted == body),
        (Event::Refused(status), Expected::Refused(statuses)) => {
            statuses.contains(status)
        }
        _ => false,
    }
}
