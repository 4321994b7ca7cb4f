//! A step that runs: how it is started, and what is said to it.

use std::thread;
use std::time::Duration;

use super::{Speaks, Step};
use crate::lab::client::{Client, Response};
use crate::lab::launch::Launch;
use crate::lab::program::Program;
use crate::lab::{Lab, Outcome, proc};

/// The greeting of step 01.
const GREETING: &[u8] = b"Hello from the other end of a socket.\n";

/// A short request, and the only one of its connection.
pub const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A request as short as HTTP/1.1 allows: another may follow.
pub const KEEPING: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Settings of the preloaded library: kernels that take and give little, and
/// interrupt.
pub const SHIMS: [&str; 6] =
    ["w=7", "r=3", "eintr=2", "eintr=3", "w=7,r=3,eintr=5", "w=1,r=1"];

/// Receives a page for a browser.
pub fn page(client: &mut Client) -> Outcome<Response> {
    let response = client.response()?;
    let kind = response.field("content-type");
    let is_html = kind == Some("text/html; charset=utf-8")
        && response.body.starts_with(b"<!doctype html>")
        && str::from_utf8(&response.body).is_ok();
    if response.status == 200 && is_html {
        return Ok(response);
    }
    Err(client.failed("a page", format!("{response:?}")))
}

/// Sends `bytes` every tenth of a second until there is a response, or the
/// server takes no more: that must not go on for ever.
pub fn drip(server: &Program, client: &mut Client, bytes: &[u8]) -> Outcome {
    let deadline = server.deadline();
    while !client.has_something() && client.send(bytes).is_ok() {
        assert!(!deadline.is_over(), "dripping extends the limit");
        // The interval between two drips.
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

impl Step {
    /// Its program with these arguments, to be started.
    pub fn launch(&self, arguments: &[&str]) -> Outcome<Launch> {
        let lab = Lab::trusting(&self.program)?;
        let handles_signals = self.does("clean-exit");
        Ok(lab.handling_signals(handles_signals).launch(arguments))
    }

    /// Its server on a free port of 127.0.0.1, ready.
    pub fn server(&self) -> Outcome<Program> {
        self.launch(&["127.0.0.1:0"])?.start()
    }

    /// What has it serve in one loop, where each processor has one.
    pub fn in_one_loop(&self) -> &'static [&'static str] {
        if self.does("cores") { &["--workers", "1"] } else { &[] }
    }

    /// The same with the preloaded library and these settings of it.
    pub fn under(&self, shim: &str) -> Outcome<Program> {
        self.launch(&["127.0.0.1:0"])?.shim(shim).start()
    }

    /// The same without the library, and with a first client.
    pub fn connected(&self) -> Outcome<(Program, Client)> {
        let server = self.server()?;
        let client = server.connect()?;
        Ok((server, client))
    }

    /// A whole connection, from connecting to the end of the stream.
    pub fn exchange(&self, server: &Program) -> Outcome {
        let mut client = server.connect()?;
        self.request(&mut client)?;
        // Who ends first depends on who has more to say.
        if self.speaks == Speaks::Echo {
            client.finish()?;
        }
        client.expect_eof()
    }

    /// Says something and reads the response. The connection stays, if the
    /// server does not end it.
    pub fn request(&self, client: &mut Client) -> Outcome {
        self.ask(client)?;
        match self.speaks {
            Speaks::Greeting => client.expect(GREETING),
            Speaks::Echo => client.expect(b"ping\n"),
            Speaks::Http => page(client).map(drop),
            Speaks::Client => panic!("{} is no server", self.name),
        }
    }

    /// Says something to which there is a response.
    pub fn ask(&self, client: &mut Client) -> Outcome {
        match self.speaks {
            Speaks::Echo => client.send(b"ping\n"),
            Speaks::Http => client.send(REQUEST),
            Speaks::Greeting | Speaks::Client => Ok(()),
        }
    }

    /// The status where the first steps with files have this one: a site has
    /// nothing to say to OPTIONS but which methods there are.
    pub fn status(&self, method: &str, status: u16) -> u16 {
        match (method, status) {
            ("OPTIONS", 200) if self.does("sites") => 204,
            _ => status,
        }
    }

    /// The call in which it sleeps, where a step that waits for one client at
    /// a time sleeps in `call`.
    pub fn waits_in<'c>(&self, call: &'c str) -> &'c str {
        match self.does("event-loop") {
            false => call,
            true if self.does("light-clients") => "epoll_wait()",
            true => "poll()",
        }
    }

    /// Waits until its server can send this client no more, and sleeps.
    pub fn await_stuck(
        &self,
        server: &Program,
        client: &mut Client,
    ) -> Outcome {
        // A loop sleeps in the same call whatever it waits for.
        match self.does("event-loop") {
            false => server.await_call("write()"),
            true => client.settle(),
        }
    }

    /// Leaves a server no descriptor but those it has. Where it waits in
    /// accept, its next one fails even before somebody calls.
    pub fn exhaust_descriptors(&self, server: &Program) -> Outcome {
        server.await_call(self.waits_in("accept4()"))?;
        server.limit_descriptors(next_descriptor(server.pid()))?;
        if self.does("event-loop") {
            return Ok(());
        }
        // The accept that is waiting has its descriptor already: it is used up
        // by a connection, whose response may be that there is none for a file.
        let mut client = server.connect()?;
        self.ask(&mut client)?;
        let _ = client.finish();
        client.receive(usize::MAX).map(drop)
    }
}

/// The number that the kernel gives to the next descriptor.
fn next_descriptor(pid: i32) -> u64 {
    let used = proc::list(pid, "fd");
    let is_used = |number: &u64| {
        used.iter().any(|path| path.ends_with(number.to_string()))
    };
    (0..).find(|number| !is_used(number)).unwrap_or(0)
}
