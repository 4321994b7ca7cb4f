//! The steps with files: what is said of its age and of its state.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use super::client::{after_change, get, is_same, site};
use crate::lab::Outcome;
use crate::steps::on_every;

fn seconds(date: &str) -> u64 {
    let time = httpdate::parse_http_date(date).expect("a date");
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.expect("after 1970").as_secs();
    // Nothing else may be written than the first form.
    assert_eq!(httpdate::fmt_http_date(time), date);
    seconds
}

/// The tag of a file in this state.
pub fn etag(file: &Metadata) -> String {
    let (seconds, nanoseconds) = (file.mtime(), file.mtime_nsec());
    let (size, inode) = (file.size(), file.ino());
    format!("\"{seconds:x}.{nanoseconds:x}-{size:x}-{inode:x}\"")
}

#[test]
fn validators_tell_the_truth() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let path = tree.path("file.txt");
        tree.write_old("file.txt", b"a file\n");
        let now = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();

        let earliest = now();
        let first = get(&mut client, "/file.txt")?;
        let date = seconds(first.field("date").expect("Date"));
        assert!((earliest..=now()).contains(&date));
        let modified = first.field("last-modified").expect("Last-Modified");
        // What changes with what, tests/core asks.
        let file = fs::metadata(&path).unwrap();
        assert_eq!(seconds(modified), file.mtime() as u64);
        assert_eq!(first.field("etag"), Some(&*etag(&file)));
        assert!(is_same(&get(&mut client, "/file.txt")?, &first));

        // RFC 9110 section 8.8.2.1: one from the future was modified now.
        let year = Duration::from_secs(365 * 86_400);
        tree.touch("file.txt", SystemTime::now() + year);
        let future = after_change(step, &server, &first, || {
            get(&mut client, "/file.txt")
        })?;
        assert_eq!(future.field("last-modified"), future.field("date"));
        server.interrupt()
    })
}
