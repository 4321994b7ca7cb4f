//! The tools that sessions use and that a machine may lack, or have in another
//! version, with other words.

use std::process::Command;

use super::Script;
use crate::record::process;

/// A tool, its package, and the option that prints its version.
const TOOLS: [(&str, &str, &str); 8] = [
    ("chromium", "chromium", "--version"),
    ("curl", "curl", "--version"),
    ("nc", "netcat-openbsd", "-h"),
    ("python3", "python3", "--version"),
    ("pgrep", "procps", "--version"),
    ("ps", "procps", "--version"),
    ("ss", "iproute2", "-V"),
    ("strace", "strace", "--version"),
];

/// Why a session cannot be played on this machine, if so.
pub fn impossible(script: &Script) -> Option<String> {
    if process::tool("bash").is_none() {
        return Some("bash is missing".to_string());
    }
    used(script).find_map(|(tool, package, option)| {
        let to_enable = format!("to enable: apt install {package}");
        if process::tool(tool).is_none() {
            return Some(format!("{tool} is missing; {to_enable}"));
        }
        // There are several programs of this name, with other options.
        let other = tool == "nc" && !version(tool, option).contains("OpenBSD");
        other.then(|| format!("nc is another netcat; {to_enable}"))
    })
}

/// The tools that a session uses, each with its version.
pub fn tools(script: &Script) -> Vec<String> {
    let versions = used(script)
        .map(|(tool, _, option)| format!("{tool}: {}", version(tool, option)));
    versions.collect()
}

fn used(
    script: &Script,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let words = script.words();
    TOOLS.into_iter().filter(move |(tool, ..)| words.contains(tool))
}

/// The first line of what the tool says of itself.
pub fn version(tool: &str, option: &str) -> String {
    let Ok(output) = Command::new(tool).arg(option).output() else {
        return "no version".to_string();
    };
    // nc prints its help, and ss its version, on either stream.
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    said.lines().next().unwrap_or_default().trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_of_a_script_are_found_among_its_words() {
        let script = "# a\na$ head -c 9 x | nc -N 127.0.0.1 8080\n\
                      a& curl -s x\na> strace\n";
        let script = Script::parse(script).unwrap();
        let names: Vec<_> = used(&script).map(|(tool, ..)| tool).collect();
        assert_eq!(names, ["curl", "nc"]);
        let script = Script::parse("# a\na$ printf 'sync since'\n").unwrap();
        assert!(tools(&script).is_empty() && impossible(&script).is_none());
    }
}
