//! Takes out of a transcript what is new in every run: ports, addresses in
//! memory, inode numbers, process numbers.

use std::path::Path;
use std::sync::LazyLock;

use anyhow::Result;
use regex::{Captures, Regex};

use crate::pattern;
use crate::record::ports::{Clients, Ports};
use crate::record::session::Script;

/// Calls whose numbers may be those of processes or threads.
const ABOUT_TASKS: &str = "clone clone3 fork getpid getppid gettid kill \
    pidfd_open setpgid tgkill vfork wait4 waitid";

/// A byte of a string: itself, or its escape.
static BYTE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\\(?<octal>[0-7]{1,3})|\\?."));

/// What is shown for the number of the first task, the second, and so on.
const FIRST_TASK: usize = 1000;

/// Replaces what varies, in the order in which the reader meets it.
pub struct Stable<'a> {
    ports: &'a Ports,
    clients: Clients,
    tasks: Vec<u32>,
    root: String,
    /// What is replaced wherever it stands.
    everywhere: [(Regex, &'static str); 3],
    port: Regex,
    string: Regex,
    number: Regex,
    limit: Regex,
    masks: &'a [(Regex, String)],
}

impl<'a> Stable<'a> {
    /// For one trace, whose tasks are `tasks`, in the order of the reader.
    pub fn new(
        script: &'a Script,
        ports: &'a Ports,
        tasks: Vec<u32>,
        root: &Path,
    ) -> Result<Stable<'a>> {
        Ok(Stable {
            ports,
            clients: Clients::default(),
            tasks,
            root: format!("{}/", root.canonicalize()?.display()),
            everywhere: [
                (pattern(r"/proc/\d+/"), "/proc/self/"),
                (pattern(r"<([\w-]+):\[\d+(->\d+)?\]>"), "<$1>"),
                (pattern(r"\b0x[0-9a-f]{9,}\b"), "0x…"),
            ],
            port: pattern(
                r"(?<before>\d\.\d+:|::[\da-f]*\]:|htons\()(?<port>\d+)\b",
            ),
            string: pattern(r#""(?:\\.|[^"\\])*""#),
            number: pattern(r"\b\d+\b"),
            limit: pattern(r#"(SO_(?:RCV|SND)TIMEO\w*, )"(.*)""#),
            masks: &script.masks,
        })
    }

    /// The arguments of a call, as they are shown.
    pub fn args(&mut self, call: &str, text: &str) -> String {
        let text = text.replace("<unfinished ...>", "…");
        self.text(call, text.trim_end())
    }

    /// The result of a call, as it is shown: `?` if it has none, because the
    /// call still waited when the program ended.
    pub fn result(&mut self, call: &str, text: &str) -> String {
        if text.starts_with('?') {
            return "?".to_string();
        }
        self.text(call, text)
    }

    fn text(&mut self, call: &str, text: &str) -> String {
        let mut text = text.replace(&self.root, "");
        for (pattern, shown) in &self.everywhere {
            text = pattern.replace_all(&text, *shown).into_owned();
        }
        let text = self.limit.replace_all(&text, |limit: &Captures| {
            format!("{}{}", &limit[1], timeval(&limit[2]))
        });
        let text = self.port.replace_all(&text, |found: &Captures| {
            format!("{}{}", &found["before"], self.ports.hide(&found["port"]))
        });
        // Elsewhere in a program's output it is a port, outside of strings
        // it could be a length.
        let text = self.string.replace_all(&text, |string: &Captures| {
            self.ports.hide(&string[0])
        });
        let mut text = self.clients.hide(&text, &self.port);
        if ABOUT_TASKS.split(' ').any(|it| it == call) {
            text = self.tasks(&text);
        }
        for (pattern, shown) in self.masks {
            text = pattern.replace_all(&text, shown).into_owned();
        }
        text
    }

    fn tasks(&self, text: &str) -> String {
        let shown = |found: &Captures| {
            let number = found[0].parse().ok();
            let index = self.tasks.iter().position(|t| Some(*t) == number);
            index.map_or(found[0].to_string(), |index| {
                (FIRST_TASK + index).to_string()
            })
        };
        self.number.replace_all(text, shown).into_owned()
    }
}

/// A struct timeval that strace shows as a string of bytes, as it shows
/// others.
fn timeval(string: &str) -> String {
    let bytes = unescaped(string);
    let number = |at: usize| {
        let bytes: Option<[u8; 8]> = bytes.get(at..at + 8)?.try_into().ok();
        Some(i64::from_ne_bytes(bytes?))
    };
    match (number(0), number(8)) {
        (Some(seconds), Some(micros)) => {
            format!("{{tv_sec={seconds}, tv_usec={micros}}}")
        }
        _ => format!("\"{string}\""),
    }
}

/// The bytes behind a string of strace, which writes them as C does.
fn unescaped(string: &str) -> Vec<u8> {
    let bytes = BYTE.captures_iter(string).map(|found| match &found[0] {
        r"\n" => b'\n',
        r"\r" => b'\r',
        r"\t" => b'\t',
        r"\v" => 11,
        r"\f" => 12,
        other => match found.name("octal") {
            Some(octal) => u8::from_str_radix(octal.as_str(), 8).unwrap_or(0),
            None => other.bytes().last().unwrap_or(0),
        },
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_replaced() {
        let script = "# a\nmask timeout=\\d+ timeout=5000\na& b\n";
        let script = Script::parse(script).unwrap();
        let ports = Ports::fresh("").unwrap();
        let limit = r#"SO_RCVTIMEO_OLD, "\4\0\0\0\0\0\0\0>B\17\0\0\0\0\0", 16"#;
        for (call, args, shown) in [
            // Inodes and addresses in memory.
            ("read", "0<pipe:[12]>, 0x7ffd00112233, 64", "0<pipe>, 0x…, 64"),
            ("close", "3<TCP:[10545]>", "3<TCP>"),
            ("read", "3<UNIX-STREAM:[1->2]>", "3<UNIX-STREAM>"),
            ("mmap", "NULL, 0x1fff80", "NULL, 0x1fff80"),
            // Ports, which a string may have, too; 8080 is one in use.
            (
                "write",
                "4<TCP:[127.0.0.1:8080->127.0.0.1:40123]>, \"nc ::1 8080\"",
                "4<TCP:[127.0.0.1:8080->127.0.0.1:50000]>, \"nc ::1 8080\"",
            ),
            ("bind", "{sin_port=htons(8080), …}", "{sin_port=htons(8080), …}"),
            (
                "read",
                "4<TCPv6:[[::1]:8080->[::1]:40123]>",
                "4<TCPv6:[[::1]:8080->[::1]:50000]>",
            ),
            // Tasks, where a number can be one.
            (
                "clone3",
                "{exit_signal=0} => {parent_tid=[72]}, 88",
                "{exit_signal=0} => {parent_tid=[1001]}, 88",
            ),
            ("write", "1, \"\", 72", "1, \"\", 72"),
            // Limits are shown as times.
            (
                "setsockopt",
                limit,
                "SO_RCVTIMEO_OLD, {tv_sec=4, tv_usec=999998}, 16",
            ),
            // What varies by time is masked, and directories are ours.
            ("poll", "timeout=4998", "timeout=5000"),
            ("read", "3</tmp/steps/07/a>", "3<steps/07/a>"),
        ] {
            let (tasks, root) = (vec![71, 72], Path::new("/tmp"));
            let mut stable = Stable::new(&script, &ports, tasks, root).unwrap();
            let port = ports.real(8080).to_string();
            assert_eq!(stable.args(call, &args.replace("8080", &port)), shown);
            // Outside of strings and addresses it is a length.
            assert_eq!(stable.args(call, &port), port);
        }
        assert_eq!(unescaped(r#"\n\"\\\0012a"#), b"\n\"\\\x012a");
    }
}
