//! The steps, as steps/steps.toml lists them: what each does, what it lacks.

use std::collections::BTreeSet;
use std::env;
use std::sync::LazyLock;
use std::thread;

use toml::{Table, Value};

use super::{Client, Response, Server, eventually, proc};

/// A step of the list.
#[derive(Debug)]
pub struct Step {
    /// `step01`
    pub name: String,
    pub program: String,
    pub speaks: Speaks,
    /// What it brings, and what those brought that it grows out of.
    does: BTreeSet<String>,
    pub brings: Vec<String>,
    pub lacks: Vec<String>,
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
    /// It is no server: it connects to one.
    Client,
}

/// All of them, in order.
pub static STEPS: LazyLock<Vec<Step>> = LazyLock::new(|| {
    let list = include_str!("../../steps/steps.toml");
    let list: Table = list.parse().expect("steps.toml is TOML");
    let list = list["step"].as_array().expect("[[step]]");
    let mut steps = Vec::new();
    for entry in list {
        let step = read(entry, &steps);
        steps.push(step);
    }
    steps
});

fn read(entry: &Value, before: &[Step]) -> Step {
    let words = |key: &str| -> Vec<String> {
        let list = entry.get(key).and_then(Value::as_array);
        let words = list.into_iter().flatten().filter_map(Value::as_str);
        words.map(str::to_string).collect()
    };
    let (brings, lacks) = (words("brings"), words("lacks"));
    let number = |key| entry.get(key).and_then(Value::as_integer);
    let name = |number: i64| format!("step{number:02}");
    let parent = match number("after") {
        _ if entry.get("fresh").is_some() => None,
        Some(after) => before.iter().find(|step| step.name == name(after)),
        None => before.last(),
    };
    let mut does = parent.map_or(BTreeSet::new(), |step| step.does.clone());
    does.extend(brings.iter().cloned());
    does.retain(|capability| !lacks.contains(capability));
    let name = name(number("number").expect("a number"));
    // Beside the directory of this program, which is target/debug/deps.
    let me = env::current_exe().expect("a path of our own");
    let directory = me.parent().and_then(|deps| deps.parent());
    let program = directory.expect("a directory above").join(&name);
    let program = program.into_os_string().into_string().expect("UTF-8");
    let speaks = match |capability: &str| does.contains(capability) {
        does if does("client") => Speaks::Client,
        does if does("http") => Speaks::Http,
        does if does("echo") => Speaks::Echo,
        _ => Speaks::Greeting,
    };
    Step { name, program, speaks, does, brings, lacks }
}

/// Runs a suite on every step with a capability; on all at once, since most
/// of the time is spent waiting.
pub fn on_every(capability: &str, suite: impl Fn(&Step) + Sync) {
    let steps: Vec<_> = with(capability).collect();
    assert!(!steps.is_empty(), "no step brings {capability}");
    let suite = &suite;
    thread::scope(|scope| {
        for step in steps {
            let thread = thread::Builder::new().name(step.name.clone());
            thread.spawn_scoped(scope, move || suite(step)).unwrap();
        }
    });
}

/// The steps with a capability.
pub fn with(capability: &str) -> impl Iterator<Item = &'static Step> {
    STEPS.iter().filter(move |step| step.does(capability))
}

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
    with("next-client")
}

impl Step {
    pub fn does(&self, capability: &str) -> bool {
        self.does.contains(capability)
    }

    /// All that it does.
    pub fn capabilities(&self) -> impl Iterator<Item = &str> {
        self.does.iter().map(String::as_str)
    }

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
