//! Who may ask what this node knows, and have it say something: this machine,
//! and there nobody's pages but ours.

use std::net::{IpAddr, SocketAddr};

use peer::random::random;
use peer::wire::hex;
use shared::cli::Failure;
use shared::http::fields;
use shared::http::head::Head;
use shared::http::status::Status;
use shared::web::trust::Trust;

/// Who may.
pub struct Access {
    /// Under which names we may be asked.
    reading: Trust,
    /// And under which token we may be made to say something: our page knows
    /// it, and no other page can read it there.
    saying: Trust,
    token: String,
    /// Others than this machine may, too.
    is_public: bool,
}

impl Access {
    /// For a node that listens there. Others than this machine may ask only
    /// under the name of `host`, if there is one.
    ///
    /// # Errors
    /// Those of getrandom(2).
    pub fn new(
        address: SocketAddr,
        host: Option<String>,
    ) -> Result<Self, Failure> {
        let token = random::<16>()
            .map_err(|errno| Failure::new("cannot get random bytes", errno))?;
        let token = hex(&token);
        let is_public = host.is_some();
        let hosts = Vec::from_iter(host);
        let secret = Some(token.clone().into_bytes());
        Ok(Access {
            reading: Trust::new(&[address], &hosts, None),
            saying: Trust::new(&[address], &hosts, secret),
            token,
            is_public,
        })
    }

    /// What our page shows, to have something said.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether this peer may ask, or have something said.
    ///
    /// # Errors
    /// The status for those who may not.
    pub fn allows(
        &self,
        head: &Head,
        peer: Option<IpAddr>,
        says: bool,
    ) -> Result<(), Status> {
        if !self.is_public && !peer.is_some_and(|it| it.is_loopback()) {
            return Err(Status::Forbidden);
        }
        if !says {
            return self.reading.allows(head);
        }
        // A browser says which page a request comes from; who has no page says
        // which one it would be.
        if fields::only(head.fields, "Origin").is_none() {
            return Err(Status::Forbidden);
        }
        self.saying.allows(head)?;
        // No form can send this. For a script of another page the browser asks
        // us first whether it may, and is not told that it may.
        match fields::only(head.fields, "Content-Type") {
            Some(b"application/json") => Ok(()),
            _ => Err(Status::UnsupportedMediaType),
        }
    }
}
