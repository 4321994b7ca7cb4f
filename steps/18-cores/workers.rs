//! The loops, each in its thread, and how they end together.

use std::sync::Arc;
use std::thread::JoinHandle;

use shared::cli::{self, Failure};
use shared::events::latch::Latch;
use shared::net::listener::Listener;
use shared::sync::{processors, vital};
use shared::web::counters::Counters;
use shared::web::sendfile::transmit;
use shared::web::server::{Ending, Server};
use shared::web::site::Site;

/// Threads that serve.
pub struct Workers {
    /// Set when the end begins.
    latch: Arc<Latch>,
    counters: Vec<Arc<Counters>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// None yet.
    pub fn new() -> Result<Self, Failure> {
        let latch = Latch::new()
            .map_err(|errno| Failure::new("cannot make an eventfd", errno))?;
        let (counters, threads) = (Vec::new(), Vec::new());
        Ok(Workers { latch: Arc::new(latch), counters, threads })
    }

    /// Starts one that accepts from this listener. It makes its site itself,
    /// and stays on the processor with this number, if there is one.
    pub fn start<S: Site>(
        &mut self,
        listener: Listener,
        site: impl FnOnce() -> S + Send + 'static,
        processor: Option<usize>,
    ) -> Result<(), Failure> {
        let counters = Arc::new(Counters::default());
        self.counters.push(Arc::clone(&counters));
        let ending = Ending::Latch(Arc::clone(&self.latch));
        let work = move || {
            if let Some(number) = processor {
                processors::stay_on(number).map_err(|errno| {
                    let what = "cannot stay on a processor";
                    Failure::new(what, errno)
                })?;
            }
            let mut server = Server::new(listener, ending, site())
                .map_err(|errno| Failure::new("cannot use epoll", errno))?;
            server.sends_by(transmit);
            server.counts_in(counters);
            server.run()
        };
        let thread = vital::spawn(work)
            .map_err(|error| Failure::new("cannot start a thread", error))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Says what each worker has done so far, and all of them.
    pub fn tell(&self) {
        let counters = self.counters.iter().map(|it| &**it);
        for (number, counters) in counters.clone().enumerate() {
            cli::log(format_args!("worker {number}: {counters}"));
        }
        cli::log(format_args!("all workers: {}", Counters::sum(counters)));
    }

    /// Has them finish the responses that they owe, and waits for that.
    pub fn drain(&mut self) -> Result<(), Failure> {
        self.latch
            .set()
            .map_err(|errno| Failure::new("cannot tell the workers", errno))?;
        for thread in self.threads.drain(..) {
            // It has not panicked: that ends the process.
            let _ = thread.join();
        }
        Ok(())
    }
}
