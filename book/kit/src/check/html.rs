//! Reads a built page: its ids, and every address it names.

use std::cell::RefCell;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer,
    TokenizerOpts,
};

/// What a page has and names.
#[derive(Debug, Default)]
pub struct Page {
    /// Every `id`, and whether it stands inside an `<svg>`.
    pub ids: Vec<(String, bool)>,
    /// Every address, with what it is for.
    pub addresses: Vec<Address>,
    /// The address that relative ones start from: `<base href>`.
    pub base: Option<String>,
}

/// An address that a page names.
#[derive(Debug, PartialEq, Eq)]
pub struct Address {
    /// As it stands there, without white space around it.
    pub text: String,
    /// Whether the reader chooses to go there; all other addresses are
    /// fetched by the browser on its own.
    pub is_link: bool,
}

/// Reads a page.
pub fn read(text: &str) -> Page {
    let input = BufferQueue::default();
    input.push_back(text.into());
    let reader = Reader::default();
    let tokenizer = Tokenizer::new(reader, TokenizerOpts::default());
    // The tokenizer pauses only for scripts, which our sink never reports.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().page
}

/// The addresses in a style sheet: `url(…)` and `@import "…"`.
pub fn style_addresses(css: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    for part in css.split("url(").skip(1) {
        let inside = part.split(')').next().unwrap_or("");
        addresses.push(inside.trim().trim_matches(['"', '\'']).to_string());
    }
    for part in css.split("@import").skip(1) {
        let inside = part.split(';').next().unwrap_or("");
        let quoted = inside.trim().trim_matches(['"', '\'']);
        if !quoted.starts_with("url(") {
            addresses.push(quoted.to_string());
        }
    }
    addresses
}

#[derive(Default)]
struct Reader(RefCell<State>);

#[derive(Default)]
struct State {
    page: Page,
    /// How many `<svg>` are open.
    svg: usize,
    in_style: bool,
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => state.tag(&tag),
            Token::CharacterTokens(text) if state.in_style => {
                state.fetch(style_addresses(&text));
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }
}

impl State {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        let begins = tag.kind == TagKind::StartTag;
        match name {
            "svg" if begins && !tag.self_closing => self.svg += 1,
            "svg" => self.svg = self.svg.saturating_sub(1),
            "style" => self.in_style = begins,
            _ => {}
        }
        if !begins {
            return TokenSinkResult::Continue;
        }
        for attribute in &tag.attrs {
            self.attribute(name, &attribute.name.local, &attribute.value);
        }
        match name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" => TokenSinkResult::RawData(RawKind::Rawtext),
            "title" | "textarea" if self.svg == 0 => {
                TokenSinkResult::RawData(RawKind::Rcdata)
            }
            _ => TokenSinkResult::Continue,
        }
    }

    fn attribute(&mut self, tag: &str, name: &str, value: &str) {
        let value = value.trim().to_string();
        match name {
            "id" => self.page.ids.push((value, self.svg > 0)),
            "href" if tag == "base" => self.page.base = Some(value),
            "href" | "xlink:href" if tag == "a" || tag == "area" => {
                let address = Address { text: value, is_link: true };
                self.page.addresses.push(address);
            }
            "srcset" => {
                let sources = value.split(',');
                let firsts =
                    sources.filter_map(|it| it.split_whitespace().next());
                self.fetch(firsts.map(str::to_string).collect());
            }
            "style" => self.fetch(style_addresses(&value)),
            "href" | "xlink:href" | "src" | "data" | "poster" | "action"
            | "formaction" | "ping" | "background" => self.fetch(vec![value]),
            _ => {}
        }
    }

    fn fetch(&mut self, addresses: Vec<String>) {
        let fetched =
            addresses.into_iter().map(|text| Address { text, is_link: false });
        self.page.addresses.extend(fetched);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_ids_and_addresses() {
        let page = read(
            "<title>a <a href=no></title><a ID='x' href=\" y.html#z \">t</a>\
             <svg id=s><title id=t>q</title><image href=i.png /></svg>\
             <p id=after style=\"background: url('b.png')\">\
             <style>@import \"c.css\"; a { b: url(d.png) }</style>\
             <script src=e.js>'<a href=no>'</script>\
             <img srcset='f.png 1x, g.png 2x'><!-- <a href=no> -->",
        );
        let ids: Vec<(&str, bool)> =
            page.ids.iter().map(|(id, svg)| (id.as_str(), *svg)).collect();
        assert_eq!(
            ids,
            [("x", false), ("s", true), ("t", true), ("after", false)]
        );
        let links: Vec<&str> = page
            .addresses
            .iter()
            .filter(|address| address.is_link)
            .map(|address| address.text.as_str())
            .collect();
        assert_eq!(links, ["y.html#z"]);
        let mut fetched: Vec<&str> = page
            .addresses
            .iter()
            .filter(|address| !address.is_link)
            .map(|address| address.text.as_str())
            .collect();
        fetched.sort();
        assert_eq!(
            fetched,
            ["b.png", "c.css", "d.png", "e.js", "f.png", "g.png", "i.png"]
        );
    }
}
