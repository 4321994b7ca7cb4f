//! What blocks say to people, in process.

use ed25519_dalek::SigningKey;
use peer::block::{Author, BlockId, BodyKind, Draft};
use peer::posts::{MAX_POSTS, Piece, Posts, name, pieces, split_reply};

#[test]
fn a_text_has_tags_and_may_answer_another() {
    for (text, tags) in [
        ("#lab-26 is on", "lab-26"),
        ("about #a, #b_c and (#d)", "a b_c d"),
        ("C# and a#b, http://h/#frag, # x ##", ""),
        ("#é works", "é"),
        (&format!("#{} #{}", "x".repeat(32), "y".repeat(33)), &*"x".repeat(32)),
    ] {
        let pieces = pieces(text);
        let found = pieces.iter().filter_map(|it| match it {
            Piece::Tag(tag) => Some(*tag),
            Piece::Text(_) => None,
        });
        assert_eq!(found.collect::<Vec<_>>().join(" "), tags, "{text}");
        let whole = pieces.iter().map(|it| match it {
            Piece::Tag(tag) => format!("#{tag}"),
            Piece::Text(text) => text.to_string(),
        });
        assert_eq!(whole.collect::<String>(), text);
    }
    for (text, target, rest) in [
        ("re:a1b2c3d4/12 yes", Some(("a1b2c3d4", 12)), "yes"),
        ("re:a1b2c3d4/12", None, "re:a1b2c3d4/12"),
        ("re:a1b2c3d/12 no", None, "re:a1b2c3d/12 no"),
        ("re:a1b2c3dx/12 no", None, "re:a1b2c3dx/12 no"),
        ("re:a1b2c3d4/x no", None, "re:a1b2c3d4/x no"),
        ("so re:a1b2c3d4/1 no", None, "so re:a1b2c3d4/1 no"),
    ] {
        assert_eq!(split_reply(text), (target, rest));
    }
    let long = "é".repeat(32);
    let names = [" Ada ", "", "a\nb", "\u{1b}[2J", &long, &format!("{long}x")];
    let known = [Some("Ada"), None, None, None, Some(&*long), None];
    assert_eq!(names.map(|it| name(it.as_bytes())), known);
}

#[test]
fn the_last_posts_and_the_last_name_count() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let author = Author(key.verifying_key().to_bytes());
    let block = |seq, kind, time, body: &str| {
        let head = (seq, BlockId::default());
        Draft::new(author, head, time, kind, body.into()).seal(0, &key)
    };
    let mut posts = Posts::default();
    assert_eq!(posts.name(author), "");
    // The second name comes first: their numbers count.
    for (seq, name) in [(2, "Bob"), (1, "Ada"), (3, "\n")] {
        posts.add(&block(seq, BodyKind::Profile, 0, name), 0);
    }
    assert_eq!(posts.name(author), "Bob");
    assert_eq!(posts.recent().next(), None);
    let minutes = 60_000;
    for seq in 10..10 + MAX_POSTS as u64 + 1 {
        let time = (5 + seq - 10) * minutes;
        posts.add(&block(seq, BodyKind::Text, time, "x"), 0);
    }
    assert!(posts.recent().map(|it| it.0.seq()).eq(11..=10 + MAX_POSTS as u64));
    assert!(posts.recent().all(|it| it.1), "ahead of our clock");
    let post = block(300, BodyKind::Text, 5 * minutes, "y");
    posts.add(&post, 0);
    assert_eq!(posts.recent().next_back(), Some((&post, false)));
    let short = author.to_string();
    assert_eq!(posts.find(&short, 300), Some(&post));
    assert_eq!(posts.find(&short, 10), None);
}
