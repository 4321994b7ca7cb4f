//! Which programs are run, and what they are given: their request, their
//! descriptors, their input.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::{TEXT, ask, get, programs, running, serve};
use crate::lab::Outcome;
use crate::lab::fixtures::pattern;
use crate::lab::scratch::Scratch;
use crate::steps::{launch, on_every};

#[test]
fn a_program_is_told_of_its_request() -> Outcome {
    on_every("cgi", |step| {
        let text = format!("{TEXT}exec cat /proc/self/environ");
        let (_programs, server, mut client) =
            running(step, &[("env", &text)], "10")?;
        client.send(
            b"POST /cgi/env/a%20b/c/?x=%20&y HTTP/1.1\r\nHost: name:81\r\n\
              Content-Type: a/b\r\nProxy: evil\r\nX-Ab: 1\r\nX_Ab: 2\r\n\
              x-aB: 3\r\nAuthorization: secret\r\nCookie: a=1\r\n\
              Cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n\
              5\r\nhello\r\n0\r\n\r\n",
        )?;
        let response = client.response()?;
        let text = String::from_utf8(response.body).unwrap();
        let mut told: Vec<&str> = text.split_terminator('\0').collect();
        // The shell's own.
        told.retain(|it| !it.starts_with("PWD=") && !it.starts_with("OLDPWD="));
        told.sort_unstable();
        let port = format!("SERVER_PORT={}", server.address()?.port());
        let path = format!("PATH={}", std::env::var("PATH").unwrap());
        let others = "CONTENT_LENGTH=5|CONTENT_TYPE=a/b|\
            GATEWAY_INTERFACE=CGI/1.1|HTTP_COOKIE=a=1; b=2|\
            HTTP_HOST=name:81|HTTP_X_AB=1, 3|PATH_INFO=/a b/c/|\
            QUERY_STRING=x=%20&y|REMOTE_ADDR=127.0.0.1|\
            REMOTE_HOST=127.0.0.1|REQUEST_METHOD=POST|\
            SCRIPT_NAME=/cgi/env|SERVER_NAME=name|\
            SERVER_PROTOCOL=HTTP/1.1|SERVER_SOFTWARE=socket-to-swarm/0.1.0";
        let mut expected: Vec<_> = others.split('|').collect();
        expected.extend([&*port, &path]);
        expected.sort_unstable();
        assert_eq!(told, expected);
        // And of a shorter one, as HTTP/1.0 has it, it is told less.
        client.send(b"GET /cgi/env HTTP/1.0\r\n\r\n")?;
        let text = String::from_utf8(client.response()?.body).unwrap();
        for variable in [
            "SERVER_NAME=127.0.0.1",
            "QUERY_STRING=",
            "SERVER_PROTOCOL=HTTP/1.0",
        ] {
            assert!(text.split('\0').any(|it| it == variable), "{text:?}");
        }
        let lacks = |name: &str| !text.contains(name);
        assert!(lacks("PATH_INFO") && lacks("CONTENT_") && lacks("HTTP_"));
        Ok(())
    })
}

/// Whatever the server has open, and whoever started it.
#[test]
fn a_program_has_three_descriptors_and_signals_as_usual() -> Outcome {
    on_every("cgi", |step| {
        let programs = programs(&[
            ("fds", &format!("{TEXT}exec ls /proc/self/fd")),
            ("signals", &format!("{TEXT}exec cat /proc/self/status")),
            ("directory", &format!("{TEXT}exec ls /proc/self/cwd/")),
        ]);
        let script =
            "exec 7</dev/null 8<&7; exec \"$0\" 127.0.0.1:0 --cgi \"$1\"";
        let directory = programs.path().to_str().unwrap();
        let arguments = ["-c", script, &step.program, directory];
        let server =
            launch("/bin/sh", &arguments)?.signals_blocked().start()?;
        let mut client = server.connect()?;
        // 3 is the directory that `ls` reads.
        assert_eq!(get(&mut client, "fds")?.body, b"0\n1\n2\n3\n");
        let listed = get(&mut client, "directory")?.body;
        assert_eq!(listed, b"directory\nfds\nsignals\n", "where it runs");
        let status = get(&mut client, "signals")?.body;
        let status = String::from_utf8(status).unwrap();
        let mask = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name));
            u64::from_str_radix(value.unwrap().trim(), 16).unwrap()
        };
        assert_eq!(mask("SigBlk:"), 0);
        assert_eq!(mask("SigIgn:") & 1 << (libc::SIGPIPE - 1), 0, "SIGPIPE");
        Ok(())
    })
}

