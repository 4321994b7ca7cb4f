//! The steps, as steps/steps.toml lists them: what each does, what it lacks.

mod run;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{env, thread};

use toml::{Table, Value};

use crate::lab::launch::Launch;
use crate::lab::skip::skip;
use crate::lab::{Lab, Outcome, Peer};

pub use run::{KEEPING, REQUEST, SHIMS, drip, page};

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
    /// It is in the package whose tests these are: cargo has built it.
    is_ours: bool,
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

/// The steps of all packages, in order. One that brings nothing yet is no more
/// than begun.
pub static ALL: LazyLock<Vec<Step>> = LazyLock::new(|| {
    let list = include_str!("../../steps/steps.toml");
    let list: Table = list.parse().expect("steps.toml is TOML");
    let list = list["step"].as_array().expect("[[step]]");
    let mut steps = Vec::new();
    for entry in list {
        let step = read(entry, &steps);
        steps.push(step);
    }
    steps.retain(|step| !step.brings.is_empty());
    steps
});

/// Those of this package: these tests are built for each, and a step is tested
/// once.
pub fn steps() -> impl Iterator<Item = &'static Step> {
    ALL.iter().filter(|step| step.is_ours)
}

/// The repository, which each package is in.
pub fn root() -> &'static Path {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.find(|it| it.join("steps").is_dir()).expect("a root")
}

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
    let joined = number("joins");
    let joined =
        before.iter().filter(|it| joined.map(name) == Some(it.name.clone()));
    let grown_out_of = parent.into_iter().chain(joined);
    let mut does: BTreeSet<String> =
        grown_out_of.flat_map(|step| step.does.iter().cloned()).collect();
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
    let package = entry.get("package").and_then(Value::as_str);
    let package = root().join(package.unwrap_or_default());
    let is_ours = package == Path::new(env!("CARGO_MANIFEST_DIR"));
    Step { name, program, speaks, does, brings, lacks, is_ours }
}

/// What a node does for other nodes.
const OF_NODES: [&str; 5] = ["peer", "discovery", "ledger", "gossip", "node"];

/// Whether the web server of a step is tested: that of the nodes between the
/// first and the last is the same value.
fn is_tested(step: &Step, capability: &str) -> bool {
    let is_last = ALL.last().is_some_and(|last| last.name == step.name);
    let is_first = step.brings.iter().any(|it| it == "peer");
    let is_between = step.does("peer") && !is_first && !is_last;
    !is_between || OF_NODES.contains(&capability)
}

/// Runs a suite on every step with a capability.
pub fn on_every(
    capability: &str,
    suite: impl Fn(&Step) -> Outcome + Sync,
) -> Outcome {
    let is_brought = ALL.iter().any(|step| step.does(capability));
    assert!(is_brought, "no step brings {capability}");
    let steps = with(capability).filter(|it| is_tested(it, capability));
    on_each(&steps.collect::<Vec<_>>(), suite)
}

/// What a step brings that waits for its clients, reads or sends by code of
/// its own.
const NEW_SHELLS: &str = "http refusals keep-alive files processes threads \
    pool event-loop light-clients ready-responses hardened";

/// The steps with a capability that bring it, or a new shell; and the last.
/// Those between have their shell from the step before, or from shared/: what
/// takes seconds on each step, or many programs, is left out there.
pub fn new_shells(capability: &str) -> Vec<&'static Step> {
    let last = ALL.iter().rfind(|step| step.does(capability));
    let last = &last.expect("a step that has it").name;
    let is_meant = |step: &&Step| {
        let mut new = NEW_SHELLS.split(' ').chain([capability]);
        let brings_it = new.any(|new| step.brings.iter().any(|it| it == new));
        step.name == *last || brings_it
    };
    with(capability).filter(is_meant).collect()
}

/// Runs a suite on those.
pub fn on_new_shells(
    capability: &str,
    suite: impl Fn(&Step) -> Outcome + Sync,
) -> Outcome {
    on_each(&new_shells(capability), suite)
}

/// Runs a suite on these steps; on all at once, since most of the time is
/// spent waiting.
pub fn on_each(
    steps: &[&'static Step],
    suite: impl Fn(&Step) -> Outcome + Sync,
) -> Outcome {
    let suite = &suite;
    thread::scope(|scope| {
        let start = |step: &&'static Step| {
            let thread = thread::current();
            let name = thread.name().unwrap_or_default();
            let name = format!("{name} on {}", step.name);
            let thread = thread::Builder::new().name(name);
            let step = *step;
            thread.spawn_scoped(scope, move || suite(step)).unwrap()
        };
        let suites: Vec<_> = steps.iter().map(start).collect();
        let mut ends = suites.into_iter().map(|suite| suite.join().unwrap());
        ends.try_for_each(|end| end)
    })
}

/// The steps with a capability.
pub fn with(capability: &str) -> impl Iterator<Item = &'static Step> {
    steps().filter(move |step| step.does(capability))
}

/// The step of that name.
pub fn step(name: &str) -> &'static Step {
    ours(name).expect("a step of this package")
}

/// The same; none in the tests of another package.
pub fn ours(name: &str) -> Option<&'static Step> {
    steps().find(|step| step.name == name)
}

/// The steps that listen.
pub fn servers() -> impl Iterator<Item = &'static Step> {
    steps().filter(|step| step.speaks != Speaks::Client)
}

/// Says that the test whose thread this is cannot be done here.
pub fn skip_here(why: &str, to_enable: &str) {
    skip(thread::current().name().unwrap_or_default(), why, to_enable);
}

/// A listener on a free port of the IPv6 loopback; `None`, after saying so, if
/// this machine has none.
pub fn peer_on_ipv6() -> Option<Peer> {
    let peer = Peer::open((Ipv6Addr::LOCALHOST, 0)).ok();
    if peer.is_none() {
        let how = "sysctl net.ipv6.conf.lo.disable_ipv6=0";
        skip_here("no IPv6 on this machine", how);
    }
    peer
}

/// The steps that listen; none where there is no IPv6.
pub fn ipv6_servers() -> impl Iterator<Item = &'static Step> {
    let has_ipv6 = peer_on_ipv6().is_some();
    servers().filter(move |_| has_ipv6)
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
}

/// Any program with these arguments, to be started.
pub fn launch(
    program: impl AsRef<Path>,
    arguments: &[&str],
) -> Outcome<Launch> {
    Ok(Lab::trusting(program)?.launch(arguments))
}

/// A listener of the test's own on a free port of 127.0.0.1.
pub fn peer() -> Outcome<Peer> {
    Peer::open((Ipv4Addr::LOCALHOST, 0))
}

/// Where a program is, by the search path.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}
