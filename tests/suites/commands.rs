//! What a server says to try works, as it is printed; and a page comes up
//! in a real browser.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;

use nix::fcntl::OFlag;
use nix::unistd::pipe2;

use crate::lab::Outcome;
use crate::lab::program::Program;
use crate::steps::{
    REQUEST, Speaks, Step, find, lasting_servers, launch, new_shells, page,
    servers, skip_here, step, steps,
};

/// The two commands that a server says to try.
fn commands(server: &Program) -> Outcome<Vec<String>> {
    server.await_stdout("two commands", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let found: Vec<_> = text
            .split_inclusive('\n')
            .filter_map(|line| line.strip_prefix("  try: "))
            .filter_map(|line| line.strip_suffix('\n'))
            .map(str::to_string)
            .collect();
        (found.len() == 2).then_some(found)
    })
}

/// What a person types into `command`, and sees then.
fn dialogue(step: &Step, command: &str) -> (&'static str, &'static str) {
    match step.speaks {
        Speaks::Greeting => ("", "Hello from the other end of a socket.\n"),
        Speaks::Echo => ("hello, echo\n", "hello, echo\n"),
        Speaks::Http if command.starts_with("curl -d") => ("", "hello"),
        Speaks::Http if command.starts_with("printf") => ("", "127.0.0.1,\n"),
        Speaks::Http => ("", "HTTP/1.1 200 OK\r\n"),
        Speaks::Client => panic!("{} is no server", step.name),
    }
}

/// The command as words, the first of which is a path; `None` if the tool
/// is not installed.
fn resolve(command: &str) -> Option<(PathBuf, Vec<&str>)> {
    let mut words = command.split(' ');
    let first = words.next().expect("a word");
    if first == "cargo" {
        // What cargo would build and run is built already.
        assert_eq!((words.next(), words.next()), (Some("run"), Some("--bin")));
        let name = words.next().expect("a step");
        return Some(((&step(name).program).into(), words.collect()));
    }
    if command.contains(" | ") {
        // A shell's: what is missing would be seen too late.
        return find("nc").map(|_| ("/bin/sh".into(), vec!["-c", command]));
    }
    Some((find(first)?, words.collect()))
}

#[test]
fn the_commands_work_as_they_are_printed() -> Outcome {
    for step in servers() {
        for turn in 0..2 {
            let server = step.server()?;
            let command = commands(&server)?.swap_remove(turn);
            if command.starts_with("firefox") {
                continue;
            }
            let Some((program, arguments)) = resolve(&command) else {
                let why = format!("no `{command}`");
                skip_here(&why, "install netcat-openbsd and curl");
                continue;
            };
            let (typed, seen) = dialogue(step, &command);
            let launch = launch(program, &arguments)?;
            let program = launch.stdin(Stdio::piped()).spawn()?;
            program.type_in(typed.as_bytes())?;
            program.end_input();
            program.await_stdout(&format!("{command}: {seen:?}"), |bytes| {
                let text = String::from_utf8_lossy(bytes);
                text.contains(seen).then_some(())
            })?;
        }
    }
    Ok(())
}

/// A real browser with a page of this server, and with this further flag;
/// `None`, after saying so, if this machine has none.
pub fn open_browser(
    server: &Program,
    target: &str,
    flag: &str,
) -> Outcome<Option<Program>> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let Some(browser) = names.into_iter().find_map(find) else {
        skip_here("no browser", "apt-get install chromium");
        return Ok(None);
    };
    let url = format!("http://{}{target}", server.address()?);
    let flags = "--headless --no-sandbox --disable-gpu --disable-quic \
        --disable-background-networking --disable-component-update \
        --disable-popup-blocking --disable-sync --no-first-run \
        --user-data-dir=.";
    let flags: Vec<_> = flags.split(' ').chain([flag, &*url]).collect();
    launch(&browser, &flags)?.at_home().spawn().map(Some)
}

/// What it makes of the page for `/`.
pub fn browse(server: &Program) -> Outcome<Option<String>> {
    let browser = open_browser(server, "/", "--dump-dom")?;
    let Some(browser) = browser else { return Ok(None) };
    let page = browser.wait(browser.patience())?.stdout;
    Ok(Some(String::from_utf8_lossy(&page).into_owned()))
}

#[test]
fn a_browser_shows_the_page() -> Outcome {
    for step in new_shells("http") {
        let server = step.server()?;
        let page = browse(&server)?;
        let Some(page) = page else { break };
        let title = title(&server)?;
        assert!(page.contains(&title), "no {title}; the browser shows: {page}");
        let note = match step.does("keep-alive") {
            // It counts what it has done, instead of telling it.
            true if step.does("cores") || step.does("peer") => continue,
            true => " requests, ",
            false => "GET / HTTP/1.1",
        };
        server.expect_note(note)?;
    }
    Ok(())
}

/// The title of the page that a server has for `/`.
fn title(server: &Program) -> Outcome<String> {
    let mut client = server.connect()?;
    client.send(REQUEST)?;
    let page = String::from_utf8(page(&mut client)?.body).unwrap();
    let start = page.find("<title>").expect("a title");
    let end = page.find("</title>").expect("its end");
    Ok(page[start..end].to_string())
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
fn a_line_is_one_write() -> Outcome {
    for step in steps() {
        let (reading, writing) = packets();
        let launch = step.launch(&["--nonsense"])?.stderr(writing);
        launch.spawn()?.expect_exit(2)?;
        assert_eq!(expect_whole_lines(reading), 1);
    }
    Ok(())
}

#[test]
fn lines_about_clients_are_single_writes_too() -> Outcome {
    // A node's terminal is for what peers say.
    for step in lasting_servers().filter(|step| !step.does("peer")) {
        let (reading, writing) = packets();
        let launch = step.launch(&["127.0.0.1:0"])?.stderr(writing);
        let server = launch.start()?;
        step.exchange(&server)?;
        let mut client = server.connect()?;
        client.send(REQUEST)?;
        client.reset()?;
        step.exchange(&server)?;
        server.interrupt()?;
        assert!(expect_whole_lines(reading) >= 2);
    }
    Ok(())
}
