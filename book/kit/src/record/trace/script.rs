//! What happens around a step while it is traced: `book/traces/NN.toml`.

use anyhow::{Context, Result};
use serde::Deserialize;

/// The course of a trace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// One sentence for the reader: what the step lives through.
    pub about: String,
    /// The step's arguments; 8080 stands for a free port.
    pub arguments: Vec<String>,
    /// What the other side does, one act after the other. Before each, the
    /// step has come to rest.
    pub acts: Vec<Act>,
    /// How the step ends.
    pub end: End,
    /// Pairs of a pattern and what is shown in its place.
    #[serde(default)]
    pub mask: Vec<(String, String)>,
}

/// One act. The other side is one TCP connection at a time.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Wait until the step has printed this.
    Printed(String),
    /// Type this at the step's standard input.
    Type(String),
    /// End the step's standard input.
    EndInput,
    /// Connect to the step.
    Connect,
    /// Accept the step's connection. The harness has listened on port 8080
    /// from the start.
    Accept,
    /// Send this.
    Send(String),
    /// Wait until exactly this has come.
    Expect(String),
    /// Read up to the end of file; what has come must begin with this.
    ExpectStart(String),
    /// Send the end of file (`shutdown`).
    HalfClose,
    /// Wait for the step's end of file.
    Eof,
    /// Close the connection.
    Close,
}

/// How a traced step ends.
#[derive(Debug, Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It ends of itself, with status 0.
    Itself,
    /// By Ctrl-C, after the last act.
    Interrupt,
}

impl Script {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Script> {
        toml::from_str(text).context("not a script of a trace")
    }

    /// Whether the harness is the server.
    pub fn listens(&self) -> bool {
        self.acts.contains(&Act::Accept)
    }

    /// Whether the step reads what is typed.
    pub fn types(&self) -> bool {
        let typing = |act: &Act| matches!(act, Act::Type(_) | Act::EndInput);
        self.acts.iter().any(typing)
    }
}
