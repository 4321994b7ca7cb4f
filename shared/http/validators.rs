//! Enters in step 08: what a client remembers a file by, to ask again later.
//!
//! RFC 9110 section 8.8. If a validator stays the same while the file
//! changes, caches keep the old content, so the tag is made of everything
//! that the file system tells: the time of the last change in nanoseconds,
//! the size, and the inode, which another file moved to the same name does
//! not share.

use super::date::Date;

/// The state of a file that validators are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Validators {
    /// When the content changed last, in seconds since 1970.
    pub seconds: i64,
    /// The rest of that time, in nanoseconds.
    pub nanoseconds: u32,
    /// In bytes.
    pub size: u64,
    /// Which file it is, on its file system.
    pub inode: u64,
}

impl Validators {
    /// The entity tag, with its quotes. It is a strong one: the same tag,
    /// the same bytes. Two changes in one tick of the kernel's clock that
    /// leave the size alone have the same tag, on kernels before 6.13; since
    /// then a file whose time has been read gets a new one.
    pub fn etag(&self) -> String {
        let Validators { seconds, nanoseconds, size, inode } = self;
        format!("\"{seconds:x}.{nanoseconds:x}-{size:x}-{inode:x}\"")
    }

    /// The tag of the same bytes as we compress them. Who changes how that is
    /// done gives it another number: it is a strong one, too. Enters in step
    /// 21.
    pub fn gzip_etag(&self) -> String {
        self.etag().trim_end_matches('"').to_string() + "-gz1\""
    }

    /// The date for `Last-Modified` at `now`, the response's `Date`. A file
    /// from the future was modified now, as RFC 9110 section 8.8.2.1 has it:
    /// else clients would keep their copy until then.
    pub fn last_modified(&self, now: Date) -> Date {
        Date::from_unix_timestamp(self.seconds).min(now)
    }
}
