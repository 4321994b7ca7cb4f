//! Where cargo has put what it built: read from its messages, since
//! `CARGO_TARGET_DIR`, `build.target` and others move it.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Programs and libraries by their target's name.
pub type Artifacts = BTreeMap<String, PathBuf>;

/// Takes them out of the output of `--message-format json…`.
pub fn read(output: &[u8]) -> Artifacts {
    let output = String::from_utf8_lossy(output);
    output.lines().filter_map(artifact).collect()
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
        let found = read(lines.as_bytes());
        assert_eq!(found.len(), 2);
        assert_eq!(found["02a"], PathBuf::from("/a \"b\"/02a"));
        assert_eq!(found["shim"], PathBuf::from("/t/libshim.so"));
    }
}
