//! The steps as the tests see them: a later step joins by an entry here.

use self::Capability::*;
use super::{Client, Response, Server, eventually, proc};

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

/// What is said on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// The server says its greeting and closes.
    Greeting,
    /// The server sends back what it gets.
    Echo,
    /// Requests and responses. After a request that says so, if not after
    /// each, the server closes.
    Http,
    /// It is no server: it calls one.
    Client,
}

/// What a step can do, or cannot yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Says its greeting to every client.
    Greets,
    /// Sends back what it gets.
    Echoes,
    /// Is still there for a second client.
    ServesTheNext,
    /// Can be started again on its port when it has just ended.
    ReturnsAtOnce,
    /// Connects its input and output with a server.
    Connects,
    /// Responds to a request with a page.
    AnswersHttp,
    /// Closes on a client that says nothing.
    EndsSilence,
    /// Tells a request from nonsense.
    RefusesNonsense,
    /// Responds to a second request on the same connection.
    KeepsConnection,
    /// Sends back the body of a request.
    TakesBodies,
    /// Finds what a request names in a directory.
    ServesFiles,
    /// Serves one client while another is there and says nothing.
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

/// The servers that do not end after a connection.
pub fn lasting_servers() -> impl Iterator<Item = &'static Step> {
    servers().filter(|step| step.can.contains(&ServesTheNext))
}

impl Step {
    /// A whole connection, from connecting to the end of the stream.
    pub fn exchange(&self, server: &Server) {
        let mut client = server.connect();
        self.request(&mut client);
        self.leave(client);
    }

    /// Says something and reads the response. The connection stays, if the
    /// server does not end it.
    pub fn request(&self, client: &mut Client) {
        match self.speaks {
            Speaks::Greeting => client.expect(GREETING),
            Speaks::Echo => {
                client.send(b"ping\n");
                client.expect(b"ping\n");
            }
            Speaks::Http => {
                client.send(REQUEST);
                Response::read(client).expect_page();
            }
            Speaks::Client => panic!("{} is no server", self.name),
        }
    }

    /// Leaves a server no descriptor but those it has. Its next accept fails
    /// even before somebody calls.
    pub fn exhaust_descriptors(&self, server: &Server) {
        eventually("the server waits for a client", || {
            proc::sleeps_in(server.pid(), libc::SYS_accept4).then_some(())
        });
        server.limit_descriptors(proc::next_descriptor(server.pid()));
        // The accept that is waiting has its descriptor already: it is used up
        // by a connection, whose response may be that there is none for a file.
        let mut client = server.connect();
        client.send(if self.speaks == Speaks::Http {
            REQUEST
        } else {
            b"ping"
        });
        client.finish();
        client.receive_until(|_| false);
    }

    /// Ends a connection: who ends first depends on who has more to say.
    fn leave(&self, mut client: Client) {
        if self.speaks == Speaks::Echo {
            client.finish();
        }
        client.expect_end();
    }
}
