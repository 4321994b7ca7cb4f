//! Why there is nobody: which ways there are, and what is wrong with each.

use std::time::{Duration, Instant};

use shared::cli;

use super::beacons::Heard;

/// After so long something should have been heard: two beacons.
const PATIENCE: Duration = Duration::from_secs(12);

/// What there is to be said about it.
pub struct Facts {
    /// How many links there are.
    pub links: usize,
    /// How many addresses we were told of.
    pub told: usize,
    /// How many others we know.
    pub known: usize,
    /// What has become of beacons; `None`: there are none.
    pub beacons: Option<Heard>,
}

/// Notices that nobody is there.
pub struct Alone {
    /// Since when.
    since: Option<Instant>,
    /// What was said last.
    said: Option<String>,
}

impl Alone {
    /// Nobody is there yet.
    pub fn new(now: Instant) -> Self {
        Alone { since: Some(now), said: None }
    }

    /// When to look again, if it has not been said yet.
    pub fn due(&self) -> Option<Instant> {
        let since = self.since.filter(|_| self.said.is_none())?;
        Some(since + PATIENCE)
    }

    /// What is to be said now, if it was not said before.
    pub fn look(&mut self, facts: &Facts, now: Instant) -> Option<&str> {
        if facts.links > 0 {
            (self.since, self.said) = (None, None);
            return None;
        }
        let since = *self.since.get_or_insert(now);
        if now < since + PATIENCE {
            return None;
        }
        let why = why(facts);
        if self.said.as_ref() == Some(&why) {
            return None;
        }
        self.said.insert(why).as_str().into()
    }
}

fn why(facts: &Facts) -> String {
    let told = match facts.told {
        0 => "no address was given".to_string(),
        1 => "nobody answers at the address that was given".to_string(),
        told => format!("nobody answers at the {told} addresses given"),
    };
    let known = match facts.known {
        0 => String::new(),
        known => format!("; nobody answers at {known} others that we know"),
    };
    let beacons = match facts.beacons {
        None => "beacons are sent only in a --network".to_string(),
        Some(Heard::Failed(errno)) => {
            format!("no beacon can be sent ({})", cli::strerror(errno))
        }
        Some(Heard::Nothing) => {
            "not even our own beacons are heard".to_string()
        }
        Some(Heard::Own) => "nobody else's beacons are heard: nobody is \
                             here, or the network drops multicast"
            .to_string(),
        Some(Heard::Others) => {
            "beacons are heard, but nobody answers where they come from"
                .to_string()
        }
    };
    format!("{told}{known}; {beacons}; give --peer or --join an address")
}
