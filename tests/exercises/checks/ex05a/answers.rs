//! What students answer to 05a.

use super::{ANSWERS, AT_ONCE, BEGINNINGS, CUTS, LIMIT, ONCE, TELLS, TIDY};
use crate::checks::{Answer, Verdict};

pub const ALL: &[Answer] = &[
    Answer {
        name: "counts the blank line, too",
        find: "format!(\"{request} {}\\n\", self.fields)",
        replace: "format!(\"{request} {}\\n\", self.fields + 1)",
        verdict: Verdict::Fails(ANSWERS, "first difference"),
    },
    Answer {
        name: "half a head is no head",
        find: "            Parse::Partial => {}\n",
        replace: "            Parse::Partial if filled > 0 => {\n\
            return refuse(connection, \"400\\n\");\n}\n\
            Parse::Partial => {}\n",
        verdict: Verdict::Fails(BEGINNINGS, "what is missing is on its way"),
    },
    Answer {
        name: "a head ends where a read ends",
        find: "        self.seen = bytes.len();\n        Parse::Partial",
        replace: "        if let Some(request) = self.request.take() {\n\
            let answer = format!(\"{request} {}\\n\", self.fields);\n\
            return Parse::Complete(answer, bytes.len());\n}\n\
            self.seen = bytes.len();\n        Parse::Partial",
        verdict: Verdict::Fails(BEGINNINGS, "what is missing is on its way"),
    },
    Answer {
        name: "LF is as good as CR LF",
        find: "let Some(line) = line.strip_suffix(b\"\\r\") else {\n                \
            return Parse::Error;\n            };",
        replace: "let line = line.strip_suffix(b\"\\r\").unwrap_or(line);",
        verdict: Verdict::Fails(TELLS, "LF alone"),
    },
    Answer {
        name: "splits at white space of any kind",
        find: "let mut words = line.split(|byte| *byte == b' ');",
        replace: "let mut words = line.split(u8::is_ascii_whitespace)\
            .filter(|word| !word.is_empty());",
        verdict: Verdict::Fails(TELLS, "one blank"),
    },
    Answer {
        name: "forgives blanks before the colon",
        find: "is_token(name) && value",
        replace: "is_token(name.trim_ascii_end()) && value",
        verdict: Verdict::Fails(TELLS, "before the colon"),
    },
    Answer {
        name: "a version is a word with HTTP in it",
        find: "(version == b\"HTTP/1.1\" || version == b\"HTTP/1.0\")",
        replace: "version.starts_with(b\"HTTP/1.\")",
        verdict: Verdict::Fails(TELLS, "HTTP/1.1"),
    },
    Answer {
        name: "any byte may stand in a value",
        find: "is_token(name) && value.iter().all(is_text)",
        replace: "is_token(name) && (true || value.iter().all(is_text))",
        verdict: Verdict::Fails(TELLS, "control"),
    },
    Answer {
        name: "values are ASCII",
        find: "b'\\t' | b' '..=b'~' | 0x80..",
        replace: "b'\\t' | b' '..=b'~'",
        verdict: Verdict::Fails(TELLS, "obsolete"),
    },
    Answer {
        name: "a refused head may be followed by others",
        find: "            Parse::Error => return refuse(connection, \
            \"400\\n\"),",
        replace: "            Parse::Error => {\n\
            stream::write_all(connection, b\"400\\n\")?;\n\
            let next = parser.seen;\n\
            buffer.copy_within(next..filled, 0);\n\
            filled -= next;\n\
            parser = Parser::default();\n\
            continue;\n}",
        verdict: Verdict::Fails(TELLS, "end of file"),
    },
    Answer {
        name: "forgets where the line began",
        find: "        self.seen = bytes.len();\n",
        replace: "        self.seen = bytes.len();\n        \
            self.line = self.seen;\n",
        verdict: Verdict::Fails(CUTS, "cut after"),
    },
    Answer {
        name: "drops what follows a head",
        find: "filled -= length;",
        replace: "filled = 0;",
        verdict: Verdict::Fails(AT_ONCE, "next head"),
    },
    Answer {
        name: "reads before it looks at what it has",
        find: "                parser = Parser::default();\n                \
            continue;\n",
        replace: "                parser = Parser::default();\n",
        verdict: Verdict::Fails(AT_ONCE, "both sides wait"),
    },
    Answer {
        name: "starts over when the buffer is full",
        find: "                return refuse(connection, \"431\\n\");\n",
        replace: "                filled = 0;\n",
        verdict: Verdict::Fails(LIMIT, "431"),
    },
    Answer {
        name: "8 KiB is too much already",
        find: "Parse::Partial if filled == buffer.len() => {",
        replace: "Parse::Partial if filled + 1 == buffer.len() => {",
        verdict: Verdict::Fails(LIMIT, "8192 bytes are not too many"),
    },
    Answer {
        name: "looks at everything again after each read",
        find: "        self.seen = bytes.len();\n        Parse::Partial",
        replace: "        *self = Parser::default();\n        \
            Parse::Partial",
        verdict: Verdict::Fails(ONCE, "from where you stopped"),
    },
    Answer {
        name: "keeps the connections",
        find: "            0 => return Ok(()),",
        replace: "            0 => {\n\
            std::mem::forget(connection.try_clone());\n\
            return Ok(());\n}",
        verdict: Verdict::Fails(TIDY, "open descriptors"),
    },
    Answer {
        name: "reads a little at a time",
        find: "&mut buffer[filled..])?",
        replace: "&mut buffer[filled..][..1])?",
        verdict: Verdict::AlsoRight,
    },
];
