//! What somebody might try who has got hold of the server, each thing in a
//! process of its own.
//!
//! 22-attacks off     without a sandbox
//! 22-attacks on      in that of step 22
//! 22-attacks late    in it, by a thread that was started before

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::libc;
use service::sandbox::{self, Mode, Places};

/// What is there before the sandbox.
struct Scene {
    listener: TcpListener,
    socket: UdpSocket,
    neighbour: Child,
}

type Attack = fn(&Scene) -> io::Result<String>;

const ATTACKS: &[(&str, Attack)] = &[
    ("read a page", |_| read("site/index.html")),
    ("read /etc/passwd", |_| read("/etc/passwd")),
    ("look how large it is", |_| {
        Ok(format!("{} bytes", fs::metadata("/etc/passwd")?.len()))
    }),
    ("write into the site", |_| make("site/new.html")),
    ("write where clients may", |_| make("site/up/new")),
    ("rename it there", |_| rename("site/up/new", "site/up/old")),
    ("move it down there", |_| rename("site/up/old", "site/up/down/old")),
    ("make a thread", |_| {
        let thread = thread::Builder::new().spawn(|| "it runs")?;
        Ok(thread.join().unwrap_or("it has panicked").to_string())
    }),
    ("make a process", |_| fork()),
    ("become a shell", |_| {
        Err(Command::new("/bin/sh").args(["-c", "echo a shell"]).exec())
    }),
    ("connect", |scene| {
        TcpStream::connect(scene.listener.local_addr()?)?;
        Ok("connected".to_string())
    }),
    ("from a socket of before", |scene| {
        scene.socket.connect("127.0.0.1:9")?;
        Ok("connected".to_string())
    }),
    ("map code", |_| map_code()),
    ("trace a process", |scene| trace(&scene.neighbour)),
];

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [mode] => tell(mode),
        [mode, number] => attack(mode, ATTACKS[number.parse::<usize>()?].1),
        _ => Err("22-attacks off|on|late".into()),
    }
}

/// Has all of them tried, and says what came of each.
fn tell(mode: &str) -> Result<(), Box<dyn Error>> {
    for (number, (name, _)) in ATTACKS.iter().enumerate() {
        let mut command = Command::new(std::env::current_exe()?);
        let output = command.args([mode, &number.to_string()]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let text = match output.status.signal() {
            Some(libc::SIGSYS) => "killed by SIGSYS",
            _ => text.trim_end(),
        };
        println!("{name:24}{text}");
    }
    Ok(())
}

/// Tries it, and says what came of it.
fn attack(mode: &str, attack: Attack) -> Result<(), Box<dyn Error>> {
    let scene = Scene {
        listener: TcpListener::bind("127.0.0.1:0")?,
        socket: UdpSocket::bind("127.0.0.1:0")?,
        neighbour: Command::new("sleep")
            .arg("1")
            .stdout(Stdio::null())
            .spawn()?,
    };
    let work = move || match attack(&scene) {
        Ok(text) => println!("{text}"),
        Err(error) => println!("{error}"),
    };
    let places = Places {
        read: vec!["site".into()],
        write: vec!["site/up".into()],
        ..Places::default()
    };
    let enter = || {
        let report = sandbox::enter(Mode::Require, &places);
        report.map(drop).map_err(|_| "there is no sandbox here")
    };
    match mode {
        "off" => work(),
        "on" => {
            enter()?;
            work();
        }
        _ => {
            let (start, started) = mpsc::channel();
            let early = thread::spawn(move || started.recv().map(|()| work()));
            enter()?;
            start.send(())?;
            early.join().map_err(|_| "the thread has panicked")??;
        }
    }
    Ok(())
}

fn read(path: &str) -> io::Result<String> {
    let text = fs::read_to_string(path)?;
    Ok(text.lines().next().unwrap_or_default().to_string())
}

fn make(path: &str) -> io::Result<String> {
    File::create(path)?;
    Ok("made".to_string())
}

fn rename(from: &str, to: &str) -> io::Result<String> {
    let flags = RenameFlags::RENAME_NOREPLACE;
    renameat2(AT_FDCWD, from, AT_FDCWD, to, flags)?;
    Ok("done".to_string())
}

fn fork() -> io::Result<String> {
    // SAFETY: the child calls nothing but _exit.
    match unsafe { libc::fork() } {
        // SAFETY: it ends the child, and nothing else.
        0 => unsafe { libc::_exit(0) },
        -1 => Err(io::Error::last_os_error()),
        _ => Ok("made".to_string()),
    }
}

fn map_code() -> io::Result<String> {
    let protection = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let nowhere = std::ptr::null_mut();
    // SAFETY: new memory, which nobody uses.
    let at = unsafe { libc::mmap(nowhere, 4096, protection, flags, -1, 0) };
    match at {
        libc::MAP_FAILED => Err(io::Error::last_os_error()),
        _ => Ok("mapped".to_string()),
    }
}

fn trace(neighbour: &Child) -> io::Result<String> {
    let pid = neighbour.id() as libc::pid_t;
    // SAFETY: PTRACE_SEIZE has no pointer.
    match unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, 0, 0) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok("it is traced".to_string()),
    }
}
