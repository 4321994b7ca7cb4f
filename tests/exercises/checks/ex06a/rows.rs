//! Requests after which a connection stays, or does not.

/// What a request says about its connection.
pub struct Row {
    pub version: &'static str,
    pub fields: &'static str,
    pub keeps: bool,
    /// The rule, for those who decide otherwise.
    pub why: &'static str,
}

const fn row(
    version: &'static str,
    fields: &'static str,
    keeps: bool,
    why: &'static str,
) -> Row {
    Row { version, fields, keeps, why }
}

const NEW: &str = "HTTP/1.1 keeps the connection unless it is told otherwise";
const OLD: &str = "HTTP/1.0 closes the connection unless it is told otherwise";
const ASKED: &str = "HTTP/1.0 keeps the connection if the client asks for it";
const CLOSE: &str = "close ends the connection, whatever else is there";
const CASE: &str = "case does not matter in the options of Connection";
const LIST: &str = "Connection is a list: in one field, or in several";
const WORD: &str = "an option is a whole word: this one is another";

pub const ROWS: &[Row] = &[
    row("1.1", "", true, NEW),
    row("1.1", "Connection: close\r\n", false, CLOSE),
    row("1.1", "connection:close\r\n", false, CASE),
    row("1.1", "Connection: Close\r\n", false, CASE),
    row("1.1", "Connection: CLOSE\r\n", false, CASE),
    row("1.1", "Connection: foo, close\r\n", false, LIST),
    row("1.1", "Connection: close, foo\r\n", false, LIST),
    row("1.1", "Connection: foo \t,\t close\r\n", false, LIST),
    row("1.1", "Connection: ,,close,\r\n", false, LIST),
    row("1.1", "Connection: foo\r\nConnection: close\r\n", false, LIST),
    row("1.1", "Connection: close\r\nConnection: foo\r\n", false, LIST),
    row("1.1", "Connection: keep-alive\r\n", true, NEW),
    row("1.1", "Connection: keep-alive, close\r\n", false, CLOSE),
    row("1.1", "Connection: closed\r\n", true, WORD),
    row("1.1", "Connection: do-not-close\r\n", true, WORD),
    row("1.1", "Connection:\r\n", true, NEW),
    row("1.1", "X-Connection: close\r\n", true, "the field is another one"),
    row("1.0", "", false, OLD),
    row("1.0", "Connection: keep-alive\r\n", true, ASKED),
    row("1.0", "Connection: Keep-Alive\r\n", true, CASE),
    row("1.0", "Connection: foo, keep-alive\r\n", true, LIST),
    row("1.0", "Connection: foo\r\nConnection: keep-alive\r\n", true, LIST),
    row("1.0", "Connection: close\r\n", false, CLOSE),
    row("1.0", "Connection: keep-alive, close\r\n", false, CLOSE),
    row("1.0", "Connection: close\r\nConnection: keep-alive\r\n", false, CLOSE),
    row("1.0", "Connection: keepalive\r\n", false, WORD),
    row("1.0", "Proxy-Connection: keep-alive\r\n", false, OLD),
];
