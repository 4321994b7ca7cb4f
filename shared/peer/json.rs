//! Enters in step 24: as much of JSON as a line needs: a text. RFC 8259 section
//! 7.

/// The text that these bytes are in JSON; `None` if they are something else.
pub fn string(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?.trim_ascii();
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = Vec::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => escaped(&mut letters, &mut out)?,
            '"' | '\0'..' ' => return None,
            letter => out.extend(letter.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    // Two halves that belong together have come one after the other.
    String::from_utf16(&out).ok()
}

/// What stands behind a backslash.
fn escaped(letters: &mut std::str::Chars, out: &mut Vec<u16>) -> Option<()> {
    out.push(match letters.next()? {
        'u' => {
            let (digits, rest) = letters.as_str().split_at_checked(4)?;
            let are_digits = digits.bytes().all(|it| it.is_ascii_hexdigit());
            *letters = rest.chars();
            u16::from_str_radix(digits, 16).ok().filter(|_| are_digits)?
        }
        'b' => 8,
        'f' => 12,
        'n' => 10,
        'r' => 13,
        't' => 9,
        letter @ ('"' | '\\' | '/') => letter as u16,
        _ => return None,
    });
    Some(())
}
