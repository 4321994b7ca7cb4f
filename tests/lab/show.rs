//! Bytes as a person can read them.

/// How many bytes of a long piece of data are shown.
const SHOWN: usize = 40;

/// The beginning of `bytes`, escaped, and how many there are.
pub fn bytes(bytes: &[u8]) -> String {
    if bytes.len() <= SHOWN {
        format!("\"{}\"", bytes.escape_ascii())
    } else {
        let start = bytes[..SHOWN].escape_ascii();
        format!("\"{start}\" … ({} bytes)", bytes.len())
    }
}

/// How `got` differs from `expected`, which it does: the first difference
/// with 8 bytes before and 24 after.
pub fn difference(expected: &[u8], got: &[u8]) -> String {
    let same = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    let count = count(got.len());
    if got.is_empty() {
        return "nothing".to_string();
    }
    if same == got.len() {
        return format!("{count}, right so far, and then no more");
    }
    let before = same.saturating_sub(8);
    let dots = if before > 0 { "…" } else { "" };
    if same == expected.len() {
        let more = got.len() - same;
        let extra = around(got, same);
        return format!("{count}; {more} too many: {extra}");
    }
    format!(
        "{count}; first difference at byte {same}: \"{dots}{}\" then {} \
         instead of {}",
        got[before..same].escape_ascii(),
        around(got, same),
        around(expected, same),
    )
}

/// Panics with the first difference, if there is one.
pub fn assert_same(got: &[u8], expected: &[u8]) {
    assert!(got == expected, "{}", difference(expected, got));
}

fn around(bytes: &[u8], from: usize) -> String {
    let end = bytes.len().min(from + 24);
    let dots = if end < bytes.len() { "…" } else { "" };
    format!("\"{}{dots}\"", bytes[from..end].escape_ascii())
}

/// "1 byte", "2 bytes".
pub fn count(bytes: usize) -> String {
    if bytes == 1 { "1 byte".to_string() } else { format!("{bytes} bytes") }
}

/// One line of text for a report: the last lines of a program's output.
pub fn tail(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(2);
    let joined = lines[from..].join(" / ");
    let mut shown: String = joined.chars().take(160).collect();
    if shown.len() < joined.len() {
        shown.push('…');
    }
    shown.replace(|letter: char| letter.is_control(), "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown_with_its_surroundings() {
        for (expected, got, words) in [
            (
                "0123456789abc",
                "0123456789xyz",
                "13 bytes; first difference at byte 10: \"…23456789\" then \
                 \"xyz\" instead of \"abc\"",
            ),
            ("abc", "ab", "2 bytes, right so far, and then no more"),
            ("abc", "abcd", "4 bytes; 1 too many: \"d\""),
            ("abc", "", "nothing"),
        ] {
            assert_eq!(difference(expected.as_bytes(), got.as_bytes()), words);
        }
    }
}
