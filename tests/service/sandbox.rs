//! What whoever has got hold of the process can no longer do. The rest of it
//! is tried in chapter 22, by book/runs/22-attacks.rs.

use std::backtrace::Backtrace;
use std::{fs, thread};

use nix::errno::Errno;
use nix::libc::{self, c_long};
use service::sandbox::{Mode, Places, enter};

use crate::scratch::Scratch;

#[test]
fn what_can_no_longer_be_done() {
    let scratch = Scratch::new().unwrap();
    let at = |name| scratch.path().join(name);
    let place = |name| {
        fs::create_dir(at(name)).unwrap();
        vec![at(name)]
    };
    let (read, log) = (place("read"), place("log"));
    let places = Places { read, log, ..Places::default() };
    let attempts = || {
        let report = enter(Mode::Require, &places);
        report.map_err(|it| it.to_string()).unwrap();
        for (call, numbers) in [
            (libc::SYS_socket, [libc::AF_UNIX, libc::SOCK_STREAM, 0]),
            (libc::SYS_clone, [libc::SIGCHLD, 0, 0]),
            (libc::SYS_clone3, [0; 3]),
            (libc::SYS_mmap, [0, 4096, libc::PROT_EXEC]),
            (libc::SYS_mprotect, [0, 0, libc::PROT_EXEC]),
        ] {
            let [a, b, c] = numbers.map(c_long::from);
            // SAFETY: there is no memory that this changes.
            let result = unsafe { libc::syscall(call, a, b, c, 0, 0, 0) };
            assert_eq!(Errno::result(result), Err(Errno::ENOSYS));
        }
        let errors = [
            fs::read("/etc/passwd").map(drop),
            fs::write(at("read/a"), "a"),
            fs::read_dir(at("log")).map(drop),
        ];
        let errors = errors.map(|it| it.unwrap_err().raw_os_error());
        assert_eq!(errors, [Some(libc::EACCES); 3]);
        let fails = || panic!("{}", Backtrace::force_capture());
        assert!(thread::spawn(fails).join().is_err());
    };
    // It binds this thread, and those that it starts.
    thread::scope(|scope| scope.spawn(attempts).join().unwrap());
}
