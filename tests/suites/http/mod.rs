//! HTTP/1.1 over the wire, on every step that claims to understand it.

mod calls;
mod conduct;
mod replies;
mod time;
mod wire;
