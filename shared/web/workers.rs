//! Enters in step 19: the loops, each in its thread, and how they end
//! together.

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::cli::{self, Failure};
use crate::events::latch::Latch;
use crate::net::listener::Listener;
use crate::sync::{processors, vital};
use crate::web::admission::Admission;
use crate::web::counters::Counters;
use crate::web::late::Submit;
use crate::web::log::{Buffers, Log};
use crate::web::sendfile::transmit;
use crate::web::server::{Ending, Server};
use crate::web::site::Site;

/// Threads that serve.
pub struct Workers {
    /// Set when the end begins.
    latch: Arc<Latch>,
    counters: Vec<Arc<Counters>>,
    /// Where they log requests. Enters in step 21.
    log: Option<Arc<Buffers>>,
    /// Enters in step 22.
    admission: Option<Arc<Admission>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// None yet.
    pub fn new() -> Result<Self, Failure> {
        let latch = Latch::new()
            .map_err(|errno| Failure::new("cannot make an eventfd", errno))?;
        let (counters, threads) = (Vec::new(), Vec::new());
        // Enters in step 21.
        let log = None;
        // Enters in step 22.
        let admission = None;
        let latch = Arc::new(latch);
        Ok(Workers { latch, counters, log, admission, threads })
    }

    /// Those that are started from now on log each request. Enters in step 21.
    pub fn log_to(&mut self, buffers: Arc<Buffers>) {
        self.log = Some(buffers);
    }

    /// Those that are started from now on let in whom this admits. Enters in
    /// step 22.
    pub fn admit_by(&mut self, admission: Arc<Admission>) {
        self.admission = Some(admission);
    }

    /// Starts one that accepts from this listener. It makes its site itself,
    /// gives jobs away by `submit`, and stays on the processor with this
    /// number, if there is one.
    pub fn start<S: Site>(
        &mut self,
        listener: Listener,
        site: impl FnOnce() -> S + Send + 'static,
        submit: Submit,
        processor: Option<usize>,
    ) -> Result<(), Failure> {
        self.start_at(listener, Vec::new(), site, submit, processor)
    }

    /// The same, with further listeners. Enters in step 21.
    pub fn start_at<S: Site>(
        &mut self,
        listener: Listener,
        others: Vec<Listener>,
        site: impl FnOnce() -> S + Send + 'static,
        submit: Submit,
        processor: Option<usize>,
    ) -> Result<(), Failure> {
        let counters = Arc::new(Counters::default());
        self.counters.push(Arc::clone(&counters));
        let ending = Ending::Latch(Arc::clone(&self.latch));
        // Enters in step 21.
        let log = self.log.clone();
        // Enters in step 22.
        let admission = self.admission.clone();
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
            // Enters in step 21.
            for listener in others {
                server
                    .accepts_at(listener)
                    .map_err(|errno| Failure::new("cannot use epoll", errno))?;
            }
            server.logs_to(log.map(Log::new));
            // Enters in step 22.
            if let Some(admission) = admission {
                server
                    .admits_by(admission)
                    .map_err(|errno| Failure::new("cannot use epoll", errno))?;
            }
            server
                .helped_by(submit)
                .map_err(|errno| Failure::new("cannot use epoll", errno))?;
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
