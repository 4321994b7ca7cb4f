//! Enters in step 22: other settings, while the server runs.

use std::path::PathBuf;
use std::sync::Arc;

use crate::log::Log;
use crate::settings::{Place, Settings};
use crate::sites::{Common, Current};
use shared::cli;

use crate::source::Source;

/// What reads the settings again, and opens the log again.
pub struct Reload {
    source: Source,
    common: Arc<Common>,
    current: Arc<Current>,
    log: Option<Log>,
    /// Where that is.
    path: Option<PathBuf>,
    /// What holds until the end, as the start had it.
    listen: Vec<Place>,
    workers: Option<usize>,
}

impl Reload {
    /// Reads them from here, and replaces what is current. These are the
    /// settings of the start.
    pub fn new(
        source: Source,
        settings: Settings,
        common: Arc<Common>,
        current: Arc<Current>,
        log: Option<Log>,
    ) -> Self {
        let listen = places(&settings);
        let Settings { workers, log: path, .. } = settings;
        let path = path.map(|(path, _)| path);
        Reload { source, common, current, log, path, listen, workers }
    }

    /// Reads the settings, opens everything, and only then replaces what is
    /// current; or says why all stays as it is.
    pub fn run(&mut self) {
        let lines = match self.replace() {
            Ok(count) => {
                let plural = if count == 1 { "" } else { "s" };
                return cli::log(format_args!(
                    "reloaded: {count} site{plural}"
                ));
            }
            Err(lines) => lines,
        };
        for line in lines {
            let what = "reload failed, the old settings stay";
            cli::log(format_args!("{what}: {line}"));
        }
    }

    /// How many sites there are now.
    fn replace(&mut self) -> Result<usize, Vec<String>> {
        let before = self.current.present();
        let (settings, sites) =
            self.source.open(&self.common, Some(&before))?;
        if let (Some(log), Some((path, _))) = (&self.log, &settings.log) {
            log.reopen(path).map_err(|failure| vec![failure.to_string()])?;
        }
        self.say_what_waits(&settings);
        let count = sites.list().len();
        self.current.present_is(sites);
        self.path = settings.log.map(|(path, _)| path).or(self.path.take());
        Ok(count)
    }

    /// Opens the log again: its file may have got another name, for a new one
    /// to be begun.
    pub fn reopen_log(&self) {
        if let (Some(log), Some(path)) = (&self.log, &self.path)
            && let Err(failure) = log.reopen(path)
        {
            cli::log(format_args!("{failure}; the old one stays"));
        }
    }

    /// Writes what is still to be logged.
    pub fn stop_log(self) {
        if let Some(log) = self.log {
            log.stop();
        }
    }

    /// Not everything can be changed while the server runs.
    fn say_what_waits(&self, settings: &Settings) {
        let changed = [
            ("listen", places(settings) != self.listen),
            ("workers", settings.workers != self.workers),
            // Its thread is there from the start, or is not.
            ("log", settings.log.is_some() != self.log.is_some()),
        ];
        let name = self.source.name();
        for (setting, _) in changed.iter().filter(|(_, differs)| *differs) {
            cli::log(format_args!(
                "{name}: {setting}: takes effect at the next start"
            ));
        }
    }
}

fn places(settings: &Settings) -> Vec<Place> {
    settings.listen.iter().map(|(place, _)| place.clone()).collect()
}
