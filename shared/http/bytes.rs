//! Enters in step 06: which bytes may stand where.
//!
//! Each rule of the RFCs is a column of one table, so that a test is one
//! look, however many ranges the rule has.

const TOKEN: u8 = 1;
const TEXT: u8 = 2;
const TARGET: u8 = 4;
const HOST: u8 = 8;
const PATH: u8 = 16;
const QUERY: u8 = 32;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = class(byte as u8);
        byte += 1;
    }
    classes
}

const fn class(byte: u8) -> u8 {
    let unreserved = match byte {
        b'-' | b'.' | b'_' | b'~' => true,
        _ => byte.is_ascii_alphanumeric(),
    };
    let sub_delimiter = matches!(
        byte,
        b'!' | b'$'
            | b'&'
            | b'\''
            | b'('
            | b')'
            | b'*'
            | b'+'
            | b','
            | b';'
            | b'='
    );
    let mut class = 0;
    if byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
    {
        class |= TOKEN;
    }
    if matches!(byte, b'\t' | b' '..=b'~' | 0x80..) {
        class |= TEXT;
    }
    if byte.is_ascii_graphic() && byte != b'#' {
        class |= TARGET;
    }
    if unreserved || sub_delimiter {
        class |= HOST | PATH | QUERY;
    }
    if matches!(byte, b':' | b'@' | b'/') {
        class |= PATH | QUERY;
    }
    if matches!(byte, b'?' | b'%') {
        class |= QUERY;
    }
    class
}

const fn has(byte: u8, class: u8) -> bool {
    CLASSES[byte as usize] & class != 0
}

/// Whether a method or a field name may contain this byte: RFC 9110 section
/// 5.6.2.
pub fn is_token(byte: u8) -> bool {
    has(byte, TOKEN)
}

/// Whether a field value may contain this byte: RFC 9110 section 5.5. No
/// control characters but the tab. Enters in step 07.
pub fn is_text(byte: u8) -> bool {
    has(byte, TEXT)
}

/// Whether we accept this byte in a target: visible ASCII without `#`, since
/// a fragment stays in the client. RFC 3986 allows less, but browsers send
/// `|` and `{}` as they are. Enters in step 07.
pub fn is_target(byte: u8) -> bool {
    has(byte, TARGET)
}

/// Whether a host's name may contain this byte: `reg-name` of RFC 3986
/// section 3.2.2, without percent-encoding. Enters in step 07.
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
