//! Steps that run programs for responses: what a program is given, what
//! becomes of its output, and that no process is left.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::lab::client::{Client, Response};
use crate::lab::fixtures::pattern;
use crate::lab::program::Program;
use crate::lab::{Outcome, proc};
use crate::scratch::Scratch;
use crate::steps::{Step, launch, on_every};

/// The start of an output whose body follows.
pub const TEXT: &str = "printf 'Content-Type: text/plain\\n\\n'\n";

/// Programs in shell, in a directory of their own.
pub fn programs(list: &[(&str, &str)]) -> Scratch {
    let directory = Scratch::new().unwrap();
    for (name, text) in list {
        let file = directory.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{text}")).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
    }
    directory
}

/// A server for them, that gives each so many seconds.
pub fn serve(
    step: &Step,
    programs: &Scratch,
    timeout: &str,
) -> Outcome<Program> {
    let directory = programs.path().to_str().unwrap();
    let flags = ["127.0.0.1:0", "--cgi", directory, "--timeout", timeout];
    step.launch(&flags)?.at_home().start()
}

/// Sends a request with a body for the program of that name.
pub fn ask(
    client: &mut Client,
    method: &str,
    name: &str,
    body: &[u8],
) -> Outcome {
    let length = body.len();
    let head = format!(
        "{method} /cgi/{name} HTTP/1.1\r\nHost: a\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    client.send(&[head.as_bytes(), body].concat())
}

pub fn get(client: &mut Client, name: &str) -> Outcome<Response> {
    ask(client, "GET", name, b"")?;
    client.response()
}

#[test]
fn a_program_is_told_of_its_request() -> Outcome {
    on_every("cgi", |step| {
        let programs =
            programs(&[("env", &format!("{TEXT}exec cat /proc/self/environ"))]);
        let server = serve(step, &programs, "10")?;
        let mut client = server.connect()?;
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
        let mut expected = vec![
            "CONTENT_LENGTH=5",
            "CONTENT_TYPE=a/b",
            "GATEWAY_INTERFACE=CGI/1.1",
            "HTTP_COOKIE=a=1; b=2",
            "HTTP_HOST=name:81",
            "HTTP_X_AB=1, 3",
            "PATH_INFO=/a b/c/",
            "QUERY_STRING=x=%20&y",
            "REMOTE_ADDR=127.0.0.1",
            "REMOTE_HOST=127.0.0.1",
            "REQUEST_METHOD=POST",
            "SCRIPT_NAME=/cgi/env",
            "SERVER_NAME=name",
            "SERVER_PROTOCOL=HTTP/1.1",
            "SERVER_SOFTWARE=socket-to-swarm/0.1.0",
            &port,
            &path,
        ];
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

/// Its input and its output are served at once: a pipe holds 64 KiB.
#[test]
fn eight_megabytes_go_through() -> Outcome {
    on_every("cgi", |step| {
        let programs = programs(&[
            ("cat", &format!("{TEXT}exec cat")),
            ("deaf", &format!("exec <&-\n{TEXT}echo ok")),
        ]);
        let server = serve(step, &programs, "30")?;
        let mut client = server.connect()?;
        let body = pattern(8 << 20);
        ask(&mut client, "POST", "cat", &body)?;
        assert!(client.response()?.body == body);
        // A program need not read its input.
        ask(&mut client, "POST", "deaf", &body)?;
        assert_eq!(client.response()?.body, b"ok\n");
        ask(&mut client, "POST", "cat", &pattern((8 << 20) + 1))?;
        assert_eq!(client.response()?.status, 413);
        Ok(())
    })
}

/// Outputs, each with the status and the Content-Length of its response.
const OUTPUTS: [(&str, u16, &str); 23] = [
    ("printf 'Content-Type: a/b\\r\\n\\r\\nhi'", 200, "2"),
    ("printf 'Status: 404 No\\ncontent-type: a/b\\n\\nhi'", 404, "2"),
    ("printf 'Status: 299\\nContent-Type: a/b\\n\\n'", 299, "0"),
    ("printf 'Location: /notes.txt\\n\\n'", 302, "0"),
    (
        "printf 'Location: /\\nStatus: 303 A\\nContent-Type: a/b\\n\\nhi'",
        303,
        "2",
    ),
    ("printf 'Status: 204 None\\n\\nhi'", 502, "-"),
    ("printf 'Status: 204 None\\nContent-Type: a/b\\n\\nhi'", 204, ""),
    // Framing and connection are ours.
    (
        "printf 'Content-Length: 99\\nTransfer-Encoding: chunked\\n'; \
         printf 'Connection: close\\nContent-Type: a/b\\n\\nhi'",
        200,
        "2",
    ),
    // These are no outputs.
    ("", 502, "-"),
    ("echo hello", 502, "-"),
    ("printf 'Content-Type: a/b\\nno end'", 502, "-"),
    ("yes 'A: b' | head -c 20000; printf 'Content-Type: a/b\\n\\n'", 502, "-"),
    ("printf '\\nhi'", 502, "-"),
    ("printf 'X-A: b\\n\\nhi'", 502, "-"),
    ("printf 'Status: 200\\nStatus: 200\\nContent-Type: a/b\\n\\n'", 502, "-"),
    ("printf 'Status: 101 Up\\nContent-Type: a/b\\n\\n'", 502, "-"),
    ("printf 'Status: 2000\\nContent-Type: a/b\\n\\n'", 502, "-"),
    ("printf 'Location: /a b\\n\\n'", 502, "-"),
    ("printf 'A b: c\\nContent-Type: a/b\\n\\n'", 502, "-"),
    ("printf 'A: b\\001\\nContent-Type: a/b\\n\\n'", 502, "-"),
    // They look well, but their programs say, or show, that they are not.
    ("printf 'Content-Type: a/b\\n\\nhi'\nexit 3", 502, "-"),
    ("printf 'Content-Type: a/b\\n\\nhi'\nkill -KILL $$", 502, "-"),
    // So much is too much.
    (
        "printf 'Content-Type: a/b\\n\\n'\nexec head -c 17000000 /dev/zero",
        502,
        "-",
    ),
];

#[test]
fn an_output_becomes_a_response() -> Outcome {
    on_every("cgi", |step| {
        let names: Vec<String> =
            (0..OUTPUTS.len()).map(|number| format!("p{number}")).collect();
        let rows = names.iter().zip(OUTPUTS);
        let list: Vec<_> = rows.map(|(name, row)| (&**name, row.0)).collect();
        let programs = programs(&list);
        let server = serve(step, &programs, "30")?;
        let mut client = server.connect()?;
        for (name, (output, status, length)) in names.iter().zip(OUTPUTS) {
            let response = get(&mut client, name)?;
            assert_eq!(response.status, status, "{output}");
            let sent = response.field("content-length").unwrap_or("");
            assert!(length == "-" || length == sent, "{output}: {sent}");
            assert!(!response.says("close"), "{output}");
            assert!(response.field("transfer-encoding").is_none());
            // The head is the same, and the connection goes on.
            ask(&mut client, "HEAD", name, b"")?;
            let head = client.response_head()?;
            assert_eq!(head.status, status, "{output}");
            assert!(
                head.length().is_none_or(|length| length.to_string() == sent)
            );
        }
        server.eventually("has one child", || {
            let tree = proc::tree(server.pid());
            (tree.len() == 2).then_some(())
        })
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
