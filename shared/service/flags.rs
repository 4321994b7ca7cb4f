//! Enters in step 22: one site, as flags say it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::rates::Rate;
use crate::sandbox::Mode;
use crate::settings::{
    self, Harden, MAX_UPLOAD_MAX, Place, Settings, Site, UPLOAD_MAX,
};
use shared::cli::{self, Failure};
use shared::web::file_site::{Files, SITE};

/// One site, as flags say it.
pub struct Flags {
    address: SocketAddr,
    root: Option<OsString>,
    write: Option<String>,
    upload_max: usize,
    host: Option<OsString>,
    fallback: Option<String>,
    guestbook: Option<OsString>,
    templates: Option<OsString>,
    log: Option<OsString>,
    rate: Option<Rate>,
    sandbox: Mode,
}

impl Flags {
    /// Reads them, and the address before them.
    ///
    /// # Errors
    /// When one of them cannot be understood.
    pub fn read(
        address: Option<String>,
        site: [Option<OsString>; 10],
    ) -> Result<Self, Failure> {
        let [
            root,
            write,
            upload,
            host,
            fallback,
            guestbook,
            templates,
            log,
            rate,
            sandbox,
        ] = site;
        let text = |text: OsString| text.to_string_lossy().into_owned();
        let rate = rate.map(|it| settings::rate(&text(it))).transpose();
        let sandbox = sandbox.map(|it| settings::mode(&text(it))).transpose();
        let address = address.map(|text| cli::parse_address(&text));
        let max = MAX_UPLOAD_MAX as usize;
        let default = UPLOAD_MAX as usize;
        Ok(Flags {
            address: address.transpose()?.unwrap_or(cli::DEFAULT_ADDRESS),
            root,
            write: cli::path("write", write)?,
            upload_max: cli::number("upload-max", upload, max, default)?,
            host,
            fallback: cli::path("fallback", fallback)?,
            guestbook,
            templates,
            log,
            rate: rate.map_err(Failure::usage)?,
            sandbox: sandbox.map_err(Failure::usage)?.unwrap_or_default(),
        })
    }

    /// What a settings file would say.
    ///
    /// # Errors
    /// When there is no such root.
    pub fn settings(&self) -> Result<Settings, Failure> {
        // It says the most if there is no such directory.
        Files::open(self.root.clone())?;
        let file = |text: &Option<OsString>| {
            text.as_ref().map(|it| (PathBuf::from(it), 0))
        };
        let path = |text: &Option<String>| text.clone().map(|it| (it, 0));
        let host = self.host.as_ref();
        let site = Site {
            hosts: host
                .map(|it| it.to_string_lossy().into())
                .into_iter()
                .collect(),
            root: file(&self.root).unwrap_or_else(|| (SITE.into(), 0)),
            listing: true,
            fallback: path(&self.fallback),
            compress: true,
            write: path(&self.write),
            upload_max: self.upload_max as u64,
            guestbook: file(&self.guestbook),
            templates: file(&self.templates),
            api: true,
            ..Site::default()
        };
        Ok(Settings {
            listen: vec![(Place::Address(self.address), 0)],
            log: file(&self.log),
            sites: vec![site],
            harden: Harden {
                rate: self.rate,
                sandbox: self.sandbox,
                read: Vec::new(),
            },
            ..Settings::default()
        })
    }
}
