//! The rooms of `shared/`: when each item enters, and who may use it.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Item, Module, Uses, shared, words};
use crate::tree::{Step, steps};

/// From the ground up: a room uses those before it.
const ROOMS: &str = "cli collections net http files sync events web service \
    peer";

/// Which of them are packages of their own.
const PACKAGES: [&str; 2] = ["service", "peer"];

/// Who knows nothing of whom, although it stands above.
const STRANGERS: [(&str, &str); 4] =
    [("http", "net"), ("files", "http"), ("sync", "net"), ("events", "http")];

/// What the core must not name: system calls, and clocks.
const INPUT_AND_OUTPUT: &str = "std::net::Tcp ToSocketAddrs std::fs std::io \
    libc:: nix::sys::socket nix::unistd Instant::now SystemTime::now";

fn room(module: &str) -> &str {
    module.split(['/', '.']).next().unwrap_or(module)
}

/// The module of shared/ that `path` leads to, and what it names there. In
/// the libraries themselves the path may begin in the file `from`.
fn resolve<'a>(
    path: &'a [String],
    from: Option<&str>,
    modules: &'a [Module],
) -> Option<(&'a Module, &'a [String])> {
    let package = from.map(room).filter(|it| PACKAGES.contains(it));
    let mut above: Vec<String> = Vec::new();
    let inside = match (path.first()?.as_str(), from) {
        ("shared", _) if from.is_none() || package.is_some() => &path[1..],
        (name, _) if PACKAGES.contains(&name) && path.len() > 1 => path,
        ("crate", Some(_)) => {
            above.extend(package.map(str::to_string));
            &path[1..]
        }
        ("super", Some(from)) => {
            let supers = path.iter().take_while(|name| *name == "super");
            let supers = supers.count();
            above = from.split('/').map(str::to_string).collect();
            above.truncate(above.len().saturating_sub(supers));
            &path[supers..]
        }
        _ => return None,
    };
    let found = (0..=inside.len()).find_map(|length| {
        let names = [&above, &inside[..length]].concat().join("/");
        let name = format!("{names}.rs");
        let module = modules.iter().find(|module| module.name == name)?;
        Some((module, &inside[length..]))
    });
    // A whole room, or everything in one, hides what is used of it.
    let name = path.join("::");
    Some(found.unwrap_or_else(|| {
        panic!("`{name}`, which {from:?} names, is no module of shared/")
    }))
}

/// Which modules a module uses.
fn graph(modules: &[Module]) -> BTreeMap<&str, BTreeSet<String>> {
    let edges = modules.iter().map(|module| {
        let paths = Uses::of(&module.text).paths;
        let used = paths
            .iter()
            .filter_map(|path| resolve(path, Some(&module.name), modules))
            .map(|(used, _)| used.name.clone())
            .filter(|used| *used != module.name);
        (module.name.as_str(), used.collect())
    });
    edges.collect()
}

#[test]
fn a_room_uses_those_below_it() {
    let modules = shared();
    let floor = |name: &str| {
        let room = room(name);
        let floor = ROOMS.split(' ').position(|known| known == room);
        floor.unwrap_or_else(|| panic!("shared/{name}: no room {room}"))
    };
    for (name, used) in graph(&modules) {
        for other in used {
            let upward = floor(&other) > floor(name);
            assert!(!upward, "shared/{name} uses {other}, which is above it");
            let pair = (room(name), room(&other));
            assert!(!STRANGERS.contains(&pair), "shared/{name} uses {other}");
        }
    }
}

#[test]
fn no_module_uses_itself_by_way_of_another() {
    let modules = shared();
    let graph = graph(&modules);
    for start in graph.keys() {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut next = vec![*start];
        while let Some(name) = next.pop() {
            for used in &graph[name] {
                assert!(used != start, "a cycle: {start} … {name} {start}");
                if reached.insert(used) {
                    next.push(used);
                }
            }
        }
    }
}

