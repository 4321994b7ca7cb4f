//! The steps as the tests see them: a later step joins by an entry here.

use self::Capability::*;
use super::{Answer, Server, Wire, eventually, proc};

/// What a step claims, and what it demonstrably lacks.
#[derive(Debug)]
pub struct Step {
    pub name: &'static str,
    pub program: &'static str,
    pub speaks: Speaks,
    /// What it claims to be able to do: all of it is tried.
    pub can: &'static [Capability],
    /// What a later step brings: it is shown that this one has it not.
    pub cannot: &'static [Capability],
}

/// How a visit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// The server says its greeting and closes.
    Greeting,
    /// The server sends back what it gets.
    Echo,
    /// Requests and answers. After a request that says so, if not after
    /// each, the server closes.
    Http,
    /// It is no server: it calls one.
    Client,
}

/// What a step can do, or cannot yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Says its greeting to whoever calls.
    Greets,
    /// Sends back what it gets.
    Echoes,
    /// Is still there for a second visitor.
    ServesTheNext,
    /// Can be started again on its port when it has just ended.
    ReturnsAtOnce,
    /// Connects its input and output with a server.
    Connects,
    /// Answers a request with a page.
    AnswersHttp,
    /// Sends a visitor away who says nothing.
    EndsSilence,
    /// Tells a request from nonsense.
    RefusesNonsense,
    /// Answers a second request on the same connection.
    KeepsConnection,
    /// Sends back the body of a request.
    TakesBodies,
    /// Finds what a request names in a folder.
    ServesFiles,
    /// Serves one visitor while another is there and says nothing.
    ServesBesideSilence,
}

macro_rules! step {
    ($name:literal, $speaks:ident, can: $can:expr, cannot: $cannot:expr) => {
        Step {
            name: $name,
            program: env!(concat!("CARGO_BIN_EXE_", $name)),
            speaks: Speaks::$speaks,
            can: &$can,
            cannot: &$cannot,
        }
    };
}

/// All of them, in order.
#[rustfmt::skip]
pub const STEPS: &[Step] = &[
    step!("step01", Greeting,
        can: [Greets],
        cannot: [ServesTheNext, ReturnsAtOnce, Echoes]),
    step!("step02", Echo,
        can: [Echoes, ServesTheNext, ReturnsAtOnce],
        cannot: [Connects, AnswersHttp, EndsSilence, ServesBesideSilence]),
    step!("step03", Client,
        can: [Connects],
        cannot: []),
    step!("step04", Http,
        can: [AnswersHttp, ServesTheNext, ReturnsAtOnce, EndsSilence],
        cannot: [RefusesNonsense, KeepsConnection, ServesBesideSilence]),
    step!("step05", Http,
        can: [AnswersHttp, ServesTheNext, ReturnsAtOnce, EndsSilence,
            RefusesNonsense],
        cannot: [KeepsConnection, TakesBodies, ServesBesideSilence]),
    step!("step06", Http,
        can: [AnswersHttp, ServesTheNext, ReturnsAtOnce, EndsSilence,
            RefusesNonsense, KeepsConnection],
        cannot: [TakesBodies, ServesFiles, ServesBesideSilence]),
    step!("step07", Http,
        can: [AnswersHttp, ServesTheNext, ReturnsAtOnce, EndsSilence,
            RefusesNonsense, KeepsConnection, TakesBodies],
        cannot: [ServesFiles, ServesBesideSilence]),
    step!("step08", Http,
        can: [AnswersHttp, ServesTheNext, ReturnsAtOnce, EndsSilence,
            RefusesNonsense, KeepsConnection, TakesBodies, ServesFiles],
        cannot: [ServesBesideSilence]),
];

/// The greeting of step 01.
pub const GREETING: &[u8] = b"Hello from the other end of a socket.\n";

/// A short request, and the only one of its connection.
pub const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A request as short as HTTP/1.1 allows: another may follow.
pub const KEEPING: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The step of that name.
pub fn step(name: &str) -> &'static Step {
    let found = STEPS.iter().find(|step| step.name == name);
    found.expect("a step of the list")
}

/// The steps that listen.
pub fn servers() -> impl Iterator<Item = &'static Step> {
    STEPS.iter().filter(|step| step.speaks != Speaks::Client)
}

/// The servers that do not end after a visit.
pub fn lasting_servers() -> impl Iterator<Item = &'static Step> {
    servers().filter(|step| step.can.contains(&ServesTheNext))
}

impl Step {
    /// A whole visit, from connecting to the end of the stream.
    pub fn visit(&self, server: &Server) {
        let mut wire = server.connect();
        self.talk(&mut wire);
        self.leave(wire);
    }

    /// Says something and reads the answer. The connection stays, if the
    /// server does not end it.
    pub fn talk(&self, wire: &mut Wire) {
        match self.speaks {
            Speaks::Greeting => wire.expect(GREETING),
            Speaks::Echo => {
                wire.send(b"ping\n");
                wire.expect(b"ping\n");
            }
            Speaks::Http => {
                wire.send(REQUEST);
                Answer::read(wire).expect_page();
            }
            Speaks::Client => panic!("{} is no server", self.name),
        }
    }

    /// Leaves a server no descriptor but those it has. Its next accept fails
    /// even before somebody calls.
    pub fn starve(&self, server: &Server) {
        eventually("the server waits for a visitor", || {
            proc::sleeps_in(server.pid(), libc::SYS_accept4).then_some(())
        });
        server.limit_descriptors(proc::next_descriptor(server.pid()));
        // The accept that is waiting has its descriptor already: it is used
        // up by a visit, whose answer may be that there is none for a file.
        let mut wire = server.connect();
        wire.send(if self.speaks == Speaks::Http { REQUEST } else { b"ping" });
        wire.finish();
        wire.receive_until(|_| false);
    }

    /// Ends a visit: who ends first depends on who has more to say.
    fn leave(&self, mut wire: Wire) {
        if self.speaks == Speaks::Echo {
            wire.finish();
        }
        wire.expect_end();
    }
}
