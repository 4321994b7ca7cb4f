//! How steps with files start, and what they say when they cannot.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::client::{as_user, at, get, site};
use super::tree::Tree;
use crate::lab::Outcome;
use crate::steps::{launch, on_every};

#[test]
fn a_root_that_cannot_be() -> Outcome {
    on_every("files", |step| {
        let tree = Tree::new();
        tree.directory("closed");
        let closed = tree.path("closed");
        fs::set_permissions(closed, Permissions::from_mode(0o600)).unwrap();
        let cases = [
            ("nothing", "no such file or directory"),
            ("file.txt", "not a directory"),
            ("fifo", "not a directory"),
            ("loop", "too many symbolic links encountered"),
            ("closed/site", "permission denied"),
        ];
        for (name, why) in cases {
            let path = tree.path(name);
            let program = as_user(at(step, &path)?).spawn()?;
            let (step, path) = (&step.name, path.display());
            let line = format!("{step}: cannot open the root {path}: {why}");
            program.expect_failure(1, &line)?;
        }
        Ok(())
    })
}

/// Flags stand anywhere, and a root is taken from where we are.
#[test]
fn flags_in_any_order() -> Outcome {
    on_every("files", |step| {
        let tree = Tree::new();
        let (root, program) = (tree.root(), &step.program[..]);
        let root = root.to_str().expect("UTF-8");
        let equals = format!("--root={root}");
        for arguments in [
            &["-C", root, program, "--root", ".", "127.0.0.1:0"][..],
            &["-C", root, program, "0", "--root", "../inside"],
            &[program, &equals, "0"],
            &[program, "--root", "/etc", "0", "--root", root],
        ] {
            let server = launch("/usr/bin/env", arguments)?.start()?;
            let response = get(&mut server.connect()?, "/file.txt")?;
            assert_eq!(response.body, b"a file\n", "{arguments:?}");
        }
        Ok(())
    })
}

/// The root is the directory that was there at the start, not its name.
#[test]
fn the_root_may_move() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        fs::rename(tree.root(), tree.outside().join("moved")).unwrap();
        fs::create_dir(tree.root()).unwrap();
        tree.write("file.txt", b"an impostor");
        assert_eq!(get(&mut client, "/file.txt")?.body, b"a file\n");
        assert_eq!(get(&mut client, "/../secret.txt")?.status, 400);
        server.interrupt()
    })
}

/// On a kernel before 5.6, which a filter plays here, there is no openat2:
/// better no server than one whose clients can leave the root.
#[test]
fn a_kernel_without_openat2() -> Outcome {
    on_every("files", |step| {
        let launch = step.launch(&["0"])?;
        // SAFETY: between fork and exec there are two system calls, which
        // read memory that is there for ever.
        let launch = unsafe { launch.before(without_openat2) };
        let line = launch.spawn()?.expect_complaint(1)?;
        assert!(line.contains("openat2(2) came with Linux 5.6"), "{line}");
        Ok(())
    })
}

/// From now on openat2(2) fails with `ENOSYS` in this process.
fn without_openat2() -> std::io::Result<()> {
    use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
    let load = (BPF_LD | BPF_W | BPF_ABS) as u16;
    let if_equal = (BPF_JMP | BPF_JEQ | BPF_K) as u16;
    let result = (BPF_RET | BPF_K) as u16;
    let enosys = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
    // SAFETY: they do nothing but put numbers into a struct.
    let mut filter = unsafe {
        [
            // The call's number stands first in what the filter sees.
            libc::BPF_STMT(load, 0),
            libc::BPF_JUMP(if_equal, libc::SYS_openat2 as u32, 0, 1),
            libc::BPF_STMT(result, enosys),
            libc::BPF_STMT(result, libc::SECCOMP_RET_ALLOW),
        ]
    };
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
