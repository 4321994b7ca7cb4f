//! How step 08 starts, and what it says when it cannot.

use super::client::{self, STEP_08, ask};
use super::tree::Tree;
use crate::common::{Ended, Program, Server};

fn run(arguments: &[&str]) -> Ended {
    Program::new(STEP_08, arguments).start().wait()
}

#[test]
fn a_root_that_cannot_be() {
    let tree = Tree::new();
    let path = |name: &str| {
        let path = tree.root().join(name);
        path.to_str().expect("UTF-8").to_string()
    };
    let cases = [
        ("nothing", "no such file or directory"),
        ("file.txt", "not a directory"),
        ("fifo", "not a directory"),
        ("loop", "too many symbolic links encountered"),
    ];
    for (name, why) in cases {
        let path = path(name);
        let ended = run(&["0", "--root", &path]);
        let line = format!("step08: cannot open the root {path}: {why}");
        ended.expect_failure(1, &line);
        assert!(ended.stdout.is_empty());
    }
}

#[test]
fn flags_that_are_wrong() {
    for arguments in [
        &["--root"][..],
        &["0", "--rot", "."],
        &["0", "1", "--root", "."],
        &["--root", ".", "-r"],
    ] {
        let ended = run(arguments);
        ended.expect_status(2);
        let line = ended.expect_one_line();
        assert!(line.ends_with("; try --help"), "{line}");
    }
    let help = run(&["--help"]);
    help.expect_status(0);
    assert!(String::from_utf8_lossy(&help.stdout).contains("--root DIR"));
}

/// Flags stand anywhere, and a root is taken from where we are.
#[test]
fn flags_in_any_order() {
    let tree = Tree::new();
    let root = tree.root();
    let root = root.to_str().expect("UTF-8");
    let equals = format!("--root={root}");
    for arguments in [
        &["-C", root, STEP_08, "--root", ".", "127.0.0.1:0"][..],
        &["-C", root, STEP_08, "0", "--root", "../inside"],
        &[STEP_08, &equals, "0"],
        &[STEP_08, "--root", "/etc", "0", "--root", root],
    ] {
        let program = Program::new("/usr/bin/env", arguments);
        let server = Server::announced(program.start());
        let response = ask(&mut server.connect(), "GET", "/file.txt");
        assert_eq!(response.body, b"a file\n", "{arguments:?}");
        server.interrupt();
    }
}

/// The root is the directory that was there at the start.
#[test]
fn the_root_may_move() {
    let tree = Tree::new();
    let server = client::serve(&tree);
    std::fs::rename(tree.root(), tree.outside().join("moved")).unwrap();
    let response = ask(&mut server.connect(), "GET", "/file.txt");
    assert_eq!(response.body, b"a file\n");
    let response = ask(&mut server.connect(), "GET", "/../secret.txt");
    assert_eq!(response.status, 400);
    server.interrupt();
}

/// On a kernel before 5.6, which a filter plays here, there is no openat2:
/// better no server than one whose clients can leave the root.
#[test]
fn a_kernel_without_openat2() {
    let program = Program::new(STEP_08, &["0"]);
    // SAFETY: between fork and exec there are two system calls, which read
    // memory that is there for ever.
    let program = unsafe { program.before(without_openat2) };
    let ended = program.start().wait();
    ended.expect_status(1);
    let line = ended.expect_one_line();
    assert!(line.contains("openat2(2) came with Linux 5.6"), "{line}");
    assert!(ended.stdout.is_empty());
}

/// From now on openat2(2) fails with `ENOSYS` in this process.
fn without_openat2() -> std::io::Result<()> {
    const fn instruction(
        code: u32,
        jt: u8,
        jf: u8,
        k: u32,
    ) -> libc::sock_filter {
        libc::sock_filter { code: code as u16, jt, jf, k }
    }
    use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
    let openat2 = libc::SYS_openat2 as u32;
    let enosys = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
    let mut filter = [
        // The call's number stands first in what the filter sees.
        instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, 0),
        instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, openat2),
        instruction(BPF_RET | BPF_K, 0, 0, enosys),
        instruction(BPF_RET | BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: prctl(2) takes numbers, and a pointer to a program that is
    // alive during the call.
    let response = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const program,
        )
    };
    if response == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
