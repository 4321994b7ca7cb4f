//! Enters in step 21: what clients say, fit for a log.

/// Of a field, as it is logged: what is longer is cut.
pub const MAX_FIELD: usize = 2048;

/// Writes a field such that it cannot end its quotes or its line, and nothing
/// in it moves a cursor: other bytes than visible ASCII as `\xHH`, as nginx
/// does. What is empty is a dash. Returns how many bytes that is, at most
/// [`MAX_FIELD`].
pub fn escape(out: &mut Vec<u8>, field: &[u8]) -> usize {
    let start = out.len();
    let cut = &field[..field.len().min(MAX_FIELD)];
    // No end before the last byte: so many of them are looked at at once.
    let is_plain = cut.iter().fold(true, |all, &byte| all & is_plain(byte));
    match cut {
        b"" => out.push(b'-'),
        _ if is_plain => out.extend_from_slice(cut),
        _ => escape_bytes(out, start + MAX_FIELD, cut),
    }
    out.len() - start
}

fn escape_bytes(out: &mut Vec<u8>, end: usize, field: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in field {
        let digit = |number: u8| DIGITS[usize::from(number)];
        let escaped = [b'\\', b'x', digit(byte >> 4), digit(byte & 15)];
        let bytes = match is_plain(byte) {
            true => &[byte][..],
            false => &escaped,
        };
        if out.len() + bytes.len() > end {
            break;
        }
        out.extend_from_slice(bytes);
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
}
