//! What a program is told about its request: RFC 3875 section 4.1.

use std::ffi::CString;
use std::net::SocketAddr;

use shared::http::head::Head;
use shared::http::version::Version;

/// Fields that become no variables: what is between the client and us, what
/// the program knows from elsewhere, passwords (section 4.1.18). And `Proxy`:
/// to many programs HTTP_PROXY says where to send their own requests.
const HIDDEN: &str = "Authorization Connection Content-Length Proxy \
                      Proxy-Authorization Transfer-Encoding";

const SOFTWARE: &str =
    concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// A variable's name, and its value.
type Variable = (String, Vec<u8>);

/// The variables for a request to the program `script`, with `path_info`
/// behind its name, each as execve(2) takes it. All but CONTENT_LENGTH: the
/// body is still to come.
pub fn variables(
    head: &Head,
    (script, path_info): (&[u8], &[u8]),
    (server, peer): (SocketAddr, SocketAddr),
) -> Vec<CString> {
    let address = peer.ip().to_string();
    // The methods are called as their variants are.
    let method = format!("{:?}", head.method).to_ascii_uppercase();
    let protocol = match head.version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
    };
    let mut all = Vec::new();
    let mut set = |name: &str, value: &[u8]| {
        all.push((name.to_string(), value.to_vec()));
    };
    set("GATEWAY_INTERFACE", b"CGI/1.1");
    set("QUERY_STRING", head.target.query.unwrap_or("").as_bytes());
    set("REMOTE_ADDR", address.as_bytes());
    // Its name would have to be looked up, and the RFC allows this.
    set("REMOTE_HOST", address.as_bytes());
    set("REQUEST_METHOD", method.as_bytes());
    set("SCRIPT_NAME", &[b"/cgi/", script].concat());
    set("SERVER_NAME", &server_name(head.target.host, server));
    set("SERVER_PORT", server.port().to_string().as_bytes());
    set("SERVER_PROTOCOL", protocol.as_bytes());
    set("SERVER_SOFTWARE", SOFTWARE.as_bytes());
    if !path_info.is_empty() {
        set("PATH_INFO", path_info);
    }
    // The only one of our own: where programs find programs.
    if let Some(path) = std::env::var_os("PATH") {
        set("PATH", path.as_encoded_bytes());
    }
    for field in head.fields {
        add_field(&mut all, field.name, field.value);
    }
    let pairs = all.iter().map(|(name, value)| [name.as_bytes(), value]);
    // None has a NUL: neither a head nor a decoded path may.
    pairs.flat_map(|pair| CString::new(pair.join(&b'='))).collect()
}

/// Makes a variable of a field, or adds it to that of the same field.
fn add_field(all: &mut Vec<Variable>, field: &str, value: &[u8]) {
    let is = |name: &str| field.eq_ignore_ascii_case(name);
    // `X_A` would become the variable of `X-A`: a client could write what a
    // proxy in front of us has checked.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if HIDDEN.split(' ').any(is) || !field.bytes().all(is_plain) {
        return;
    }
    let mut name = field.to_ascii_uppercase().replace('-', "_");
    if name != "CONTENT_TYPE" {
        name.insert_str(0, "HTTP_");
    }
    let separator: &[u8] = if is("Cookie") { b"; " } else { b", " };
    match all.iter_mut().find(|(known, _)| *known == name) {
        Some((_, values)) => values.extend([separator, value].concat()),
        None => all.push((name, value.to_vec())),
    }
}

/// The host that the client named, or else our address: without the port.
fn server_name(host: &[u8], server: SocketAddr) -> Vec<u8> {
    let host = match host {
        b"" => server.to_string().into_bytes(),
        host => host.to_vec(),
    };
    // In brackets a colon is part of the address.
    let colon = host.iter().rposition(|byte| *byte == b':');
    let port = colon.filter(|at| !host[*at..].contains(&b']'));
    host[..port.unwrap_or(host.len())].to_vec()
}
