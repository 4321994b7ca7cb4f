//! How steps with files start, and what they say when they cannot.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::client::{as_user, at, get, site};
use super::tree::Tree;
use crate::lab::Outcome;
use crate::steps::{launch, on_every};

const NONE: &str = ": no such file or directory";
const NO_ROOT: &str = "cannot open the root VALUE: not a directory";
const TITEL: &str = "/listing.html:2: no value called \"titel\" (there are: \
    path, rows, more)";
const MIB: &str = "--cache-mib needs a number from 0 to 4096, not \"VALUE\"";

/// Who takes no flag with such a value, by capability; the exit status, and how
/// the line ends that is said of it.
#[rustfmt::skip]
const FLAGS: [(&str, &str, &str, i32, &str); 20] = [
    ("files", "root", "DIR/nothing", 1, NONE),
    ("files", "root", "DIR/file.txt", 1, NO_ROOT),
    ("files", "root", "DIR/fifo", 1, NO_ROOT),
    ("files", "root", "DIR/loop", 1, ": too many symbolic links encountered"),
    ("files", "root", "DIR/closed/site", 1, ": permission denied"),
    ("ready-responses", "cache-mib", "x", 2, MIB),
    ("ready-responses", "cache-mib", "", 2, MIB),
    ("ready-responses", "cache-mib", "-1", 2, MIB),
    ("ready-responses", "cache-mib", "1.5", 2, MIB),
    ("ready-responses", "cache-mib", "4097", 2, MIB),
    ("ready-responses", "cache-mib", "99999999999999999999", 2, MIB),
    ("sites", "write", "/none", 1, NONE),
    ("sites", "write", "/out-directory", 1, ": cross-device link"),
    ("sites", "write", "up", 2, " such as /up, not 'up'; try --help"),
    ("sites", "fallback", "/sub", 1, ": there is no such file"),
    ("sites", "guestbook", "DIR", 1, ": is a directory"),
    ("sites", "guestbook", "DIR/b/listing.html", 1, "no line of a guest book"),
    ("sites", "templates", "DIR", 1, "listing.html: no such file or directory"),
    ("sites", "templates", "DIR/a", 1, TITEL),
    ("sites", "templates", "DIR/b", 1, "/listing.html:3: {{ without its }}"),
];

/// What is wrong with what a flag leads to is said before there is a request,
/// and files are left alone.
#[test]
fn a_flag_with_a_value_that_cannot_be() -> Outcome {
    const TEMPLATES: [(&str, &str); 2] = [
        ("a", "{{ path }}\n{{titel}}"),
        ("b", "{{rows}}{{more}}\n\n{{path}\n{{rows"),
    ];
    on_every("files", |step| {
        let tree = Tree::new();
        tree.directory("closed");
        let closed = tree.path("closed");
        fs::set_permissions(closed, Permissions::from_mode(0o600)).unwrap();
        for (name, text) in TEMPLATES {
            tree.directory(name);
            tree.write(format!("{name}/listing.html"), text.as_bytes());
        }
        let root = tree.root();
        for (_, flag, value, code, end) in
            FLAGS.iter().filter(|it| step.does(it.0))
        {
            let value = value.replace("DIR", root.to_str().unwrap());
            let launch =
                as_user(at(step, &root)?).with(&[&format!("--{flag}"), &value]);
            let line = launch.spawn()?.expect_complaint(*code)?;
            let (start, end) = (&step.name, end.replace("VALUE", &value));
            assert!(line.starts_with(&format!("{start}: ")), "{line}");
            assert!(line.contains(&value) && line.ends_with(&end), "{line}");
        }
        let kept = fs::read_to_string(tree.path("b/listing.html"));
        assert_eq!(kept.unwrap(), TEMPLATES[1].1);
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

/// On a kernel before 5.6 there is no openat2: better no server than one whose
/// clients can leave the root.
#[test]
fn a_kernel_without_openat2() -> Outcome {
    on_every("files", |step| {
        let launch = step.launch(&["0"])?.shim("openat2=ENOSYS");
        let line = launch.spawn()?.expect_complaint(1)?;
        assert!(line.contains("openat2(2) came with Linux 5.6"), "{line}");
        Ok(())
    })
}
