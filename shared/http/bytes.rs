//! Enters in step 07: which bytes may stand where.
//!
//! The rules of the RFCs are the columns of one table, so that a test is one
//! look, however many bytes a rule names.

const TOKEN: u8 = 1;
const HOST: u8 = 2;
const PATH: u8 = 4;
const QUERY: u8 = 8;

static CLASSES: [u8; 256] = {
    let any = TOKEN | HOST | PATH | QUERY;
    let table = mark([0; 256], b"0123456789", any);
    let table = mark(table, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", any);
    let table = mark(table, b"abcdefghijklmnopqrstuvwxyz", any);
    let table = mark(table, b"!#$%&'*+-.^_`|~", TOKEN);
    let table = mark(table, b"-._~!$&'()*+,;=", HOST | PATH | QUERY);
    let table = mark(table, b":@/", PATH | QUERY);
    mark(table, b"?%", QUERY)
};

const fn mark(mut table: [u8; 256], bytes: &[u8], class: u8) -> [u8; 256] {
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] |= class;
        at += 1;
    }
    table
}

fn has(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// Whether a field name may contain this byte: RFC 9110 section 5.6.2.
pub fn is_token(byte: u8) -> bool {
    has(byte, TOKEN)
}

/// Whether a field value may contain this byte: RFC 9110 section 5.5. No
/// control characters but the tab.
pub fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

/// Whether we accept this byte in a target: visible ASCII without `#`, since
/// a fragment stays in the client. RFC 3986 allows less, but browsers send
/// `|` and `{}` as they are.
pub fn is_target(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'#'
}

/// Whether a host's name may contain this byte: RFC 3986 section 3.2.2,
/// `reg-name` without percent-encoding.
pub fn is_host(byte: u8) -> bool {
    has(byte, HOST)
}

/// Whether a path may contain this byte as it is: RFC 3986 section 3.3.
/// Enters in step 08.
pub fn is_path(byte: u8) -> bool {
    has(byte, PATH)
}

/// Whether a query may contain this byte as it is: RFC 3986 section 3.4, and
/// the percent sign, since a query is passed on without being decoded.
/// Enters in step 08.
pub fn is_query(byte: u8) -> bool {
    has(byte, QUERY)
}
