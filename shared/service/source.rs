//! Enters in step 22: where the settings are, and how they are read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::settings::{self, Fault, Settings};
use crate::sites::{Common, Sites};
use shared::cli;

use crate::flags::Flags;

/// Where the settings are. They are read at the start, and for each reload.
pub enum Source {
    /// In this file.
    File(PathBuf),
    /// On the command line.
    Flags(Box<Flags>),
}

impl Source {
    /// What to call it in a message.
    pub fn name(&self) -> String {
        match self {
            Source::File(path) => path.display().to_string(),
            Source::Flags(_) => cli::program(),
        }
    }

    /// Reads the settings, and what is wrong with them.
    ///
    /// # Errors
    /// A line that says why they cannot be read.
    fn read(
        &self,
        others: &[&str],
    ) -> Result<(Settings, Vec<Fault>), Vec<String>> {
        let path = match self {
            Source::File(path) => path,
            Source::Flags(flags) => {
                let settings = flags.settings().map(|it| (it, Vec::new()));
                return settings
                    .map_err(|it| vec![format!("{}: {it}", self.name())]);
            }
        };
        let text = fs::read(path).map_err(|error| {
            vec![format!("{}: {}", path.display(), cli::strerror(error))]
        })?;
        let directory = path.parent().unwrap_or(Path::new("."));
        let known = [settings::HARDEN, others].concat();
        Ok(settings::parse_with(&text, directory, &known))
    }

    /// Reads the settings, and opens their sites. If other sites are open,
    /// those are `before`.
    ///
    /// # Errors
    /// A line for each thing that is wrong.
    pub fn open(
        &self,
        common: &Arc<Common>,
        before: Option<&Sites>,
    ) -> Result<(Settings, Sites), Vec<String>> {
        let (settings, faults) = self.read(common.others)?;
        match Sites::open(&settings, faults, common, before) {
            Ok(sites) => Ok((settings, sites)),
            Err(faults) => {
                let name = self.name();
                let between = match self {
                    Source::File(_) => ":",
                    Source::Flags(_) => ": ",
                };
                let line = |it| format!("{name}{between}{it}");
                Err(faults.into_iter().map(line).collect())
            }
        }
    }
}
