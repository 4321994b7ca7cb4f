//! HTTP/1.1 over the wire, on every step that claims to understand it.

mod conduct;
mod time;
mod wire;

use crate::lab::Outcome;
use crate::lab::client::{Client, Response};

/// Sends a request and receives its response, which is accepted.
fn accepted(client: &mut Client, request: &[u8]) -> Outcome<Response> {
    client.send(request)?;
    let response = client.response()?;
    assert_eq!(response.status, 200);
    Ok(response)
}

/// Receives a refusal, after which the connection ends without a reset, which
/// could have destroyed it.
fn expect_refusal(client: &mut Client, status: u16) -> Outcome {
    let response = client.response()?;
    assert_eq!((response.status, response.says("close")), (status, true));
    client.expect_eof()
}
