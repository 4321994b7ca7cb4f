//! Enters in step 22: where the server listens.

use std::fs;
use std::mem;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use crate::settings::{Place, Settings};
use shared::cli::{self, Failure};
use shared::net::address;
use shared::net::listener::Listener;

/// The listeners of all workers, and what to say of them.
pub struct Places {
    /// Of each worker: one for each place.
    workers: Vec<Vec<Listener>>,
    addresses: Vec<SocketAddr>,
    paths: Vec<PathBuf>,
}

impl Places {
    /// Listens where the settings say, for so many workers; but if sockets are
    /// handed over, only at these.
    ///
    /// # Errors
    /// When one of the places cannot be had.
    pub fn listen(
        settings: &Settings,
        inherited: Vec<OwnedFd>,
        count: usize,
    ) -> Result<Self, Failure> {
        if !inherited.is_empty() {
            return Places::inherit(inherited, count);
        }
        let (mut addresses, mut paths) = (Vec::new(), Vec::new());
        let mut workers: Vec<_> = (0..count).map(|_| Vec::new()).collect();
        for (place, _) in &settings.listen {
            let group = match place {
                Place::Address(address) => {
                    let group = Listener::open_group(*address, count)
                        .map_err(|errno| Failure::listening(*address, errno))?;
                    addresses.push(group[0].address());
                    group
                }
                Place::Unix(path) => {
                    let group = Listener::open_unix_group(path, count);
                    let group = group.map_err(|errno| {
                        let path = path.display();
                        let what = format_args!("cannot listen on unix:{path}");
                        Failure::new(what, errno)
                    })?;
                    paths.push(path.clone());
                    group
                }
            };
            for (worker, listener) in workers.iter_mut().zip(group) {
                worker.push(listener);
            }
        }
        Ok(Places { workers, addresses, paths })
    }

    fn inherit(inherited: Vec<OwnedFd>, count: usize) -> Result<Self, Failure> {
        let mut addresses = Vec::new();
        let mut workers: Vec<_> = (0..count).map(|_| Vec::new()).collect();
        for socket in inherited {
            let group = Listener::inherit(socket, count).map_err(|errno| {
                Failure::new("LISTEN_FDS: not a listening socket", errno)
            })?;
            let address = group[0].address();
            addresses.extend((address != address::UNIX).then_some(address));
            for (worker, listener) in workers.iter_mut().zip(group) {
                worker.push(listener);
            }
        }
        Ok(Places { workers, addresses, paths: Vec::new() })
    }

    /// Gives the listeners of each worker away: one, and the others.
    pub fn take(
        &mut self,
    ) -> impl Iterator<Item = (Listener, Vec<Listener>)> + use<> {
        let workers = mem::take(&mut self.workers).into_iter();
        workers.filter_map(|mut all| all.pop().map(|one| (one, all)))
    }

    /// Says where the server can be reached.
    pub fn announce(&self) {
        for address in &self.addresses {
            let commands = ["curl -i {url}/", "firefox {url}/"];
            cli::announce("http", *address, commands);
        }
        for path in &self.paths {
            cli::print(format_args!("listening on unix:{}", path.display()));
        }
    }

    /// Removes what it has made in the file system.
    pub fn leave(&self) {
        for path in &self.paths {
            // If it cannot be removed, the next start removes it.
            let _ = fs::remove_file(path);
        }
    }
}
