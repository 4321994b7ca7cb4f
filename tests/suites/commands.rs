//! What a server says to try works, as it is printed; and a page comes up
//! in a real browser.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::fcntl::OFlag;
use nix::unistd::pipe2;

use crate::common::steps::{
    REQUEST, STEPS, Speaks, Step, lasting_servers, servers,
};
use crate::common::tools::{find, scratch};
use crate::common::{Program, Response, Server, skip};

/// The two commands that a server says to try.
fn commands(server: &Server) -> Vec<String> {
    let lines = server.stdout.wait_for(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let found: Vec<_> = text
            .split_inclusive('\n')
            .filter_map(|line| line.strip_prefix("  try: "))
            .filter_map(|line| line.strip_suffix('\n'))
            .map(str::to_string)
            .collect();
        (found.len() == 2).then_some(found)
    });
    lines.expect("two commands")
}

/// What a person types into `command`, and sees then.
fn dialogue(step: &Step, command: &str) -> (&'static str, &'static str) {
    match step.speaks {
        Speaks::Greeting => ("", "Hello from the other end of a socket.\n"),
        Speaks::Echo => ("hello, echo\n", "hello, echo\n"),
        Speaks::Http if command.starts_with("curl -d") => ("", "hello"),
        Speaks::Http => ("", "HTTP/1.1 200 OK\r\n"),
        Speaks::Client => panic!("{} is no server", step.name),
    }
}

/// The command as words, the first of which is a path; `None` if the tool
/// is not installed.
fn resolve(command: &str) -> Option<(PathBuf, Vec<&str>)> {
    let step = |name: &str| STEPS.iter().find(|step| step.name == name);
    let mut words = command.split(' ');
    let first = words.next().expect("a word");
    if first == "cargo" {
        // What cargo would build and run is built already.
        assert_eq!((words.next(), words.next()), (Some("run"), Some("--bin")));
        let name = words.next().expect("a step");
        let program = &step(name).expect("a step of the list").program;
        return Some((program.into(), words.collect()));
    }
    Some((find(first)?, words.collect()))
}

#[test]
fn the_commands_work_as_they_are_printed() {
    for step in servers() {
        for turn in 0..2 {
            let server = Server::start(step);
            let command = commands(&server).swap_remove(turn);
            if command.starts_with("firefox") {
                continue;
            }
            let Some((program, arguments)) = resolve(&command) else {
                let how = "install netcat-openbsd and curl";
                skip(&command, "not installed", how);
                continue;
            };
            let (typed, seen) = dialogue(step, &command);
            let program = Program::new(program, &arguments);
            let mut running = program.with_input().start();
            running.type_in(typed.as_bytes());
            running.end_input();
            let found = running.stdout.wait_for(|bytes| {
                let text = String::from_utf8_lossy(bytes);
                text.contains(seen).then_some(())
            });
            assert!(found.is_some(), "`{command}` does not show {seen:?}");
        }
    }
}

#[test]
fn a_browser_shows_the_page() {
    let test = "a_browser_shows_the_page";
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .find_map(|name| find(name))
    else {
        return skip(test, "no browser", "apt-get install chromium");
    };
    for step in servers().filter(|step| step.speaks == Speaks::Http) {
        let server = Server::start(step);
        let home = scratch("home");
        let url = format!("http://{}/", server.address);
        let program = Program::new(
            &browser,
            &[
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--dump-dom",
                &format!("--user-data-dir={}", home.display()),
                &url,
            ],
        );
        let ended = program.at_home(&home).start().wait();
        let _ = std::fs::remove_dir_all(&home);
        let page = String::from_utf8_lossy(&ended.stdout);
        let title = title(&server);
        assert!(page.contains(&title), "no {title}; the browser shows: {page}");
        let note = match step.does("keep-alive") {
            true => " requests, ",
            false => "GET / HTTP/1.1",
        };
        server.wait_for_note(note);
    }
}

/// The title of the page that a server has for `/`.
fn title(server: &Server) -> String {
    let mut client = server.connect();
    client.send(REQUEST);
    let page = String::from_utf8(Response::read(&mut client).body).unwrap();
    let start = page.find("<title>").expect("a title");
    let end = page.find("</title>").expect("its end");
    page[start..end].to_string()
}

/// A pipe that keeps writes apart: each read gets one.
fn packets() -> (std::fs::File, OwnedFd) {
    let flags = OFlag::O_DIRECT | OFlag::O_CLOEXEC;
    let (reading, writing) = pipe2(flags).unwrap();
    (reading.into(), writing)
}

/// Panics unless each write of the ended program was one whole line.
fn expect_whole_lines(mut packets: std::fs::File) -> usize {
    let mut buffer = [0; 4096];
    for lines in 0.. {
        let count = packets.read(&mut buffer).unwrap();
        if count == 0 {
            return lines;
        }
        let text = String::from_utf8_lossy(&buffer[..count]);
        let newline = text.find('\n');
        assert_eq!(newline, Some(count - 1), "a write of {text:?}");
    }
    0
}

#[test]
fn a_line_is_one_write() {
    for step in STEPS.iter() {
        let (reading, writing) = packets();
        let program = Program::new(&step.program, &["--nonsense"]);
        program.stderr(writing).start().wait().expect_status(2);
        assert_eq!(expect_whole_lines(reading), 1);
    }
}

#[test]
fn lines_about_clients_are_single_writes_too() {
    for step in lasting_servers() {
        let (reading, writing) = packets();
        let program = Program::new(&step.program, &["127.0.0.1:0"]);
        let server = Server::announced(program.stderr(writing).start());
        step.exchange(&server);
        let mut client = server.connect();
        client.send(REQUEST);
        client.reset();
        step.exchange(&server);
        server.interrupt();
        assert!(expect_whole_lines(reading) >= 2);
    }
}
