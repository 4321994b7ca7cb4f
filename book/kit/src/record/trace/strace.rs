//! What `strace -ff -yy -k` writes, as values: one file per task, in it
//! calls, signals and the end, each followed by the stack that led there.

use std::sync::LazyLock;

use anyhow::{Context, Result};
use regex::Regex;

use crate::pattern;

/// `name(args) = result`, whose arguments end with the last such bracket: no
/// result has one, strings among the arguments may.
static CALL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(\w+)\((.*)\)\s*=(.*)$"));

static FSTAT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"^(.*?), "", (.*), AT_EMPTY_PATH$"#));

/// `/path/of/object(symbol+0x1f) [0xabc]`
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x) ^(?<object>[^(]*) (?:\((?<symbol>.*?)(?:\+0x[\da-f]+)?\))?
        \x20\[0x(?<offset>[\da-f]+)\]$",
    )
});

/// A line of strace with its stack: `name(args) = result`, or of a signal,
/// `--- SIGINT {…} ---`, its name alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Event {
    pub name: String,
    /// Between the brackets.
    pub args: String,
    /// Behind the equals sign.
    pub result: String,
    /// The stack, innermost frame first.
    pub stack: Vec<Frame>,
}

/// One frame: where in which file the instruction behind the call stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// The program or library.
    pub object: String,
    /// The function's name as strace knows it; may be empty.
    pub symbol: String,
    /// The return address, as an offset in the file.
    pub offset: u64,
}

/// Reads the file of one task.
pub fn parse(text: &str) -> Result<Vec<Event>> {
    let mut events: Vec<Event> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(frame) = line.strip_prefix(" > ") {
            let event = events.last_mut().context("a stack without a call")?;
            event.stack.extend(parse_frame(frame));
            continue;
        }
        if line.starts_with("+++ ") {
            // The end, with its status.
            continue;
        }
        let [name, args, result] = parse_event(line)
            .with_context(|| format!("line {} of strace: {line}", index + 1))?;
        events.push(Event { name, args, result, stack: Vec::new() });
    }
    Ok(events)
}

fn parse_event(line: &str) -> Result<[String; 3]> {
    if let Some(rest) = line.strip_prefix("--- ") {
        let name = rest.split_whitespace().next().unwrap_or_default();
        return Ok([name, "", ""].map(str::to_string));
    }
    let found = CALL.captures(line).context("no call with its result")?;
    let [name, args, result] = found.extract().1;
    let (name, args) = spelling(name, args);
    Ok([name, args, result.trim().to_string()])
}

/// fstat(2) is made of newfstatat(2) with an empty name by glibc 2.33 to
/// 2.38, and of itself by others. It is spelt in one way here, or a recording
/// would depend on the C library.
fn spelling(name: &str, args: &str) -> (String, String) {
    let fstat = FSTAT.captures(args).filter(|_| name == "newfstatat");
    match fstat.map(|found| found.extract().1) {
        Some([descriptor, facts]) => {
            ("fstat".to_string(), format!("{descriptor}, {facts}"))
        }
        None => (name.to_string(), args.to_string()),
    }
}

/// Where strace could not unwind it says so in other words: no frame.
fn parse_frame(line: &str) -> Option<Frame> {
    let found = FRAME.captures(line)?;
    Some(Frame {
        object: found["object"].to_string(),
        symbol: found.name("symbol").map_or("", |it| it.as_str()).to_string(),
        offset: u64::from_str_radix(&found["offset"], 16).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_taken_apart() {
        let fstat = ["fstat", "5</f>, {st_size=7, ...}", "0"];
        for (line, parts) in [
            (
                "socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[7]>",
                ["socket", "AF_INET, SOCK_STREAM, IPPROTO_IP", "3<TCP:[7]>"],
            ),
            (
                "bind(3, 16) = -1 EACCES (No)",
                ["bind", "3, 16", "-1 EACCES (No)"],
            ),
            ("exit_group(0)    = ?", ["exit_group", "0", "?"]),
            // The C library makes of it what it likes.
            ("fstat(5</f>, {st_size=7, ...}) = 0", fstat),
            (
                r#"newfstatat(5</f>, "", {st_size=7, ...}, AT_EMPTY_PATH) = 0"#,
                fstat,
            ),
            (
                r#"newfstatat(AT_FDCWD, "/f", {}, 0) = 0"#,
                ["newfstatat", r#"AT_FDCWD, "/f", {}, 0"#, "0"],
            ),
            // Brackets inside strings are text.
            (
                r#"write(1, ":) = \") = 7\\", 9) = 9"#,
                ["write", r#"1, ":) = \") = 7\\", 9"#, "9"],
            ),
            // The result of an unfinished one nobody knows.
            (
                "read(0<pipe:[1]>,  <unfinished ...>) = ?",
                ["read", "0<pipe:[1]>,  <unfinished ...>", "?"],
            ),
        ] {
            assert_eq!(parse_event(line).unwrap(), parts, "{line}");
        }
    }

    #[test]
    fn stacks_belong_to_the_line_before() {
        let events = parse(
            "close(3) = 0\n \
             > /lib/libc.so.6(__close+0x10) [0xf89f0]\n \
             > /t/step01(<a::B as core::ops::Drop>::drop+0x1b) [0xed9b]\n \
             > /t/step01() [0x10]\n \
             > unexpected_backtracing_error [0x7f]\n\
             --- SIGINT {si_signo=SIGINT, si_code=SI_USER} ---\n\
             +++ exited with 0 +++\n",
        )
        .unwrap();
        let symbols: Vec<_> =
            events[0].stack.iter().map(|f| (&*f.symbol, f.offset)).collect();
        assert_eq!(
            symbols,
            [
                ("__close", 0xf89f0),
                ("<a::B as core::ops::Drop>::drop", 0xed9b),
                ("", 0x10),
                ("", 0x7f),
            ]
        );
        assert_eq!(events[1].name, "SIGINT");
        assert_eq!(events.len(), 2);
    }

    #[test]
    fn anything_else_is_refused_with_its_line() {
        let error = parse("close(3) = 0\nnonsense\n").unwrap_err();
        assert!(format!("{error:#}").starts_with("line 2 of strace: nonsense"));
        assert!(parse(" > /a(b+0x1) [0x2]\n").is_err());
        assert!(parse("read(3, \"...").is_err());
    }
}