#[test]
fn the_protocol_makes_no_system_call() {
    let modules = shared();
    let core = modules.iter().filter(|module| {
        module.name.starts_with("http/")
            || module.name.starts_with("web/connection")
    });
    let mut count = 0;
    for module in core {
        count += 1;
        for name in INPUT_AND_OUTPUT.split(' ') {
            let found = module.text.contains(name);
            assert!(!found, "shared/{} names {name}", module.name);
        }
    }
    assert!(count > 10, "no core");
}

/// The step in which the first of the items enters that are meant, if any is.
fn entry<'a>(
    items: impl IntoIterator<Item = &'a Item>,
    is_meant: impl Fn(&Item) -> bool,
) -> Option<i64> {
    let items = items.into_iter().filter(|item| is_meant(item));
    items.map(|item| item.entry).min()
}

#[test]
fn a_step_uses_what_has_entered_by_then() {
    let modules = shared();
    let all = || modules.iter().flat_map(|module| &module.items);
    // Methods of the collections have the names that std's have: who uses
    // them has named the type.
    let is_like_std = |name: &str| {
        name.starts_with("collections/") || name == "sync/deque.rs"
    };
    let others = modules.iter().filter(|module| !is_like_std(&module.name));
    let others = || others.clone().flat_map(|module| &module.items);
    let mut uses_of_shared = 0;
    for step in steps() {
        let sources = step.sources();
        // What has one of these in front of it is the step's own.
        let is_own = |start: &str| sources.iter().any(|s| s.1.contains(start));
        for (file, text) in &sources {
            let uses = Uses::of(text);
            let early = |what: &str, entry: Option<i64>| {
                let late = entry.is_some_and(|entry| entry > step.number);
                assert!(!late, "{file}: {what} enters in step {entry:?}");
            };
            for path in &uses.paths {
                if let Some((module, rest)) = resolve(path, None, &modules) {
                    uses_of_shared += 1;
                    early(&module.name, Some(module.entry));
                    let name = rest.first().map_or("", String::as_str);
                    early(name, entry(&module.items, |i| i.name == name));
                }
                let [.., owner, name] = path.as_slice() else { continue };
                let own = [" {} {", "enum {}<", "struct {}<"];
                if !own.iter().any(|it| is_own(&it.replace("{}", owner))) {
                    let owner = Some(owner);
                    let is_meant =
                        |i: &Item| i.owner.as_ref() == owner && i.name == *name;
                    early(name, entry(all(), is_meant));
                }
            }
            for name in &uses.methods {
                // Nor is an iterator's `next` meant.
                if name != "next" && !is_own(&format!("fn {name}")) {
                    let is_meant = |i: &Item| i.has_self && i.name == *name;
                    early(name, entry(others(), is_meant));
                }
            }
        }
    }
    assert!(uses_of_shared >= steps().len(), "every step uses shared::cli");
}

/// Nothing is there for later.
#[test]
fn every_item_is_used() {
    let modules = shared();
    let sources: Vec<_> = steps().iter().flat_map(Step::sources).collect();
    let texts = modules.iter().map(|module| &module.text);
    let texts = texts.chain(sources.iter().map(|(_, text)| text));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in texts.flat_map(|text| words(text)) {
        *counts.entry(word).or_default() += 1;
    }
    let unused = modules.iter().flat_map(|module| {
        let items = module.items.iter();
        let items = items.filter(|item| counts[item.name.as_str()] < 2);
        items.map(|item| format!("{}: {}", module.name, item.name))
    });
    let unused: Vec<String> = unused.collect();
    assert!(unused.is_empty(), "no step uses:\n{}", unused.join("\n"));
}

#[test]
fn modules_enter_as_listed() {
    let modules = shared();
    let listed = steps().into_iter().flat_map(|step| {
        let number = step.number;
        step.modules.into_iter().map(move |module| (module, number))
    });
    let listed: BTreeMap<String, i64> = listed.collect();
    let entries = modules.iter().map(|m| (m.name.clone(), m.entry));
    assert_eq!(entries.collect::<BTreeMap<_, _>>(), listed, "steps.toml");
    for module in &modules {
        for item in &module.items {
            let too_early = item.entry < module.entry;
            assert!(!too_early, "{}: {}", module.name, item.name);
        }
    }
}
