//! Enters in step 01: what every step says to the person who runs it.
//!
//! The arguments, the first lines of output, and the one line that explains a
//! failure. Nothing here is network programming; it is here once, so that
//! each step's `main.rs` can be about its own idea.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::process::{self, ExitCode};

use nix::errno::Errno;

/// Where a server listens by default.
pub const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Flags without a value. Enters in step 18.
const SWITCHES: [&str; 3] = ["pin", "trace", "first"];

/// Flags that may be given several times: their values are joined by commas.
/// Enters in step 23.
const LISTS: [&str; 1] = ["peer"];

/// Why a step cannot go on: one line for the person who started it.
#[derive(Debug)]
pub struct Failure {
    message: String,
    exit_status: u8,
}

impl Failure {
    /// `what` could not be done, for the reason that the kernel gave.
    pub fn new(what: impl Display, why: impl Into<io::Error>) -> Self {
        let message = format!("{what}: {}", Strerror(why.into()));
        Failure { message, exit_status: 1 }
    }

    /// The command line was not understood: `message` says why. Exit status
    /// 2, as for most programs.
    pub fn usage(message: impl Display) -> Self {
        let message = format!("{message}; try --help");
        Failure { message, exit_status: 2 }
    }

    /// Something in a file is wrong: `message` says what, and where. Enters in
    /// step 20.
    pub fn wrong(message: impl Display) -> Self {
        Failure { message: message.to_string(), exit_status: 1 }
    }

    /// A server could not have `address`, with what to do about it.
    pub fn listening(address: SocketAddr, why: impl Into<io::Error>) -> Self {
        let why = why.into();
        let other_port = if address.port() == 8081 { 8082 } else { 8081 };
        let again = |port| command_line(with_port(address, port));
        let advice = match why.raw_os_error().map(Errno::from_raw) {
            Some(Errno::EADDRINUSE) => format!(
                "; another step may be running, or choose a port: {}",
                again(other_port)
            ),
            Some(Errno::EACCES) => format!(
                "; ports below 1024 are root's, choose a port: {}",
                again(8080)
            ),
            Some(Errno::EADDRNOTAVAIL) => {
                "; no interface of this machine has it: see `ip address`"
                    .to_string()
            }
            _ => String::new(),
        };
        let mut failure =
            Failure::new(format_args!("cannot listen on {address}"), why);
        failure.message.push_str(&advice);
        failure
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// An error as a person reads it: `address in use`, without Rust's number.
struct Strerror(io::Error);

impl Display for Strerror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(number) = self.0.raw_os_error() else {
            return write!(f, "{}", self.0);
        };
        let text = Errno::from_raw(number).desc();
        let mut letters = text.chars();
        match letters.next() {
            // "Connection refused", but not "I/O error" or "RFS error".
            Some(first) if letters.as_str().starts_with(char::is_lowercase) => {
                write!(f, "{}{}", first.to_lowercase(), letters.as_str())
            }
            _ => f.write_str(text),
        }
    }
}

/// The text of an error, as strerror(3) has it: without Rust's
/// `(os error 98)` behind it.
pub fn strerror(error: impl Into<io::Error>) -> impl Display {
    Strerror(error.into())
}

/// Runs a step: its failure, if any, becomes one line on standard error and
/// the exit status.
pub fn main(run: impl FnOnce() -> Result<(), Failure>) -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            log(format_args!("{}: {failure}", program()));
            ExitCode::from(failure.exit_status)
        }
    }
}

/// The command line of a server: `[ADDRESS]`, or `--help`, which prints
/// `help` and ends the program. An address is `IP:PORT`, `[IPv6]:PORT` or a
/// port of 127.0.0.1; port 0 asks the kernel for a free one.
///
/// # Errors
/// When the arguments are anything else.
pub fn server_address(help: &str) -> Result<SocketAddr, Failure> {
    let (address, []) = server_arguments(help, [])?;
    Ok(address)
}

/// A server's command line with flags: `[ADDRESS] [--FLAG VALUE]...`. The
/// flags are named without their dashes; their values are returned in the
/// same order. Enters in step 08.
///
/// # Errors
/// When the arguments are anything else.
pub fn server_arguments<const N: usize>(
    help: &str,
    flags: [&str; N],
) -> Result<(SocketAddr, [Option<OsString>; N]), Failure> {
    let (argument, values) = arguments(help, flags)?;
    let address = argument.map(|text| parse_address(&text)).transpose()?;
    Ok((address.unwrap_or(DEFAULT_ADDRESS), values))
}

/// The value of a flag that takes a count, from 1; `default` if it was not
/// given. Enters in step 09.
///
/// # Errors
/// When it is anything else.
pub fn count(
    flag: &str,
    value: Option<OsString>,
    default: usize,
) -> Result<usize, Failure> {
    let Some(value) = value else { return Ok(default) };
    let count = value.to_str().and_then(|text| text.parse().ok());
    count.filter(|count| *count > 0).ok_or_else(|| {
        let value = value.to_string_lossy();
        Failure::usage(format_args!(
            "--{flag} takes a number from 1, not '{value}'"
        ))
    })
}

/// The value of a flag that takes a number up to `max`; `default` if it was
/// not given. Enters in step 17.
///
/// # Errors
/// When it is anything else.
pub fn number(
    flag: &str,
    value: Option<OsString>,
    max: usize,
    default: usize,
) -> Result<usize, Failure> {
    let Some(value) = value else { return Ok(default) };
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.filter(|number| *number <= max).ok_or_else(|| {
        let value = value.to_string_lossy();
        let message =
            format!("--{flag} needs a number from 0 to {max}, not {value:?}");
        Failure { message, exit_status: 2 }
    })
}

