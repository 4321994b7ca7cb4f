//! Enters in step 21: the sites of a server, open and ready, and which of
//! them a host belongs to.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use shared::collections::dictionary::Dictionary;
use shared::sync::stealing::Pool;
use shared::web::documents::compressor::Compressor;
use shared::web::forwarded::Networks;
use shared::web::pages::app::App;
use shared::web::pages::guestbook::GuestBook;
use shared::web::trust::host_name;
use shared::web::work::{self, Work};

use crate::gzip::encode;
use crate::rates::Rates;
use crate::settings::{Fault, Settings, in_order};

mod open;

/// The longest name that a host can have: RFC 1035 section 2.3.4.
const MAX_NAME: usize = 255;

/// All that one settings file has led to.
pub struct Sites {
    all: Vec<Arc<Site>>,
    /// Where the site of a name stands in `all`.
    names: Dictionary<usize>,
    /// The same for names that begin with anything and a dot.
    suffixes: Dictionary<usize>,
    is_strict: bool,
    /// Whose word is believed about who has sent a request.
    pub trusted_proxies: Networks,
    /// How often who may ask, if that is limited. Enters in step 22.
    pub rates: Option<Arc<Rates>>,
}

/// What all sites have in common, as long as the server runs.
pub struct Common {
    /// Goes up when a client has changed a file.
    pub generation: Arc<AtomicU64>,
    /// What does their work, from when it has been started.
    pub pool: Arc<OnceLock<Arc<Pool<Work>>>>,
    /// What compresses their files.
    compressor: Arc<Compressor>,
    /// Whether the sandbox has been entered. Enters in step 22.
    pub is_sandboxed: AtomicBool,
    /// Settings that others read. Enters in step 27.
    pub others: &'static [&'static str],
}

impl Default for Common {
    fn default() -> Self {
        let pool = Arc::<OnceLock<Arc<Pool<Work>>>>::default();
        let common = Arc::clone(&pool);
        let submit = move |it| match common.get() {
            Some(pool) => work::compress(pool, it),
            None => drop(it),
        };
        let compressor = Compressor::new(encode, Box::new(submit));
        let generation = Arc::default();
        // Enters in step 22.
        let is_sandboxed = AtomicBool::new(false);
        // Enters in step 27.
        let others = &[];
        Common { generation, pool, compressor, is_sandboxed, others }
    }
}

/// One site.
pub struct Site {
    /// What there is to request.
    pub app: Arc<App>,
    /// Goes up when a client has changed a file.
    pub generation: Arc<AtomicU64>,
    /// Lines that every response has.
    pub fields: Vec<u8>,
    /// How long clients may keep what: how a path ends, and seconds.
    pub cache: Vec<(String, u64)>,
    /// What compresses text, if anything does.
    pub compressor: Option<Arc<Compressor>>,
}

impl Sites {
    /// Opens everything that the settings name. What is wrong is added to the
    /// faults that have been found in them.
    ///
    /// # Errors
    /// All faults that there are, in the order of the lines.
    pub fn open(
        settings: &Settings,
        mut faults: Vec<Fault>,
        common: &Arc<Common>,
        before: Option<&Sites>,
    ) -> Result<Self, Vec<Fault>> {
        let addresses = settings.addresses();
        // Enters in step 22: what clients have used stays used.
        let rates = settings.harden.rate.map(|rate| {
            let same = before.and_then(|it| it.rates.clone());
            let same = same.filter(|it| it.rate == rate);
            same.unwrap_or_else(|| Arc::new(Rates::new(rate)))
        });
        let before = before.into_iter().flat_map(|it| &it.all);
        let books = before.filter_map(|it| it.app.guestbook.clone());
        let mut books: Vec<Arc<GuestBook>> = books.collect();
        let mut all = Vec::new();
        let (mut names, mut suffixes) = (Dictionary::new(), Dictionary::new());
        for (at, site) in settings.sites.iter().enumerate() {
            let opened =
                open::site(site, &addresses, common, &mut books, &mut faults);
            all.extend(opened.map(Arc::new));
            for host in &site.hosts {
                match host.strip_prefix("*.") {
                    Some(end) => suffixes.value_or_else(end.as_bytes(), || at),
                    None => names.value_or_else(host.as_bytes(), || at),
                };
            }
        }
        if !faults.is_empty() {
            return Err(in_order(faults));
        }
        let trusted_proxies = settings.trusted_proxies.clone();
        let is_strict = settings.strict_hosts;
        Ok(Sites { all, names, suffixes, is_strict, trusted_proxies, rates })
    }

    /// Each of them.
    pub fn list(&self) -> &[Arc<Site>] {
        &self.all
    }

    /// Where the site for a host stands among all: that of its name, or of
    /// the longest end of it that a site has, or else the first. `None` if
    /// the settings want that refused.
    pub fn find(&self, host: &[u8]) -> Option<usize> {
        self.find_named(host).or((!self.is_strict).then_some(0))
    }

    /// The same, if a site has the name. Enters in step 27.
    pub fn find_named(&self, host: &[u8]) -> Option<usize> {
        let name = host_name(host);
        let mut buffer = [0; MAX_NAME];
        let lower = buffer.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        let found = self.names.value(lower).or_else(|| {
            let dots = (0..lower.len()).filter(|&at| lower[at] == b'.');
            // From the left, so the longest comes first.
            dots.map(|at| &lower[at + 1..])
                .find_map(|end| self.suffixes.value(end))
        });
        found.copied()
    }
}

/// The sites of now: after a reload they are others.
pub struct Current {
    sites: Mutex<Arc<Sites>>,
    /// Goes up with each reload.
    number: AtomicU64,
}

impl Current {
    /// These, until others take their place.
    pub fn new(sites: Sites) -> Self {
        let sites = Mutex::new(Arc::new(sites));
        Current { sites, number: AtomicU64::new(0) }
    }

    /// Those of now.
    pub fn present(&self) -> Arc<Sites> {
        Arc::clone(&self.lock())
    }

    /// Another number than before: they are others.
    pub fn number(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    /// From now on these. Requests that have begun keep those that they
    /// began with.
    pub fn present_is(&self, sites: Sites) {
        *self.lock() = Arc::new(sites);
        self.number.fetch_add(1, Ordering::Release);
    }

    /// Nothing that is done under the lock panics.
    fn lock(&self) -> MutexGuard<'_, Arc<Sites>> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
