//! Enters in step 22: what the settings say about limits and about the sandbox.

use std::path::PathBuf;

use super::reader::{Reader, Table};
use crate::rates::Rate;
use crate::sandbox::Mode;

/// The settings that there are.
pub const NAMES: &[&str] = &["rate", "sandbox"];

/// The most that a rate may say.
const MAX_RATE: u32 = 1_000_000;

/// What a server is not to be made to do.
#[derive(Debug, Default)]
pub struct Harden {
    /// How often a client may ask; `None` for as often as it likes.
    pub rate: Option<Rate>,
    /// Whether there is a sandbox.
    pub sandbox: Mode,
    /// What may be read in it, besides what the settings name.
    pub read: Vec<PathBuf>,
}

/// Those in the table that the whole file is.
pub fn read(reader: &mut Reader, top: &Table) -> Harden {
    let text = reader.text(top, "rate");
    let rate = reader.one(text, rate).map(|(rate, _)| rate);
    let (text, read) = match reader.table(top, "sandbox") {
        Some(table) => {
            reader.known(&table, &["mode", "read"]);
            (reader.text(&table, "mode"), reader.files(&table, "read"))
        }
        None => (reader.text(top, "sandbox"), Vec::new()),
    };
    let mode = reader.one(text, mode).map(|(mode, _)| mode);
    Harden { rate, sandbox: mode.unwrap_or_default(), read }
}

/// The name of a mode.
///
/// # Errors
/// When there is none of this name.
pub fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "off" => Ok(Mode::Off),
        "best" => Ok(Mode::Best),
        "require" => Ok(Mode::Require),
        _ => Err(format!("sandbox: \"{text}\" is not off, best or require")),
    }
}

/// `50/s`, or `50/s burst 100`.
///
/// # Errors
/// When it is neither.
pub fn rate(text: &str) -> Result<Rate, String> {
    let number = |text: &str| {
        let number = text.parse().ok();
        number.filter(|it| (1..=MAX_RATE).contains(it))
    };
    let words: Vec<_> = text.split_whitespace().collect();
    let per_second = |text: &str| number(text.strip_suffix("/s")?);
    let rate = match words[..] {
        [rate] => per_second(rate).map(|it| (it, it)),
        [rate, "burst", burst] => per_second(rate).zip(number(burst)),
        _ => None,
    };
    let rate = rate.map(|(per_second, burst)| Rate { per_second, burst });
    rate.ok_or_else(|| {
        format!("rate: \"{text}\" is no rate: write it as 50/s burst 100")
    })
}
