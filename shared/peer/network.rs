//! Enters in step 25: which network this node is in: as it is named, or as a
//! join code says.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::hello::{Greeting, network_id, only_prefix};
use crate::join::JoinCode;
use crate::random::random;
use crate::wire::hex;
use sha2::{Digest, Sha256};
use shared::cli::Failure;

/// How many bits a block's stamp has, in a network that everybody may join,
/// and in one with a secret.
const BITS: (u8, u8) = (16, 8);

/// The network of a node that was told of none.
const DEFAULT: &str = "step25";

/// Which one it is.
pub struct Network {
    /// Its number; `None` as long as nobody has told us all of it.
    pub id: Option<[u8; 32]>,
    /// How it begins.
    pub prefix: [u8; 8],
    secret: Option<[u8; 16]>,
    /// Where nodes of it are, as the join code says.
    pub addresses: Vec<SocketAddr>,
    /// It is to be found in the room, too.
    pub is_public: bool,
}

impl Network {
    /// Reads what the flags say.
    ///
    /// # Errors
    /// When they do not fit together, or the secret cannot be had.
    pub fn read(
        name: Option<OsString>,
        secret: Option<OsString>,
        code: Option<OsString>,
    ) -> Result<Self, Failure> {
        let text = |text: OsString| text.to_string_lossy().into_owned();
        match (name.map(text), secret, code.map(text)) {
            (None, None, Some(code)) => {
                let code = JoinCode::parse(&code).map_err(Failure::usage)?;
                Ok(Network {
                    id: None,
                    prefix: code.network,
                    secret: code.secret,
                    addresses: code.addresses,
                    is_public: true,
                })
            }
            (Some(name), secret, None) if matches!(name.len(), 1..=255) => {
                let secret = secret.map(|it| read_secret(Path::new(&it)));
                Ok(Network::named(&name, secret.transpose()?, true))
            }
            (None, None, None) => Ok(Network::named(DEFAULT, None, false)),
            (Some(_), _, None) => {
                Err(Failure::usage("--network takes up to 255 bytes"))
            }
            (None, Some(_), _) => {
                Err(Failure::usage("--secret is for a --network"))
            }
            (Some(_), _, Some(_)) => {
                Err(Failure::usage("--join says which network it is"))
            }
        }
    }

    fn named(name: &str, secret: Option<[u8; 16]>, is_public: bool) -> Self {
        let mut network = Network {
            id: None,
            prefix: [0; 8],
            secret,
            addresses: Vec::new(),
            is_public,
        };
        let secret = secret.as_ref().map(|it| &it[..]);
        let id = network_id(name, network.bits(), secret);
        network.prefix.copy_from_slice(&id[..8]);
        network.id = Some(id);
        network
    }

    /// Whether a node of this network is one of ours. If we know only how ours
    /// begins, it is this one, from now on.
    pub fn adopt(&mut self, id: [u8; 32], greeting: &mut Greeting) -> bool {
        let is_whole = id != only_prefix(&id);
        if self.id.is_none() && id[..8] == self.prefix && is_whole {
            self.id = Some(id);
            greeting.network = id;
        }
        self.id == Some(id)
    }

    /// What a block costs in it: so many bits.
    pub fn bits(&self) -> u8 {
        if self.secret.is_some() { BITS.1 } else { BITS.0 }
    }

    /// What we say that it is.
    pub fn said(&self) -> [u8; 32] {
        let mut known = [0; 32];
        known[..8].copy_from_slice(&self.prefix);
        self.id.unwrap_or(known)
    }

    /// What all of its nodes know, and nobody else if it has a secret: also
    /// those who know only how its number begins. Enters in step 27.
    pub fn shared_key(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"swarm link key v1");
        hash.update(self.prefix);
        hash.update(self.secret.unwrap_or_default());
        hash.finalize().into()
    }

    /// What others are to type, of whom some are at these addresses.
    pub fn code(&self, addresses: Vec<SocketAddr>) -> JoinCode {
        let (network, secret) = (self.prefix, self.secret);
        JoinCode { network, secret, addresses }
    }
}

/// The secret in this file, which is made if there is none.
fn read_secret(path: &Path) -> Result<[u8; 16], Failure> {
    let name = path.display();
    let cannot = |what: &str, error: io::Error| {
        Failure::new(format_args!("cannot {what} the secret {name}"), error)
    };
    match fs::read_to_string(path) {
        Ok(text) => from_hex(text.trim_end()).ok_or_else(|| {
            Failure::wrong(format_args!(
                "{name}: a secret has 32 hexadecimal digits"
            ))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = random().map_err(|errno| {
                Failure::new("cannot get random bytes", errno)
            })?;
            // Nobody else may read it, not even for a moment.
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            options
                .open(path)
                .and_then(|mut file| writeln!(file, "{}", hex(&secret)))
                .map_err(|error| cannot("write", error))?;
            Ok(secret)
        }
        Err(error) => Err(cannot("read", error)),
    }
}

fn from_hex(text: &str) -> Option<[u8; 16]> {
    let are_digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (are_digits && text.len() == 32).then_some(())?;
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}