/// The value of a flag that takes the path of a URL. Enters in step 20.
///
/// # Errors
/// When it is anything else.
pub fn path(
    flag: &str,
    value: Option<OsString>,
) -> Result<Option<String>, Failure> {
    let Some(value) = value else { return Ok(None) };
    let path = value.to_str().filter(|text| text.starts_with('/'));
    let path = path.ok_or_else(|| {
        let value = value.to_string_lossy();
        Failure::usage(format_args!(
            "--{flag} takes a path such as /up, not '{value}'"
        ))
    })?;
    Ok(Some(path.to_string()))
}

/// The one optional argument of a step; `--help` prints `help` and ends.
///
/// # Errors
/// When there is an unknown option, or a second argument.
pub fn only_argument(help: &str) -> Result<Option<String>, Failure> {
    let (argument, []) = arguments(help, [])?;
    Ok(argument)
}

/// An optional argument, and flags: as [`server_arguments`].
///
/// # Errors
/// When the arguments are anything else.
pub fn arguments<const N: usize>(
    help: &str,
    flags: [&str; N],
) -> Result<(Option<String>, [Option<OsString>; N]), Failure> {
    use lexopt::Arg::{Long, Short, Value};
    let mut argument = None;
    let mut values = [const { None }; N];
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next().map_err(Failure::usage)? {
        match arg {
            Short('h') | Long("help") => {
                print(help.trim_end());
                process::exit(0);
            }
            Value(value) if argument.is_none() => {
                argument = Some(value.to_string_lossy().into_owned());
            }
            Long(name) => match flags.iter().position(|flag| *flag == name) {
                // Enters in step 18.
                Some(at) if SWITCHES.contains(&flags[at]) => {
                    values[at] = Some(OsString::new());
                }
                Some(at) => {
                    let value = parser.value().map_err(Failure::usage)?;
                    // Enters in step 23.
                    let before = values[at].take();
                    let before = before.filter(|_| LISTS.contains(&flags[at]));
                    values[at] = Some(match before {
                        Some(before) => [before, value].join(OsStr::new(",")),
                        None => value,
                    });
                }
                None => return Err(Failure::usage(Long(name).unexpected())),
            },
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    Ok((argument, values))
}

/// What a person may write for where a server listens.
///
/// # Errors
/// When it is anything else.
pub fn parse_address(argument: &str) -> Result<SocketAddr, Failure> {
    if let Ok(port) = argument.parse() {
        return Ok(with_port(DEFAULT_ADDRESS, port));
    }
    let parsed = argument.parse().ok().or_else(|| parse_zone(argument));
    parsed.ok_or_else(|| {
        Failure::usage(format_args!(
            "'{}' is not an address: write IP:PORT, such as 127.0.0.1:8080 \
             or [::1]:8080, or a port alone",
            argument.escape_debug()
        ))
    })
}

/// `[fe80::1%eth0]:8080`: an address that is valid on one interface only.
/// Its name becomes a number, which only the system knows.
fn parse_zone(argument: &str) -> Option<SocketAddr> {
    let (ip, port) = argument.strip_prefix('[')?.split_once("]:")?;
    ip.contains('%').then_some(())?;
    (ip, port.parse().ok()?).to_socket_addrs().ok()?.next()
}

/// Tells the person where the server listens and two commands to try.
/// `{url}`, `{address}`, `{host}` and `{port}` in a command become the real
/// ones.
pub fn announce(scheme: &str, address: SocketAddr, commands: [&str; 2]) {
    print(format_args!("listening on {scheme}://{address}"));
    let reachable = reachable(address);
    for command in commands {
        let command = command
            .replace("{url}", &format!("{scheme}://{reachable}"))
            .replace("{address}", &reachable.to_string())
            .replace("{host}", &reachable.ip().to_string())
            .replace("{port}", &reachable.port().to_string());
        print(format_args!("  try: {command}"));
    }
}

/// A server can listen on every interface; a client connects to one address.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        IpAddr::V6(ip) if ip.is_unspecified() => {
            address.set_ip(Ipv6Addr::LOCALHOST.into());
        }
        _ => {}
    }
    address
}

fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
}

/// The command that starts this program again as it was started, but on
/// `address`.
fn command_line(address: SocketAddr) -> String {
    let mut words = vec![command()];
    words.push(address.to_string());
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        // What is no flag is the old address.
        if argument.as_encoded_bytes().starts_with(b"--") {
            let has_value = argument.as_encoded_bytes().contains(&b'=')
                || SWITCHES.iter().any(|it| argument == *format!("--{it}"));
            words.push(quote(argument));
            words.extend(
                arguments.by_ref().take(1 - usize::from(has_value)).map(quote),
            );
        }
    }
    words.join(" ")
}

/// What starts this program as it was started, without its arguments.
pub fn command() -> String {
    match std::env::var("CARGO_PKG_NAME") {
        Ok(_) => format!("cargo run --bin {} --", program()),
        Err(_) => std::env::args_os().take(1).map(quote).collect(),
    }
}

/// A word as a shell takes it.
fn quote(word: OsString) -> String {
    let word = word.to_string_lossy();
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=[]".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// This program's name, without its directory: `step07`.
pub fn program() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = std::path::Path::new(&path).file_name();
    name.unwrap_or(OsStr::new("step")).to_string_lossy().into_owned()
}

/// Prints a line on standard output. Unlike `println!` it does not panic if
/// the pipe is closed: a server goes on without it.
pub fn print(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line on standard error: what happened, for the operator. A
/// failure to print it is ignored: there is nowhere left to report it.
pub fn log(line: impl Display) {
    // Standard error has no buffer: `writeln!` would make a system call of
    // each piece, and lines of two processes would mix.
    let line = format!("{line}\n");
    let _ = io::stderr().write_all(line.as_bytes());
}
