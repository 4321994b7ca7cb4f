//! Where cargo has put what it built: read from its messages, since
//! `CARGO_TARGET_DIR`, `build.target` and others move it.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Programs and libraries by their target's name.
pub struct Artifacts(BTreeMap<String, PathBuf>);

impl Artifacts {
    /// Takes them out of the output of `--message-format json…`.
    pub fn read(output: &[u8]) -> Artifacts {
        let output = String::from_utf8_lossy(output);
        Artifacts(output.lines().filter_map(artifact).collect())
    }

    /// Where the program or library `name` is.
    pub fn path(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.0.get(name).cloned();
        path.ok_or_else(|| format!("cargo does not say where {name} is"))
    }

    /// The names of all, in order.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }
}

fn artifact(line: &str) -> Option<(String, PathBuf)> {
    if !line.contains("\"reason\":\"compiler-artifact\"") {
        return None;
    }
    let (_, target) = line.split_once("\"target\":")?;
    let name = string(target, "\"name\":\"")?;
    let path = string(line, "\"executable\":\"")
        .or_else(|| string(line, "\"filenames\":[\""))?;
    Some((name, path.into()))
}

/// The JSON string behind `key`, which has no control characters.
fn string(line: &str, key: &str) -> Option<String> {
    let (_, rest) = line.split_once(key)?;
    let mut text = String::new();
    let mut letters = rest.chars();
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => text.push(letters.next()?),
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_libraries_are_found() {
        let lines = "{\"reason\":\"build-script-executed\"}\n\
            {\"reason\":\"compiler-artifact\",\"target\":{\"kind\":\
            [\"bin\"],\"name\":\"02a\"},\"filenames\":[\"/t/x\"],\
            \"executable\":\"/a \\\"b\\\"/02a\",\"fresh\":true}\n\
            {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"shim\"},\
            \"filenames\":[\"/t/libshim.so\"],\"executable\":null}\n";
        let found = Artifacts::read(lines.as_bytes());
        assert!(found.names().eq(["02a", "shim"]));
        assert_eq!(found.path("02a"), Ok("/a \"b\"/02a".into()));
        assert_eq!(found.path("shim"), Ok("/t/libshim.so".into()));
    }
}
