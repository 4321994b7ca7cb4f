//! Requests and responses of HTTP, for the exercises about it.

use super::expect::ensure;
use crate::lab::client::{Client, Response};
use crate::lab::{Advice, Outcome, show};

/// A request without a body.
pub fn request(method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// Sends such a request.
pub fn ask(client: &mut Client, method: &str, target: &str) -> Outcome {
    client.send(request(method, target).as_bytes())
}

/// Sends such a request, and receives its response.
pub fn get(client: &mut Client, target: &str) -> Outcome<Response> {
    ask(client, "GET", target)?;
    client.response()
}

/// Receives a response 200 with this body.
pub fn expect(client: &mut Client, body: &[u8]) -> Outcome<Response> {
    let response = client.response()?;
    if response.status == 200 && response.body == body {
        return Ok(response);
    }
    let got = match response.status {
        200 => show::difference(body, &response.body),
        _ => shown(&response),
    };
    Err(client.failed(format!("200 {}", show::bytes(body)), got))
}

/// Receives a response with one of these statuses.
pub fn refused(client: &mut Client, statuses: &[u16]) -> Outcome<Response> {
    let response = client.response()?;
    ensure(statuses.contains(&response.status), || {
        client.failed(statuses[0].to_string(), shown(&response))
    })?;
    Ok(response)
}

/// A response in one line, for a report.
fn shown(response: &Response) -> String {
    format!("{} {}", response.status, show::bytes(&response.body))
}

/// HEAD gets the head that GET gets, and no body: where one would be, the
/// next response begins.
pub fn same_head(client: &mut Client, target: &str) -> Outcome {
    let whole = get(client, target)?;
    ask(client, "HEAD", target)?;
    let head = client.response_head()?;
    let is_same = (head.status, &head.fields) == (whole.status, &whole.fields);
    ensure(is_same, || {
        let expected = format!("the same head as for GET: {}", whole.head());
        client.failed(expected, head.head())
    })
    .likely(
        "the response to HEAD tells the Content-Length of the body that GET \
         would get: RFC 9110, 9.3.2",
    )?;
    let again = get(client, target).expecting("the next response").likely(
        "what follows the head of a response to HEAD is the next response: \
         no body, RFC 9110, 9.3.2",
    )?;
    ensure(again.body == whole.body, || {
        client.failed(show::bytes(&whole.body), show::bytes(&again.body))
    })
}
