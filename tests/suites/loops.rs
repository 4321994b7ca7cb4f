//! Steps that serve all clients in one thread: what one of them does, or the
//! kernel, concerns no other.

use std::io::{self, Write};
use std::net::TcpStream;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{setsockopt, sockopt};
use shared::net::limit::raise_descriptors;

use crate::files::client::{at, get, request};
use crate::files::tree::Tree;
use crate::lab::client::End;
use crate::lab::fixtures::pattern;
use crate::lab::linger::within;
use crate::lab::show::assert_same;
use crate::lab::{Outcome, Trouble, proc};
use crate::many::{KEEPALIVE_TIMEOUT, crowd};
use crate::steps::{KEEPING, Step, new_shells, on_new_shells, skip_here};

/// More than two kernels hold between a server and a client that does not read
/// and takes little.
const LARGE: usize = 5 << 20;

/// Whether or not they have ended their direction: there is something to read
/// all the time, and nothing to be done.
#[test]
fn clients_that_do_not_read_cost_nothing() -> Outcome {
    on_new_shells("event-loop", |step| {
        let tree = Tree::new();
        tree.write("large.bin", &vec![0; LARGE]);
        let server = at(step, &tree.root())?.start()?;
        let mut clients = server.connect_many(8)?;
        for client in &mut clients {
            client.take_little()?;
            client.send(request("GET", "/large.bin", "").as_bytes())?;
            assert_eq!(client.response_head()?.length(), Some(LARGE));
        }
        step.await_stuck(&server, &mut clients[0])?;
        for client in &mut clients[..4] {
            client.finish()?;
        }
        for client in &mut clients[4..] {
            client.send(KEEPING)?;
        }
        server.expect_idle()?;
        assert_eq!(get(&mut server.connect()?, "/file.txt")?.status, 200);
        // Each still gets what it has asked for, and costs nothing then.
        let [first, .., last] = &mut clients[..] else { unreachable!() };
        for client in [&mut *first, last] {
            let (body, end) = client.receive(LARGE)?;
            assert_eq!((body.len(), end), (LARGE, End::Enough));
        }
        first.expect_eof()?;
        assert_eq!(last.response()?.status, 200);
        server.expect_idle()
    })
}

/// Calls that are interrupted, do a part, or fail for a moment.
#[test]
fn a_kernel_that_does_no_more_than_it_must() -> Outcome {
    const SHIMS: [&str; 6] = [
        "eintr=2",
        "alarm=1,r=1000",
        "w=700,r=7,eintr=3,alarm=2",
        "again=2",
        "sendfile=EINVAL+ENOSYS,w=50000",
        "accept=ECONNABORTED+EMFILE+ENFILE+ECONNABORTED",
    ];
    on_new_shells("event-loop", |step| {
        let tree = Tree::new();
        let (small, large) = (pattern(10_000), pattern(300_000));
        tree.write("large.bin", &large);
        for shim in SHIMS {
            let server = at(step, &tree.root())?.shim(shim).start()?;
            let mut clients = server.connect_many(3)?;
            for client in &mut clients {
                let length = format!("Content-Length: {}\r\n", small.len());
                let post = request("POST", "/api/echo", &length);
                client.send(&[post.as_bytes(), &small].concat())?;
                for target in ["/large.bin", "/file.txt"] {
                    client.send(request("GET", target, "").as_bytes())?;
                }
            }
            // A wait is interrupted while nobody says anything.
            server.expect_idle()?;
            for client in &mut clients {
                assert_same(&client.response()?.body, &small);
                assert_same(&client.response()?.body, &large);
                assert_eq!(client.response()?.body, b"a file\n");
            }
            server.interrupt()?;
        }
        Ok(())
    })
}

/// As a shell does that allows a thousand, and more if asked to.
fn lower_soft_limit() -> io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most.min(1024), most)?)
}

/// So many silent clients, what they cost, and one more that is served. Then
/// they leave, each with a reset.
fn hold(step: &Step, count: usize) -> Outcome {
    let launch = step.launch(&["127.0.0.1:0"])?.with(step.in_one_loop());
    // SAFETY: the closure makes two system calls and nothing else.
    let launch = unsafe { launch.before(lower_soft_limit) };
    let server = launch.start()?;
    server.await_call(step.waits_in("accept4()"))?;
    let pid = server.pid();
    let descriptors = || proc::list(pid, "fd").len();
    let had = descriptors();
    let is_back = || {
        let is_back = || (descriptors() == had).then_some(());
        server.eventually("has what it had before", is_back)
    };
    drop(crowd(&server, 1)?);
    is_back()?;
    let before = proc::private_memory(pid);
    let mut clients = Vec::new();
    for number in 1..=count {
        // They come together: step 14 looks at all deadlines for each event
        // that comes alone.
        if number % 500 == 1 {
            server.signal(libc::SIGSTOP);
        }
        let client = TcpStream::connect(server.address()?);
        // Each has a turn, and then nothing that is to be remembered.
        let client = client.and_then(|mut client| {
            client.write_all(b"\r\n")?;
            Ok(client)
        });
        clients.push(client.map_err(|error| {
            Trouble::blocked(format!("no {number} connections: {error}"))
        })?);
        if number % 500 == 0 || number == count {
            server.signal(libc::SIGCONT);
            server.eventually("lets them in", || {
                server.queue().ok().filter(|waiting| *waiting == 0)
            })?;
        }
    }
    let kilobytes = proc::private_memory(pid) - before;
    assert!(kilobytes * 10 <= count, "{kilobytes} KiB for {count} clients");
    drop(crowd(&server, 1)?);
    server.signal(libc::SIGSTOP);
    for client in clients {
        let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&client, sockopt::Linger, &at_once).unwrap();
    }
    server.signal(libc::SIGCONT);
    is_back()?;
    server.interrupt()
}

#[test]
fn ten_thousand_silent_clients() -> Outcome {
    const MANY: u64 = 10_000;
    // Those of the tests beside this one.
    const OTHERS: u64 = 2_000;
    let hard = raise_descriptors().unwrap();
    let count = MANY.min(hard.saturating_sub(OTHERS));
    if count < MANY {
        let why = format!("{count} clients: at most {hard} descriptors");
        skip_here(&why, "ulimit -Hn 12000");
    }
    // In turn: we have not the descriptors for the clients of two.
    new_shells("light-clients").into_iter().try_for_each(|step| {
        // Those that have come first must not be gone when the last has come.
        within(KEEPALIVE_TIMEOUT, || hold(step, count as usize))
    })
}
