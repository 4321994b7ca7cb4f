//! Enters in step 24: the join code: what somebody types to become part of a
//! network.
//!
//! Letters and digits that are not taken for each other (Crockford's base 32),
//! in groups of five. A sum at the end finds what was mistyped.

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::wire::Reader;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const VERSION: u8 = 1;

/// A code names at most so many addresses.
pub const MAX_ADDRESSES: usize = 3;

/// Characters in a group.
const GROUP: usize = 5;

/// What a join code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinCode {
    /// How the network's number begins.
    pub network: [u8; 8],
    /// What only those know who may join; `None`: everybody may.
    pub secret: Option<[u8; 16]>,
    /// Where nodes of the network are.
    pub addresses: Vec<SocketAddr>,
}

/// Why a code cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// A character that no code has.
    Character(char),
    /// The sum is wrong.
    Sum,
    /// It is right, but of another version than ours.
    Version,
}

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::Character(it) => {
                write!(f, "no join code has a {it:?}: it is mistyped")
            }
            Mistake::Sum => {
                f.write_str("that join code is mistyped, or not complete")
            }
            Mistake::Version => {
                f.write_str("that join code is of another version")
            }
        }
    }
}

impl Display for JoinCode {
    /// The code. Of the addresses it has as many as there is room for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION];
        bytes.extend(self.network);
        let addresses = self.addresses.iter().take(MAX_ADDRESSES);
        bytes
            .push(u8::from(self.secret.is_some()) << 7 | addresses.len() as u8);
        bytes.extend(self.secret.iter().flatten());
        for address in addresses {
            match address.ip() {
                IpAddr::V4(ip) => {
                    bytes.push(4);
                    bytes.extend(ip.octets());
                }
                IpAddr::V6(ip) => {
                    bytes.push(6);
                    bytes.extend(ip.octets());
                }
            }
            bytes.extend(address.port().to_be_bytes());
        }
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        let letters = base32(&bytes);
        let groups = letters.as_bytes().chunks(GROUP);
        let groups = groups.map(|it| String::from_utf8_lossy(it));
        f.write_str(&groups.collect::<Vec<_>>().join("-"))
    }
}

impl JoinCode {
    /// Reads a code: large and small letters are the same, as are `O` and `0`,
    /// and `I`, `L` and `1`; hyphens and spaces do not count.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let bytes = from_base32(text)?;
        let (bytes, sum) = bytes.split_last_chunk::<4>().ok_or(Mistake::Sum)?;
        if crc32fast::hash(bytes).to_be_bytes() != *sum {
            return Err(Mistake::Sum);
        }
        let mut from = Reader(bytes);
        let code = JoinCode::read(&mut from);
        let is_whole = from.nothing_left().is_some();
        code.filter(|_| is_whole).ok_or(Mistake::Version)
    }

    fn read(from: &mut Reader) -> Option<Self> {
        let [version] = from.next_array()?;
        (version == VERSION).then_some(())?;
        let network = from.next_array()?;
        let [counts] = from.next_array()?;
        let secret = match counts >> 7 {
            0 => None,
            _ => Some(from.next_array()?),
        };
        let count = usize::from(counts & 0x7f);
        (count <= MAX_ADDRESSES).then_some(())?;
        let addresses = (0..count).map(|_| {
            let ip = match from.next_array()? {
                [4] => Ipv4Addr::from(from.next_array::<4>()?).into(),
                [6] => Ipv6Addr::from(from.next_array::<16>()?).into(),
                _ => return None,
            };
            Some(SocketAddr::new(ip, from.next_u16()?))
        });
        let addresses = addresses.collect::<Option<Vec<_>>>()?;
        Some(JoinCode { network, secret, addresses })
    }
}

/// Five bits for each character; zeros fill up the last one.
fn base32(bytes: &[u8]) -> String {
    let bit = |at: usize| {
        let byte = bytes.get(at / 8).copied().unwrap_or_default();
        usize::from(byte >> (7 - at % 8) & 1)
    };
    let letter = |at: usize| {
        let value = (at..at + 5).fold(0, |value, at| value << 1 | bit(at));
        char::from(ALPHABET[value])
    };
    (0..bytes.len() * 8).step_by(5).map(letter).collect()
}

fn from_base32(text: &str) -> Result<Vec<u8>, Mistake> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.chars().filter(|it| !matches!(it, '-' | ' ')) {
        let plain = match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        };
        let value = ALPHABET.iter().position(|it| char::from(*it) == plain);
        let value = value.ok_or(Mistake::Character(letter))?;
        bits = (bits << 5 | value as u32) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    // What filled up the last character: zeros, and less than one more.
    match count < 5 && bits & ((1 << count) - 1) == 0 {
        true => Ok(bytes),
        false => Err(Mistake::Sum),
    }
}
