//! Enters in step 06: the alphabet of fields, and lists in their values.

/// Whether a method or a field's name may have this letter: RFC 9110
/// section 5.6.2.
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a field's value may have this letter: RFC 9110 section 5.5. No
/// control characters but the tab.
pub fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

/// The elements of a comma-separated list: RFC 9110 section 5.6.1, which
/// wants empty ones to be skipped. Only for lists of tokens: a quoted string
/// could hold a comma.
pub fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}
