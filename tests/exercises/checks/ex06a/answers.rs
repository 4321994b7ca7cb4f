//! What students answer to 06a.

use super::{ANSWERS, DECIDES, ERRORS, HEAD, ORDER, READABLE, SAYS, TIDY};
use crate::checks::{Answer, Verdict};

pub const ALL: &[Answer] = &[
    Answer {
        name: "one request, one connection",
        find: "            _ => true,\n",
        replace: "            _ => false,\n",
        verdict: Verdict::Fails(ANSWERS, "then end of file"),
    },
    Answer {
        name: "knows close in small letters only",
        find: "option.trim_ascii().to_ascii_lowercase();",
        replace: "option.trim_ascii();",
        verdict: Verdict::Fails(DECIDES, "case does not matter"),
    },
    Answer {
        name: "compares the whole field",
        find: "field.value.split(|byte| *byte == b',');",
        replace: "field.value.split(|byte| *byte == b'\\n');",
        verdict: Verdict::Fails(DECIDES, "a list"),
    },
    Answer {
        name: "looks for the letters, not for the word",
        find: "self.options.iter().any(|one| one == option)",
        replace: "self.options.iter().any(|one| one.contains(option))",
        verdict: Verdict::Fails(DECIDES, "whole word"),
    },
    Answer {
        name: "looks at the first field only",
        find: "options: options.collect(),",
        replace: "options: options.take(1).collect(),",
        verdict: Verdict::Fails(DECIDES, "a list"),
    },
    Answer {
        name: "HTTP/1.0 is as good as HTTP/1.1",
        find: "            0 => says(\"keep-alive\"),\n",
        replace: "",
        verdict: Verdict::Fails(DECIDES, "HTTP/1.0 closes"),
    },
    Answer {
        name: "HTTP/1.0 is never kept",
        find: "0 => says(\"keep-alive\"),",
        replace: "0 => false,",
        verdict: Verdict::Fails(DECIDES, "asks for it"),
    },
    Answer {
        name: "says close and keeps",
        find: "        if !answer.keeps {",
        replace: "        if !answer.keeps && answer.text.len() < 2 {",
        verdict: Verdict::Fails(DECIDES, "the connection stays open"),
    },
    Answer {
        name: "closes without a word",
        find: "(false, _) => \"Connection: close\\r\\n\",",
        replace: "(false, _) => \"\",",
        verdict: Verdict::Fails(SAYS, "Connection: close"),
    },
    Answer {
        name: "keeps HTTP/1.0 without a word",
        find: "(true, 0) => \"Connection: keep-alive\\r\\n\",",
        replace: "(true, 0) => \"\",",
        verdict: Verdict::Fails(SAYS, "Connection: keep-alive"),
    },
    Answer {
        name: "a body for HEAD",
        find: "if method == \"HEAD\" { String::new() } else { body }",
        replace: "body",
        verdict: Verdict::Fails(HEAD, "the next answer"),
    },
    Answer {
        name: "no body, no length",
        find: "    let length = body.len();",
        replace: "    let length = if method == \"HEAD\" { 0 } else { \
            body.len() };",
        verdict: Verdict::Fails(HEAD, "Content-Length"),
    },
    Answer {
        name: "closes after each answer that is no success",
        find: "    Answer { text, keeps }\n",
        replace: "    let keeps = keeps && text.contains(\"200\");\n    \
            Answer { text, keeps }\n",
        verdict: Verdict::Fails(ERRORS, "404"),
    },
    Answer {
        name: "drops what comes behind a request",
        find: "                input.consume(length);",
        replace: "                let all = length + 80;\n                \
            input.consume(all);",
        verdict: Verdict::Fails(ORDER, "request 2 of ten"),
    },
    Answer {
        name: "closes at once",
        find: "            return linger(connection, \
            Duration::from_secs(1));",
        replace: "            return Ok(());",
        verdict: Verdict::Fails(READABLE, "unread"),
    },
    Answer {
        name: "keeps the connections",
        find: "            0 => return Ok(Next::Nothing),",
        replace: "            0 => {\n\
            std::mem::forget(connection.try_clone());\n\
            return Ok(Next::Nothing);\n}",
        verdict: Verdict::Fails(TIDY, "open descriptors"),
    },
    Answer {
        name: "waits longer for the visitor to leave",
        find: "Duration::from_secs(1)",
        replace: "Duration::from_secs(3)",
        verdict: Verdict::AlsoRight,
    },
];
