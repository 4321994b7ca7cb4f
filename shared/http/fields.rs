//! Enters in step 06: lists in field values.

/// The elements of a comma-separated list: RFC 9110 section 5.6.1, which
/// says to skip empty ones. Only for lists of tokens: a quoted string could
/// contain a comma.
pub fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}
