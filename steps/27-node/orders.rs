//! What somebody has the node do, by its page: each order is a text in JSON.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use peer::kind::Kind;
use peer::{json, posts, text};
use shared::http::status::Status;

/// Some of a JSON text's characters have six bytes.
pub const MAX_BODY: u64 = 6 * 1024 + 2;

/// What is to be done.
pub enum Order {
    Say(String),
    Name(String),
    Dial(SocketAddr),
    Forget(SocketAddr),
}

impl Order {
    pub fn say(text: String) -> Option<Self> {
        Some(Order::Say(text))
    }

    pub fn name(text: String) -> Option<Self> {
        posts::name(text.as_bytes()).map(|it| Order::Name(it.into()))
    }

    pub fn dial(text: String) -> Option<Self> {
        text.parse().ok().map(Order::Dial)
    }

    pub fn forget(text: String) -> Option<Self> {
        text.parse().ok().map(Order::Forget)
    }
}

/// What waits for the loop.
pub type Orders = Rc<RefCell<Vec<Order>>>;

/// Takes an order out of the content of a request, and has it wait. What would
/// be said is refused while the node is busy.
pub fn take(
    content: &[u8],
    is_busy: bool,
    read: fn(String) -> Option<Order>,
    orders: &Orders,
) -> Status {
    let is_line = |it: &String| {
        text::line(it.as_bytes(), Kind::Line.max_length()).is_ok()
    };
    let given = json::string(content).filter(|it| !it.is_empty());
    match given.filter(is_line).and_then(read) {
        Some(Order::Say(_) | Order::Name(_)) if is_busy => {
            Status::ServiceUnavailable
        }
        Some(order) => {
            orders.borrow_mut().push(order);
            Status::NoContent
        }
        None => Status::BadRequest,
    }
}
