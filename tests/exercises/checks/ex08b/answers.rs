//! What students answer to 08b.

use super::{
    BYTES, GROWS, HEAD, INDEX, MOVED, PIECES, SERVES, SHRINKS, TIDY, TYPES,
};
use crate::checks::{Answer, Verdict};

pub const ALL: &[Answer] = &[
    Answer {
        name: "closes after each file",
        find: "            }\n        }\n    }\n    Ok(true)\n}",
        replace: "            }\n        }\n    }\n    Ok(false)\n}",
        verdict: Verdict::Fails(SERVES, "end of file"),
    },
    Answer {
        name: "what it does not know is text",
        find: "        _ => \"application/octet-stream\",",
        replace: "        _ => \"text/plain; charset=utf-8\",",
        verdict: Verdict::Fails(TYPES, "offered to save"),
    },
    Answer {
        name: "looks for a dot in the whole path",
        find: "let file = name.rsplit(|byte| *byte == b'/')\
            .next().unwrap_or_default();",
        replace: "let file = if name.ends_with(b\"/readme\") { \
            &b\"a.html\"[..] } else { &name[..] };",
        verdict: Verdict::Fails(TYPES, "last segment"),
    },
    Answer {
        name: "knows small letters only",
        find: "    let name = name.to_ascii_lowercase();\n",
        replace: "",
        verdict: Verdict::Fails(TYPES, "case does not matter"),
    },
    Answer {
        name: "looks at the first dot",
        find: "let mut parts = file.rsplitn(2, |byte| *byte == b'.');",
        replace: "let mut parts: Vec<&[u8]> = \
            file.splitn(2, |byte| *byte == b'.').collect();\n    \
            parts.reverse();\n    let mut parts = parts.into_iter();",
        verdict: Verdict::Fails(TYPES, "last dot"),
    },
    Answer {
        name: "counts letters",
        find: "    send_head(connection, \"200 OK\", &fields, file.size)?;",
        replace: "    let mut all = vec![0; 4096];\n    \
            let count = file.read_at(0, &mut all)?;\n    \
            let text = String::from_utf8_lossy(&all[..count])\
            .into_owned();\n    let short = file.size - \
            text.chars().filter(|c| c.len_utf8() == 2).count() as u64;\n    \
            send_head(connection, \"200 OK\", &fields, short)?;",
        verdict: Verdict::Fails(BYTES, "letters of two bytes"),
    },
    Answer {
        name: "shows the page of the directory above",
        find: "    if name.is_empty() || name.ends_with(b\"/\") {\n",
        replace: "    if name.is_empty() || name.ends_with(b\"/\") {\n        \
            name.clear();\n",
        verdict: Verdict::Fails(INDEX, "/dir/"),
    },
    Answer {
        name: "puts a slash behind what the client sent",
        find: "        Entry::Directory => redirect(connection, &name),",
        replace: "        Entry::Directory => {\n            \
            let fields = format!(\"Location: {}/\\r\\n\", request.path);\n            \
            send_head(connection, \"301 Moved Permanently\", &fields, 0)?;\n            \
            Ok(true)\n        }",
        verdict: Verdict::Fails(MOVED, "another host"),
    },
    Answer {
        name: "puts a name as it is into a field",
        find: "    encode_directory(name, None, &mut location);\n",
        replace: "    location.extend_from_slice(b\"/\");\n    \
            location.extend_from_slice(name);\n    \
            location.extend_from_slice(b\"/\");\n",
        verdict: Verdict::Fails(MOVED, "encoded"),
    },
    Answer {
        name: "sends nobody anywhere",
        find: "        Entry::Directory => redirect(connection, &name),",
        replace: "        Entry::Directory => {\n            \
            name.extend_from_slice(b\"/index.html\");\n            \
            match root.open_entry(&name)? {\n                \
            Entry::File(file) => send_file(connection, request, &name, \
            &file),\n                _ => redirect(connection, &name),\n            \
            }\n        }",
        verdict: Verdict::Fails(MOVED, "301"),
    },
    Answer {
        name: "a body for HEAD",
        find: "    if request.is_head {\n        return Ok(true);\n    }\n    \
            let mut piece",
        replace: "    let mut piece",
        verdict: Verdict::Fails(HEAD, "the next answer"),
    },
    Answer {
        name: "a body for HEAD where there is no file",
        find: "    if request.is_head {\n        return Ok(true);\n    }\n    \
            stream::write_all",
        replace: "    stream::write_all",
        verdict: Verdict::Fails(HEAD, "the next answer"),
    },
    Answer {
        name: "a piece is a file",
        find: "const PIECE: usize = 64 * 1024;",
        replace: "const PIECE: usize = 64 * 1024 * 1024;",
        verdict: Verdict::Fails(PIECES, "kB of memory"),
    },
    Answer {
        name: "sends up to the end of the file",
        find: "        let left = usize::try_from(file.size - sent)\
            .unwrap_or(usize::MAX);\n        let room = left.min(PIECE);\n        \
            match file.read_at(sent, &mut piece[..room])? {",
        replace: "        let room = PIECE;\n        \
            match file.read_at(sent, &mut piece[..room])? {",
        verdict: Verdict::Fails(GROWS, "was a promise"),
    },
    Answer {
        name: "waits for the file to grow again",
        find: "            0 => return Ok(false),",
        replace: "            0 => {}",
        verdict: Verdict::Fails(SHRINKS, "computes without end"),
    },
    Answer {
        name: "goes on with the next request",
        find: "            0 => return Ok(false),",
        replace: "            0 => return Ok(true),",
        verdict: Verdict::Fails(SHRINKS, "both sides wait"),
    },
    Answer {
        name: "fills up with zeros",
        find: "            0 => return Ok(false),",
        replace: "            0 => {\n                \
            piece.fill(0);\n                \
            stream::write_all(connection, &piece[..room])?;\n                \
            sent += room as u64;\n            }",
        verdict: Verdict::Fails(SHRINKS, "never were in the file"),
    },
    Answer {
        name: "keeps the connections",
        find: "            0 => return Ok(None),",
        replace: "            0 => {\n\
            std::mem::forget(connection.try_clone());\n\
            return Ok(None);\n}",
        verdict: Verdict::Fails(TIDY, "open descriptors"),
    },
    Answer {
        name: "smaller pieces",
        find: "const PIECE: usize = 64 * 1024;",
        replace: "const PIECE: usize = 1000;",
        verdict: Verdict::AlsoRight,
    },
];
