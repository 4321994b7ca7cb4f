//! What a settings file says, or everything that is wrong with it.

use service::settings::MAX_FAULTS;

use super::open;

/// Files, in which comments say what is wrong with a line: with theirs, or the
/// one before.
const WRONG: [&str; 5] = [
    r#"workers = 1025  # workers: a number from 1 to 1024 is wanted
# there is no [[site]]
listen = ["[::1]", "unix:", 8080]  # listen: a list of texts is wanted
# listen: "[::1]" has no port
# listen: "unix:" has no path
log = 3  # log: a text is wanted
trusted_proxies = "::/129"  # trusted_proxies: "::/129" is no network
strict_hosts = "yes"  # strict_hosts: true or false is wanted
lissen = "x"  # unknown setting "lissen"; did you mean "listen"?
abcdef = "x"  # unknown setting "abcdef"
rate = "1/s"  # unknown setting "rate"
"#,
    r#"[[site]]  # this site has no root
hosts = ["A.example.", "*.example", "[::1]"]
[[site]]
hosts = "a.example"  # host "a.example" belongs to the site in line 1
root = "steps/none"  # root "steps/none": no such file or directory
index = "a/b"  # index: "a/b" is more than a file's name
fallback = "x.html"  # fallback: "x.html" does not begin with a slash
[site.headers]
date = "x"  # headers: "date" is the server's own
Content-Length = "1"  # headers: "Content-Length" is the server's own
"a b" = "x"  # headers: "a b" is no name of a field
a = "x\r\ny: z"  # headers: "x\r\ny: z" is no value of a field
b = 1  # b: a text is wanted
[[site.cache]]  # cache: a suffix and seconds, both
sufix = ".css"  # unknown setting "sufix"; did you mean "suffix"?
"#,
    r#"listen = "x"
# listen: "x" is no address: write it as 127.0.0.1:8080, [::1]:8080 or unix:
[[site]]
root = "Cargo.toml"  # root "Cargo.toml": not a directory
token_file = "/dev/null"  # token_file: nobody may write without "write"
# token_file "/dev/null": there is no token in its first line
[[site]]
hosts = ["b:80", "ä"]  # host "b:80": it is wanted without its port
# host "ä": write it as xn--…
root = "steps"
write = "/none"  # write "/none": no such file or directory
templates = "steps"
# cannot read steps/listing.html: no such file or directory
"#,
    r#"[[site]]
root = "steps"
root = "."  # duplicate key
a b  # key with no value, expected `=`
"#,
    r#"rate = "0/s burst 9"  # rate: "0/s burst 9" is no rate: write it as 50/s
[sandbox]
mode = "of"  # sandbox: "of" is not off, best or require
read = ["steps", 1]  # read: a list of texts is wanted
write = "steps"  # unknown setting "write"
[[site]]
root = "steps"
"#,
];

#[test]
fn all_that_is_wrong_is_said_at_once() {
    for text in WRONG {
        let (mut line, mut expected) = (1, Vec::new());
        for (at, text) in text.lines().enumerate() {
            let (code, what) = text.split_once("# ").unwrap_or((text, ""));
            line = if code.trim().is_empty() { line } else { at + 1 };
            expected
                .extend((!what.is_empty()).then(|| format!("{line}: {what}")));
        }
        let found = open(text).err().unwrap();
        let mut both = found.iter().zip(&expected);
        let is_said = both.all(|(found, wanted)| found.starts_with(wanted));
        assert!(is_said && found.len() == expected.len(), "{found:#?}");
    }
    let many = (1..100).map(|it| format!("\na{it} = 0")).collect::<String>();
    let found = open(&format!("[[site]]{many}")).err().unwrap();
    let last = found.last().unwrap();
    assert!(found.len() == MAX_FAULTS && last.starts_with("20: "), "{last}");
}
