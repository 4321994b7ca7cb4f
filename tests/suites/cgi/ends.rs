//! Programs for responses that hang, leave others behind, or lose their
//! client: in the end no process is left.

use std::fs;
use std::time::{Duration, Instant};

use super::{TEXT, ask, get, programs, running, serve};
use crate::lab::client::Client;
use crate::lab::proc::Resources;
use crate::lab::program::Program;
use crate::lab::scratch::Scratch;
use crate::lab::time::Deadline;
use crate::lab::{Outcome, proc, tidy};
use crate::steps::{Step, on_every};

/// A program that waits and has a child that waits, both deaf to SIGTERM: it
/// notes their numbers in a file.
const HANGS: &str = "trap '' TERM
sleep 600 &
echo $! $$ > new
mv new pids
cat > /dev/null
sleep 600
";

/// A client that has asked for that program, and what is to go again.
struct Hanging {
    server: Program,
    had: Resources,
    since: Instant,
    client: Client,
    pids: Vec<i32>,
    _programs: Scratch,
}

/// The same, of a server that gives a program so many seconds.
fn hanging(step: &Step, timeout: &str) -> Outcome<Hanging> {
    let programs = programs(&[("hangs", HANGS)]);
    let server = serve(step, &programs, timeout)?;
    let (had, since) = (server.resources(), Instant::now());
    let mut client = server.connect()?;
    ask(&mut client, "POST", "hangs", b"hello")?;
    let pids = noted(&server, &programs)?;
    Ok(Hanging { server, had, since, client, pids, _programs: programs })
}

/// The processes that a program has noted.
fn noted(server: &Program, programs: &Scratch) -> Outcome<Vec<i32>> {
    let file = programs.path().join("pids");
    server.eventually("has started its program", || {
        let text = fs::read_to_string(&file).ok()?;
        text.split_whitespace().map(|pid| pid.parse().ok()).collect()
    })
}

fn expect_none_left(server: &Program, pids: &[i32]) {
    assert_eq!(pids.len(), 2);
    assert_eq!(tidy::left_alive(server, pids), None);
}

#[test]
fn a_program_that_hangs_is_killed_with_its_children() -> Outcome {
    on_every("cgi", |step| {
        let mut it = hanging(step, "1")?;
        // Others are served meanwhile.
        step.exchange(&it.server)?;
        assert_eq!(it.client.response()?.status, 504);
        assert!(it.since.elapsed() >= Duration::from_secs(1));
        expect_none_left(&it.server, &it.pids);
        it.server.expect_note("took too long")?;
        drop(it.client);
        it.server.expect_back(&it.had)
    })
}

/// Their responses leave together, so that the first would be late if each
/// had a time of its own.
#[test]
fn requests_in_a_pipeline_have_one_deadline() -> Outcome {
    const COUNT: usize = 30;
    on_every("cgi", |step| {
        let (_programs, server, mut client) =
            running(step, &[("hangs", HANGS)], "1")?;
        let request = "GET /cgi/hangs HTTP/1.1\r\nHost: a\r\n\r\n";
        client.send(request.repeat(COUNT).as_bytes())?;
        let deadline = Deadline::new(Duration::from_secs(10), server.pid());
        for _ in 0..COUNT {
            assert_eq!(client.response()?.status, 504);
        }
        assert!(!deadline.is_over(), "each had a second");
        // The next one has its own again.
        let start = Instant::now();
        assert_eq!(get(&mut client, "hangs")?.status, 504);
        assert!(start.elapsed() >= Duration::from_secs(1));
        Ok(())
    })
}

/// What a program leaves behind holds the pipe, but not the response.
#[test]
fn a_sleeper_that_is_left_behind_is_killed() -> Outcome {
    on_every("cgi", |step| {
        let text = format!(
            "sleep 600 &\nsleep 600 &\necho $! $$ > new\nmv new pids\n\
             {TEXT}echo done"
        );
        let (programs, server, mut client) =
            running(step, &[("leaves", &text)], "30")?;
        let deadline = Deadline::new(Duration::from_secs(10), server.pid());
        assert_eq!(get(&mut client, "leaves")?.body, b"done\n");
        assert!(!deadline.is_over(), "it waited for the sleeper");
        expect_none_left(&server, &noted(&server, &programs)?);
        Ok(())
    })
}

/// One that has closed its output runs on, up to the deadline.
#[test]
fn an_output_that_ends_is_not_the_end() -> Outcome {
    on_every("cgi", |step| {
        let file = "touch ended";
        let list = [
            ("ends", &*format!("{TEXT}exec >&-\ncat > got\n{file}")),
            ("hangs", &format!("{TEXT}exec >&-\nsleep 600")),
        ];
        let (programs, _server, mut client) = running(step, &list, "2")?;
        ask(&mut client, "POST", "ends", &[b'a'; 1 << 20])?;
        assert_eq!(client.response()?.status, 200);
        let got = |name: &str| fs::metadata(programs.path().join(name));
        assert_eq!(got("got").unwrap().len(), 1 << 20);
        assert!(got("ended").is_ok());
        assert_eq!(get(&mut client, "hangs")?.status, 504);
        Ok(())
    })
}

#[test]
fn a_program_without_a_client_is_killed() -> Outcome {
    on_every("cgi", |step| {
        let Hanging { server, client, pids, .. } = hanging(step, "30")?;
        client.reset()?;
        expect_none_left(&server, &pids);
        server.expect_note("the client has gone")?;
        server.interrupt()
    })
}

#[test]
fn no_program_outlives_its_server() -> Outcome {
    on_every("cgi", |step| {
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGKILL] {
            let it = hanging(step, "30")?;
            it.server.signal(signal);
            it.server.wait(it.server.patience())?;
            expect_none_left(&it.server, &it.pids);
        }
        // If only the process that serves the client is killed, the program
        // at least goes with it.
        let it = hanging(step, "30")?;
        let child = proc::newest(it.server.pid());
        proc::kill(child, libc::SIGKILL);
        assert_eq!(tidy::left_alive(&it.server, &it.pids[1..]), None);
        // No one else ends this one.
        proc::kill(it.pids[0], libc::SIGKILL);
        Ok(())
    })
}

/// Without descriptors or processes there are no programs, but there is a
/// server.
#[test]
fn what_cannot_be_started_is_one_503() -> Outcome {
    on_every("cgi", |step| {
        let programs = programs(&[("ok", &format!("{TEXT}echo ok"))]);
        let directory = programs.path().to_str().unwrap();
        let launch = step.launch(&["127.0.0.1:0", "--cgi", directory])?;
        let server = launch.shim("fork=2").start()?;
        let mut client = server.connect()?;
        // The first fork is that of the child, which counts on.
        assert_eq!(get(&mut client, "ok")?.status, 503);
        server.expect_note("cannot run it")?;
        assert_eq!(get(&mut client, "ok")?.body, b"ok\n");
        drop((client, server));

        // 0 to 5 are the server's, 6 its client; the program needs two pipes.
        let server = serve(step, &programs, "10")?;
        for (most, status) in [(7, 503), (8, 503), (9, 503), (64, 200)] {
            server.await_call("accept4()")?;
            server.limit_descriptors(most)?;
            let mut client = server.connect()?;
            assert_eq!(get(&mut client, "ok")?.status, status, "{most}");
        }
        Ok(())
    })
}
