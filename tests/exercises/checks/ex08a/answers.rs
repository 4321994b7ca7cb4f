//! What students answer to 08a.

use super::{DECODES, FOLLOWS, HOLDS, INSIDE, SERVES, SILENT, TIDY, WAITS};
use crate::checks::{Answer, Verdict};

pub const ALL: &[Answer] = &[
    Answer {
        name: "reads once",
        find: "    file.read_to_end(&mut content)?;",
        replace: "    content.resize(4096, 0);\n    \
            let count = file.read(&mut content)?;\n    \
            content.truncate(count);",
        verdict: Verdict::Fails(SERVES, "100000 bytes"),
    },
    Answer {
        name: "decodes until nothing is left to decode",
        find: "        None => (\"400 Bad Request\", b\"What?\\n\"\
            .to_vec()),",
        replace: "        None => (\"400 Bad Request\", b\"What?\\n\"\
            .to_vec()),\n        Some(name) if name.contains(&b'%') => {\n\
            let again = String::from_utf8_lossy(&name).into_owned();\n\
            let name = decode(&again).unwrap_or(name);\n\
            let file = read_file(root, &name)?;\n\
            (\"200 OK\", file.unwrap_or_default())\n}",
        verdict: Verdict::Fails(DECODES, "decoded once"),
    },
    Answer {
        name: "a plus sign is a blank",
        find: "            *first\n        };",
        replace: "            if *first == b'+' { b' ' } else { *first }\n        \
            };",
        verdict: Verdict::Fails(DECODES, "a plus sign"),
    },
    Answer {
        name: "a NUL is a byte like others",
        find: "        if byte == 0 {\n            return None;\n        }\n",
        replace: "        if byte == 0 {\n            return Some(name);\n        \
            }\n",
        verdict: Verdict::Fails(DECODES, "NUL"),
    },
    Answer {
        name: "a descriptor is confinement enough",
        find: ".flags(flags).resolve(resolve);",
        replace: ".flags(flags);\n    let _ = resolve;",
        verdict: Verdict::Fails(INSIDE, "outside"),
    },
    Answer {
        name: "refuses two dots before it decodes",
        find: "        Some(name) => match read_file(root, &name) {",
        replace: "        Some(_) if path.contains(\"..\") => \
            (\"404 Not Found\", Vec::new()),\n        \
            Some(name) => match std::fs::read(format!(\
            \"/proc/self/fd/{}/{}\", \
            std::os::fd::AsRawFd::as_raw_fd(root), \
            String::from_utf8_lossy(&name))).map(Some) {",
        verdict: Verdict::Fails(INSIDE, "outside"),
    },
    Answer {
        name: "compares the beginnings of names",
        find: "    let mut file = match open_beneath(root, name) {",
        replace: "    use std::os::unix::ffi::OsStrExt;\n    \
            use std::os::fd::AsRawFd;\n    \
            let link = format!(\"/proc/self/fd/{}\", root.as_raw_fd());\n    \
            let root_name = std::fs::read_link(link)?;\n    \
            let name = root_name.join(std::ffi::OsStr::from_bytes(name));\n    \
            let name = name.canonicalize().unwrap_or_default();\n    \
            let is_inside = name.as_os_str().as_bytes()\
            .starts_with(root_name.as_os_str().as_bytes());\n    \
            if is_inside && name.is_file() {\n        \
            return std::fs::read(name).map(Some);\n    }\n    \
            let name = b\"nothing\";\n    \
            let mut file = match open_beneath(root, name) {",
        verdict: Verdict::Fails(INSIDE, "outside"),
    },
    Answer {
        name: "does not follow the last link",
        find: ".flags(flags).resolve(resolve);",
        replace: ".flags(flags | OFlag::O_NOFOLLOW);\n    \
            let _ = resolve;\n    \
            if name.windows(2).any(|two| two == b\"..\") {\n        \
            return Err(Errno::ENOENT);\n    }",
        verdict: Verdict::Fails(FOLLOWS, "outside"),
    },
    Answer {
        name: "follows no link at all",
        find: ".resolve(resolve);",
        replace: ".resolve(resolve | ResolveFlag::RESOLVE_NO_SYMLINKS);",
        verdict: Verdict::Fails(FOLLOWS, "stays inside"),
    },
    Answer {
        name: "opens pipes as if they were files",
        find: "OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC",
        replace: "OFlag::O_RDONLY | OFlag::O_CLOEXEC",
        verdict: Verdict::Fails(WAITS, "waiting in openat2()"),
    },
    Answer {
        name: "reads whatever could be opened",
        find: "if !file.metadata()?.is_file() {",
        replace: "if file.metadata()?.is_dir() {",
        verdict: Verdict::Fails(WAITS, "a pipe"),
    },
    Answer {
        name: "opens the root again for each visitor",
        find: "serve(&connection, &root)",
        replace: "open_root(&directory).map_err(io::Error::from)\
            .and_then(|root| serve(&connection, &root))",
        verdict: Verdict::Fails(HOLDS, "its name"),
    },
    Answer {
        name: "tells what went wrong, and where",
        find: "Ok(None) => (\"404 Not Found\", b\"Not here.\\n\".to_vec()),",
        replace: "Ok(None) => (\"404 Not Found\", {\n\
            use std::os::fd::AsRawFd;\n\
            let link = format!(\"/proc/self/fd/{}\", root.as_raw_fd());\n\
            std::fs::read_link(link)?.into_os_string()\
            .into_encoded_bytes()\n}),",
        verdict: Verdict::Fails(SILENT, "the directory's path"),
    },
    Answer {
        name: "keeps the files open",
        find: "    let mut content = Vec::new();\n",
        replace: "    let mut content = Vec::new();\n    \
            std::mem::forget(file.try_clone()?);\n",
        verdict: Verdict::Fails(TIDY, "open descriptors"),
    },
    Answer {
        name: "takes the root for the root of all",
        find: "ResolveFlag::RESOLVE_BENEATH",
        replace: "ResolveFlag::RESOLVE_IN_ROOT",
        verdict: Verdict::AlsoRight,
    },
];
