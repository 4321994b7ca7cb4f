//! The steps with files: what changes when a file does.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use super::client::{after_change, get, site};
use crate::lab::Outcome;
use crate::lab::client::Response;
use crate::steps::on_every;

fn seconds(date: &str) -> u64 {
    let time = httpdate::parse_http_date(date).expect("a date");
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.expect("after 1970").as_secs();
    // Nothing else may be written than the first form.
    assert_eq!(httpdate::fmt_http_date(time), date);
    seconds
}

#[test]
fn validators_tell_the_truth() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let path = tree.path("file.txt");
        let now = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();

        let earliest = now();
        let first = get(&mut client, "/file.txt")?;
        let date = seconds(first.field("date").expect("Date"));
        assert!((earliest..=now()).contains(&date));
        let modified = first.field("last-modified").expect("Last-Modified");
        assert_eq!(
            seconds(modified),
            fs::metadata(&path).unwrap().mtime() as u64
        );
        let tag =
            |response: &Response| response.field("etag").unwrap().to_string();
        assert!(tag(&first).starts_with('"') && tag(&first).ends_with('"'));
        let again = get(&mut client, "/file.txt")?;
        assert_eq!(tag(&again), tag(&first));
        assert_ne!(tag(&get(&mut client, "/index.html")?), tag(&first));

        // Other content: the same size, and the same second.
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        tree.touch("file.txt", time + Duration::from_nanos(1));
        let changed = after_change(step, &server, &again, || {
            get(&mut client, "/file.txt")
        })?;
        assert_ne!(tag(&changed), tag(&first));

        // Another file of the same size and time takes the name.
        tree.write("other.txt", b"b file\n");
        tree.touch("other.txt", time + Duration::from_nanos(1));
        fs::rename(tree.path("other.txt"), &path).unwrap();
        let moved = after_change(step, &server, &changed, || {
            get(&mut client, "/file.txt")
        })?;
        assert_eq!(moved.body, b"b file\n");
        assert_ne!(tag(&moved), tag(&changed));
        assert_eq!(
            moved.field("last-modified"),
            changed.field("last-modified")
        );

        // RFC 9110 section 8.8.2.1: one from the future was modified now.
        let year = Duration::from_secs(365 * 86_400);
        tree.touch("file.txt", SystemTime::now() + year);
        let future = after_change(step, &server, &moved, || {
            get(&mut client, "/file.txt")
        })?;
        assert_eq!(future.field("last-modified"), future.field("date"));
        server.interrupt()
    })
}
