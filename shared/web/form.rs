//! Enters in step 21: names and values as a form sends them:
//! `name=Ada&text=Good+morning%21`.
//!
//! <https://url.spec.whatwg.org/#application/x-www-form-urlencoded>. A query
//! has the same form.

use crate::collections::dictionary::Dictionary;
use crate::http::path::{digit, encode};
use crate::http::status::Status;

/// The most bytes that a form may have.
pub const MAX_BYTES: u64 = 64 * 1024;

/// The most pairs.
const MAX_PAIRS: usize = 1000;

/// Names and values.
#[derive(Debug, Default)]
pub struct Form {
    /// The values of each name, in their order. The names are the client's:
    /// a thousand of them must not all be found in the same place.
    values: Dictionary<Vec<String>>,
}

impl Form {
    /// Takes a form apart.
    ///
    /// # Errors
    /// 400 for a percent sign without two hexadecimal digits, for what is not
    /// UTF-8, and for too much.
    pub fn parse(text: &[u8]) -> Result<Self, Status> {
        let mut values: Dictionary<Vec<String>> = Dictionary::new();
        let is_pair = |it: &&[u8]| !it.is_empty();
        let pairs = text.split(|&byte| byte == b'&').filter(is_pair);
        if text.len() as u64 > MAX_BYTES || pairs.clone().count() > MAX_PAIRS {
            return Err(Status::BadRequest);
        }
        for pair in pairs {
            let end = pair.iter().position(|&byte| byte == b'=');
            let (name, value) = pair.split_at(end.unwrap_or(pair.len()));
            let name = decode(name)?;
            let value = decode(value.get(1..).unwrap_or_default())?;
            values.value_or_else(name.as_bytes(), Vec::new).push(value);
        }
        Ok(Form { values })
    }

    /// The values of this name, in their order.
    pub fn values(&self, name: &str) -> &[String] {
        self.values.value(name.as_bytes()).map_or(&[], |all| &all[..])
    }

    /// The value of this name; `None` if there are several, of which none is
    /// meant more than the others.
    pub fn only(&self, name: &str) -> Option<&str> {
        match self.values(name) {
            [value] => Some(value),
            _ => None,
        }
    }
}

/// Adds a pair to a form.
pub fn add(form: &mut Vec<u8>, name: &str, value: &str) {
    if !form.is_empty() && !form.ends_with(b"\n") {
        form.push(b'&');
    }
    encode(name.as_bytes(), is_plain, form);
    form.push(b'=');
    encode(value.as_bytes(), is_plain, form);
}

/// What need not be encoded, wherever it stands.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Spaces are plus signs; everything else that is special has a percent sign.
fn decode(text: &[u8]) -> Result<String, Status> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, others @ ..] = rest {
        rest = others;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let [high, low, others @ ..] = rest else {
                    return Err(Status::BadRequest);
                };
                rest = others;
                digit(*high)? << 4 | digit(*low)?
            }
            plain => *plain,
        });
    }
    String::from_utf8(bytes).map_err(|_| Status::BadRequest)
}
