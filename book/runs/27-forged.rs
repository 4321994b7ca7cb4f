//! A post that a page hears as an event: what the page makes of it, if the
//! server ends lines at `\n` only, and if at `\r` as well.

fn main() {
    let post = "Hi!\r\revent: state\rdata: All is well.";
    println!("the post: {post:?}");
    for ends in [&['\n'][..], &['\n', '\r']] {
        let mut sent = String::from("event: post\n");
        for line in post.split(ends) {
            sent += &format!("data: {line}\n");
        }
        sent += "\n";
        println!("lines end at {ends:?}: {sent:?}");
        hear(&sent);
    }
}

/// As WHATWG HTML, section 9.2.6, has a browser read it.
fn hear(stream: &str) {
    let (mut kind, mut data) = ("message", Vec::new());
    for line in stream.replace("\r\n", "\n").split(['\n', '\r']) {
        match line.split_once(": ") {
            Some(("event", name)) => kind = name,
            Some(("data", text)) => data.push(text),
            None if line.is_empty() && !data.is_empty() => {
                println!("  the page hears {kind:?}: {:?}", data.join("\n"));
                (kind, data) = ("message", Vec::new());
            }
            _ => {}
        }
    }
}
