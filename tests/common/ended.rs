//! How a program ended, and what it had printed by then.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// The end of a program.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Ended {
    /// Panics unless the program ended by itself, with that exit status.
    pub fn expect_status(&self, wanted: i32) -> &Self {
        assert_eq!(
            self.status.code(),
            Some(wanted),
            "the exit status; signal {:?}, stderr: {}",
            self.status.signal(),
            self.stderr.escape_ascii()
        );
        self
    }

    /// Panics unless this signal has ended it: steps 01 to 08 catch none.
    pub fn expect_signal(&self, signal: i32) -> &Self {
        let wanted = Some(signal);
        assert_eq!(self.status.signal(), wanted, "{:?}", self.status);
        self
    }

    /// Panics unless all it said on standard error is one line. Returns it.
    pub fn expect_one_line(&self) -> String {
        let text = String::from_utf8(self.stderr.clone()).unwrap();
        let line = text.strip_suffix('\n').unwrap_or_else(|| {
            panic!("standard error is no whole line: {text:?}")
        });
        assert!(!line.contains('\n'), "more than one line: {text:?}");
        line.to_string()
    }

    /// Panics unless it ended with `status` and this line alone.
    pub fn expect_failure(&self, status: i32, line: &str) {
        self.expect_status(status);
        assert_eq!(self.expect_one_line(), line);
    }
}