/// Its input and its output are served at once: a pipe holds 64 KiB. It need
/// not read its input; and a pipe that nobody reads any more is always ready. A
/// client that has only said its last word gets the response.
#[test]
fn an_input_is_read_as_it_comes_or_not_at_all() -> Outcome {
    on_every("cgi", |step| {
        let programs = [
            ("cat", &*format!("{TEXT}exec cat")),
            ("deaf", &format!("exec <&-\nsleep 2\n{TEXT}echo ok")),
            ("slow", &format!("sleep 0.3\n{TEXT}")),
        ];
        let (_programs, server, mut client) = running(step, &programs, "30")?;
        let body = pattern(8 << 20);
        ask(&mut client, "POST", "cat", &body)?;
        assert!(client.response()?.body == body);
        ask(&mut client, "POST", "deaf", &[b'a'; 1 << 20])?;
        server.await_call("poll()")?;
        server.expect_idle()?;
        assert_eq!(client.response()?.body, b"ok\n");
        let mut other = server.connect()?;
        ask(&mut other, "GET", "slow", b"")?;
        other.finish()?;
        assert_eq!(other.response()?.status, 200);
        other.expect_eof()?;
        ask(&mut client, "POST", "cat", &pattern((8 << 20) + 1))?;
        assert_eq!(client.response()?.status, 413);
        Ok(())
    })
}

#[test]
fn only_what_may_be_run_in_the_directory_is_run() -> Outcome {
    on_every("cgi", |step| {
        let programs = programs(&[
            ("plain", ""),
            ("lost", ""),
            ("inside", &format!("{TEXT}echo ok")),
        ]);
        let path = programs.path();
        fs::set_permissions(path.join("plain"), Permissions::from_mode(0o644))
            .unwrap();
        fs::write(path.join("lost"), "#!/nowhere/at/all\n").unwrap();
        fs::create_dir(path.join("directory")).unwrap();
        symlink("/bin/true", path.join("out")).unwrap();
        symlink("inside", path.join("link")).unwrap();
        let server = serve(step, &programs, "10")?;
        let mut client = server.connect()?;
        for (name, status) in [
            ("link", 200),
            ("in%73ide", 200),
            ("a/../inside", 200),
            ("plain", 403),
            ("none", 404),
            ("", 404),
            ("directory", 404),
            ("directory/x", 404),
            ("out", 404),
            ("inside%2fx", 404),
            ("..%2f..%2fbin%2ftrue", 404),
            ("%2e%2e/cgi", 404),
            ("inside%00", 400),
            ("lost", 502),
        ] {
            assert_eq!(get(&mut client, name)?.status, status, "{name}");
        }
        Ok(())
    })
}

/// The programs that come with the step.
#[test]
fn the_samples_run() -> Outcome {
    on_every("cgi", |step| {
        let server = step.server()?;
        let mut client = server.connect()?;
        let text = String::from_utf8(get(&mut client, "hello.sh")?.body);
        assert!(text.unwrap().contains("\nSCRIPT_NAME=/cgi/hello.sh\n"));
        let programs = Scratch::new().unwrap();
        let source =
            concat!(env!("CARGO_MANIFEST_DIR"), "/steps/10-cgi/cgi/upper.rs");
        let program = programs.path().join("upper");
        let mut rustc = Command::new("rustc");
        rustc.arg("-o").arg(program).arg(source);
        assert!(rustc.status().unwrap().success());
        let server = serve(step, &programs, "10")?;
        let mut client = server.connect()?;
        ask(&mut client, "POST", "upper", b"hello")?;
        assert_eq!(client.response()?.body, b"HELLO");
        Ok(())
    })
}
