//! The page of a room: what was said, and who is there.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use peer::block::{Author, Block, BodyKind};
use peer::board::Shared;
use peer::posts::{Piece, Posts, pieces, split_reply};
use shared::http::date::Date;
use shared::web::template::{Html, Template, Value};

/// What the loop knows of a peer.
pub struct PeerRow {
    /// Which node it is; empty if that is not known.
    pub node: String,
    /// Who speaks through it.
    pub author: Option<Author>,
    pub address: SocketAddr,
    /// In words: how it is.
    pub state: String,
    pub direction: &'static str,
}

/// What the page shows. The loop writes it, and the site reads it.
#[derive(Default)]
pub struct Room {
    pub posts: Posts,
    pub peers: Vec<PeerRow>,
    pub alone: Option<String>,
    pub warnings: Vec<String>,
    /// How many blocks there are, and of how many authors.
    pub counts: (usize, usize),
    /// Authors who have signed two blocks of one number.
    pub forked: Vec<Author>,
    /// What has happened since the last time, for those whose pages are open.
    pub events: Vec<u8>,
}

/// Shared by the loop and the site: in one thread.
pub type SharedRoom = Rc<RefCell<Room>>;

/// The templates, and what never changes.
pub struct Page {
    board: Template<10>,
    post: Template<11>,
    peer: Template<6>,
    state: Template<5>,
    tag: Template<1>,
    reply: Template<2>,
    text: Template<1>,
    warning: Template<1>,
    pub node: String,
    pub author: Author,
    pub address: SocketAddr,
    pub token: String,
    pub code: String,
    pub board_of: Shared,
}

/// What a page needs to be opened.
pub struct Facts {
    pub node: String,
    pub author: Author,
    pub address: SocketAddr,
    pub token: String,
    /// The join code; empty if there is none.
    pub code: String,
}

impl Page {
    /// The page of a node.
    ///
    /// # Errors
    /// When one of its templates is wrong.
    pub fn new(facts: Facts, board_of: Shared) -> Result<Self, String> {
        let Facts { node, author, address, token, code } = facts;
        Ok(Page {
            board: Template::parse(
                "board.html",
                include_str!("page/board.html"),
                [
                    "node", "author", "short", "name", "address", "program",
                    "code", "tag", "state", "posts",
                ],
            )?,
            post: Template::parse(
                "post.html",
                include_str!("page/post.html"),
                [
                    "id", "author", "short", "name", "seq", "time", "shown",
                    "text", "tags", "reply", "mark",
                ],
            )?,
            peer: Template::parse(
                "peer.html",
                include_str!("page/peer.html"),
                ["node", "short", "name", "address", "state", "direction"],
            )?,
            state: Template::parse(
                "state.html",
                include_str!("page/state.html"),
                ["token", "peers", "alone", "warnings", "count"],
            )?,
            tag: Template::parse(
                "tag",
                "<a href=\"/board?tag={{tag}}\">#{{tag}}</a>",
                ["tag"],
            )?,
            reply: Template::parse(
                "reply",
                "<a href=\"/board#{{id}}\">in reply to {{who}}</a>",
                ["id", "who"],
            )?,
            text: Template::parse("text", "{{text}}", ["text"])?,
            warning: Template::parse("warning", "<li>{{text}}</li>", ["text"])?,
            node,
            author,
            address,
            token,
            code,
            board_of,
        })
    }

    /// All of it; with a tag, only the posts that have that.
    pub fn render(&self, room: &Room, tag: &str) -> Html {
        let mut posts = Html::default();
        for (block, is_ahead) in room.posts.recent().rev() {
            let has = |it: &Piece| *it == Piece::Tag(tag);
            if tag.is_empty() || pieces(&text_of(block)).iter().any(has) {
                posts.push_html(&self.post(room, block, is_ahead));
            }
        }
        let name = room.posts.name(self.author);
        self.board.render([
            Value::Text(&self.node),
            Value::Text(&full(self.author)),
            Value::Text(&self.author.to_string()),
            Value::Text(name),
            Value::Text(&self.address.to_string()),
            Value::Text(&shared::cli::program()),
            Value::Text(&self.code),
            Value::Text(tag),
            Value::Html(&self.state(room)),
            Value::Html(&posts),
        ])
    }

    /// One post.
    pub fn post(&self, room: &Room, block: &Block, is_ahead: bool) -> Html {
        let (author, seq) = (block.author(), block.seq());
        let text = text_of(block);
        let (target, rest) = split_reply(&text);
        let mut reply = Html::default();
        if let Some((short, number)) = target {
            let known = room.posts.find(short, number);
            let who = known.map_or("", |it| room.posts.name(it.author()));
            let (id, who) =
                (format!("{short}-{number}"), format!("{who} {short}"));
            let values = [Value::Text(&id), Value::Text(who.trim())];
            reply = self.reply.render(values);
        }
        let (mut body, mut tags) = (Html::default(), Vec::new());
        for piece in pieces(rest) {
            body.push_html(&match piece {
                Piece::Text(text) => self.text.render([Value::Text(text)]),
                Piece::Tag(tag) => {
                    tags.push(tag);
                    self.tag.render([Value::Text(tag)])
                }
            });
        }
        let mark = match is_ahead {
            _ if room.forked.contains(&author) => "of a forked log",
            true => "in the future",
            false => "",
        };
        let seconds = (block.timestamp() / 1000).try_into().unwrap_or(i64::MAX);
        let time = Date::from_unix_timestamp(seconds).rfc_3339();
        let shown = time.replace('T', " ").replace('Z', " UTC");
        self.post.render([
            Value::Text(&format!("{author}-{seq}")),
            Value::Text(&full(author)),
            Value::Text(&author.to_string()),
            Value::Text(room.posts.name(author)),
            Value::Text(&seq.to_string()),
            Value::Text(&time),
            Value::Text(&shown),
            Value::Html(&body),
            Value::Text(&tags.join(" ")),
            Value::Html(&reply),
            Value::Text(mark),
        ])
    }

    /// What changes besides: peers, and what is wrong.
    pub fn state(&self, room: &Room) -> Html {
        let mut peers = Html::default();
        for row in &room.peers {
            let short = row.author.map(|it| it.to_string()).unwrap_or_default();
            let name = row.author.map_or("", |it| room.posts.name(it));
            peers.push_html(&self.peer.render([
                Value::Text(&row.node),
                Value::Text(&short),
                Value::Text(name),
                Value::Text(&row.address.to_string()),
                Value::Text(&row.state),
                Value::Text(row.direction),
            ]));
        }
        let alone = room.alone.as_deref().unwrap_or_default();
        let mut warnings = Html::default();
        for text in &room.warnings {
            warnings.push_html(&self.warning.render([Value::Text(text)]));
        }
        let (blocks, authors) = room.counts;
        let plural = |count| if count == 1 { "" } else { "s" };
        let (s, t) = (plural(blocks), plural(authors));
        self.state.render([
            Value::Text(&self.token),
            Value::Html(&peers),
            Value::Text(alone),
            Value::Html(&warnings),
            Value::Text(&format!("{blocks} block{s} of {authors} author{t}")),
        ])
    }
}

/// What a block says, as text.
fn text_of(block: &Block) -> String {
    match block.body_kind() {
        BodyKind::Text => String::from_utf8_lossy(block.body()).into_owned(),
        _ => format!("{} bytes", block.body().len()),
    }
}

/// All digits of a key.
fn full(author: Author) -> String {
    peer::wire::hex(&author.0)
}
