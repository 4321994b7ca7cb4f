//! A service manager: what it hands over, and what it hears.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::files::client::get;
use crate::files::tree::Tree;
use crate::lab::time::PATIENCE;
use crate::lab::{Outcome, proc};
use crate::service::{SITE, ask_at, settings};
use crate::steps::{launch, on_every};

#[test]
fn sockets_that_somebody_else_has_made() -> Outcome {
    // It plays the manager: its input and its output are handed over.
    const SHELL: &str = "exec 3<&0 4<&1 </dev/null >&2
        export LISTEN_FDS=$1 LISTEN_PID=${2:-$$} NOTIFY_SOCKET=$3
        exec \"$0\" $5 --settings \"$4\"";
    on_every("hardened", |step| {
        let tree = Tree::new();
        let listen = "listen = ['127.0.0.1:0', 'unix:own']\n";
        let file = settings(&tree, &format!("{listen}{SITE}"));
        let (loops, loop_count) = match step.does("cores") {
            true => ("--workers=3", 3),
            false => ("--threads=1", 1),
        };
        let [own, theirs, place] =
            ["own", "theirs", "manager"].map(|it| tree.outside().join(it));
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let unix = UnixListener::bind(&theirs).unwrap();
        let manager = UnixDatagram::bind(&place).unwrap();
        manager.set_read_timeout(Some(PATIENCE * 6)).unwrap();
        let hears = |said: &str| {
            let mut bytes = [0; 100];
            let count = manager.recv(&mut bytes).unwrap();
            let heard = String::from_utf8_lossy(&bytes[..count]);
            let number = heard.strip_prefix(said).expect(&heard);
            number.parse::<u128>().unwrap()
        };
        let now = || {
            let now = clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap();
            Duration::from(now).as_micros()
        };
        let start = |output: OwnedFd, count, pid| {
            let place = place.to_str().unwrap();
            let shell =
                ["-c", SHELL, &step.program, count, pid, place, &file, loops];
            let input = OwnedFd::from(tcp.try_clone().unwrap());
            launch("/bin/sh", &shell)?.stdin(input).stdout(output).spawn()
        };
        let output = || unix.try_clone().unwrap().into();
        for (output, count, why) in [
            (manager.try_clone().unwrap().into(), "2", "not a listening"),
            (output(), "3", "descriptor 5: bad file number"),
        ] {
            let line = start(output, count, "")?.expect_complaint(1)?;
            assert!(line.contains(&format!(": LISTEN_FDS: {why}")), "{line}");
        }
        let server = start(output(), "2", "")?;
        hears("READY=");
        // Each of the workers has both, and no child would have any.
        let flags = proc::socket_flags(server.pid());
        let is_closed = |it: &i32| it & libc::O_CLOEXEC != 0;
        let is_each = flags.len() == 2 * loop_count + 1;
        assert!(is_each && flags.iter().all(is_closed), "{flags:?}");
        server.set_addresses(vec![tcp.local_addr().unwrap()]);
        for _ in 0..64 {
            assert_eq!(get(&mut server.connect()?, "/")?.status, 200);
            ask_at(&theirs);
        }
        let before = now();
        server.signal(libc::SIGHUP);
        let told = hears("RELOADING=1\nMONOTONIC_USEC=");
        assert!((before..=now()).contains(&told), "{told}");
        hears("READY=");
        server.signal(libc::SIGTERM);
        hears("STOPPING=");
        server.expect_exit(0)?;
        assert!(theirs.exists() && !own.exists());
        // What is meant for another process is left alone.
        let _server = start(output(), "2", "1")?;
        hears("READY=");
        assert!(own.exists());
        Ok(())
    })
}
