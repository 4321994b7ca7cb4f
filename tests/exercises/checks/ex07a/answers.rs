//! What students answer to 07a.

use super::{
    ANSWERS, CHUNKED, CUT_OFF, LENGTH, MALFORMED, PIECES, TIDY, TWO_WAYS,
};
use crate::checks::{Answer, Verdict};

pub const ALL: &[Answer] = &[
    Answer {
        name: "demands a length of everybody",
        find: "(None, []) => Ok(Framing::Length(0)),",
        replace: "(None, []) => Err(Stop::Refused(\"no length\")),",
        verdict: Verdict::Fails(ANSWERS, "has no body"),
    },
    Answer {
        name: "knows one spelling of a name",
        find: "field.name.eq_ignore_ascii_case(\"Content-Length\")",
        replace: "field.name == \"Content-Length\"",
        verdict: Verdict::Fails(LENGTH, "in other letters"),
    },
    Answer {
        name: "drops what comes with the body",
        find: "            self.input.consume(here);",
        replace: "            let all = bytes.len();\n            \
            self.input.consume(all);",
        verdict: Verdict::Fails(LENGTH, "next request begins"),
    },
    Answer {
        name: "the first length wins",
        find: "            if length.replace(number).is_some() {",
        replace: "            if *length.get_or_insert(number) < number {",
        verdict: Verdict::Fails(TWO_WAYS, "lengths that agree"),
    },
    Answer {
        name: "a number is what parse takes",
        find: "    let number = if text.iter().all(u8::is_ascii_digit) {",
        replace: "    let number = if !text.is_empty() {",
        verdict: Verdict::Fails(TWO_WAYS, "a plus sign"),
    },
    Answer {
        name: "adds up digits as they come",
        find: "str::from_utf8(text).ok().and_then(|text| \
            text.parse().ok())",
        replace: "(!text.is_empty()).then(|| text.iter().fold(0_u64, \
            |sum, digit| sum.wrapping_mul(10).wrapping_add(\
            u64::from(digit - b'0'))))",
        verdict: Verdict::Fails(TWO_WAYS, "wraps to"),
    },
    Answer {
        name: "chunks go before a length",
        find: "        (None, [coding])\n",
        replace: "        (_, [coding])\n",
        verdict: Verdict::Fails(TWO_WAYS, "a length and chunks"),
    },
    Answer {
        name: "a coding that it does not know is none",
        find: "(None, _) => Err(Stop::Refused(\"a coding unknown here\")),",
        replace: "(None, _) => Ok(Framing::Length(0)),",
        verdict: Verdict::Fails(TWO_WAYS, "a coding without an end"),
    },
    Answer {
        name: "answers what lies behind a refused request",
        find: "            if let Err(stop) = self.answer_one() {\n                \
            break stop;\n            }",
        replace: "            match self.answer_one() {\n\
            Err(Stop::Refused(why)) => {\n\
            let space = self.input.bytes().windows(4)\
            .position(|w| w == b\"\\r\\n\\r\\n\");\n\
            self.input.consume(space.unwrap_or(0) + 4);\n\
            let _ = self.respond(\"400 Bad Request\", \"\", why);\n}\n\
            Err(stop) => break stop,\n\
            Ok(()) => {}\n}",
        verdict: Verdict::Fails(TWO_WAYS, "end of file"),
    },
    Answer {
        name: "sizes are decimal",
        find: "u64::from_str_radix(text, 16)",
        replace: "u64::from_str_radix(text, 10)",
        verdict: Verdict::Fails(CHUNKED, "hexadecimal"),
    },
    Answer {
        name: "leaves the trailers for the next request",
        find: "            if trailer.is_empty() {",
        replace: "            if trailer.is_empty() || !trailer.is_empty() {",
        verdict: Verdict::Fails(CHUNKED, "trailers, which are no request"),
    },
    Answer {
        name: "what is no size is the last chunk",
        find: "size.ok_or(Stop::Refused(\"a chunk's size that is no \
            number\"))",
        replace: "Ok(size.unwrap_or(0))",
        verdict: Verdict::Fails(MALFORMED, "a size that is no number"),
    },
    Answer {
        name: "a size is what from_str_radix takes",
        find: "digits.iter().all(u8::is_ascii_hexdigit)",
        replace: "!digits.is_empty()",
        verdict: Verdict::Fails(MALFORMED, "a plus sign"),
    },
    Answer {
        name: "does not look at what is behind a chunk",
        find: "if !self.read_line()?.is_empty() {",
        replace: "self.read_line()?;\n            if false {",
        verdict: Verdict::Fails(MALFORMED, "longer than its size"),
    },
    Answer {
        name: "counts the lines of trailers only",
        find: "let has_colon = trailer.contains(&b':');",
        replace: "let has_colon = trailer.contains(&b':');\n            \
            room = MAX_LINE;",
        verdict: Verdict::Fails(MALFORMED, "trailers without end"),
    },
    Answer {
        name: "a line ends where a read ends",
        find: "                [] => {\n                    \
            self.read_more()?;",
        replace: "                [] if !line.is_empty() => return \
            Ok(line),\n                [] => {\n                    \
            self.read_more()?;",
        verdict: Verdict::Fails(PIECES, "cut after"),
    },
    Answer {
        name: "the end of file is the end of the body",
        find: "            if self.input.bytes().is_empty() {\n                \
            self.read_more()?;\n            }\n            let bytes",
        replace: "            if self.input.bytes().is_empty() {\n\
            match self.read_more() {\n\
            Err(Stop::Left) => return Ok(()),\n\
            answer => answer?,\n}\n}\n            let bytes",
        verdict: Verdict::Fails(CUT_OFF, "cut off"),
    },
    Answer {
        name: "keeps the connections",
        find: "            0 => Err(Stop::Left),",
        replace: "            0 => {\n\
            std::mem::forget(self.connection.try_clone());\n\
            Err(Stop::Left)\n}",
        verdict: Verdict::Fails(TIDY, "open descriptors"),
    },
    Answer {
        name: "other words for a refusal",
        find: "\"a malformed trailer\"",
        replace: "\"no\"",
        verdict: Verdict::AlsoRight,
    },
];
