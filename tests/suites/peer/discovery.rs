//! How nodes find each other, what they tell of others, and what they keep.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::{fs, process, process::Stdio, slice, thread};

use ::peer::hello::PeerId;
use ::peer::kind::Kind;
use ::peer::peers::{self, Whereabouts};

use super::ledger::expect_printed;
use super::{Fake, ask, end, node_of};
use crate::lab::fixtures::own_address;
use crate::lab::launch::Launch;
use crate::lab::peer::outward_address;
use crate::lab::program::Program;
use crate::lab::scratch::Scratch;
use crate::lab::{Outcome, Peer};
use crate::steps::{Step, on_every, peer, skip_here};

fn launch(step: &Step, flags: &[&str]) -> Outcome<Launch> {
    let launch = step.launch(&["127.0.0.1:0"])?.with(flags);
    Ok(launch.stdin(Stdio::piped()))
}

/// Waits until it has so many links.
pub fn expect_links(node: &Program, count: usize) -> Outcome {
    node.eventually(&format!("has {count} links"), || {
        let peers = ask(node, "/peers\n").ok()?;
        (peers.matches(" open ").count() == count).then_some(())
    })
}

/// Types a line at the last: the others print it.
pub fn expect_said(nodes: &[Program], line: &str) -> Outcome {
    let (last, others) = nodes.split_last().unwrap();
    last.type_in(format!("{line}\n").as_bytes())?;
    others.iter().try_for_each(|node| expect_printed(node, &[line]))
}

/// It says where these listen, of whom nobody knows which nodes they are.
fn tell(fake: &mut Fake, others: &[Peer]) -> Outcome {
    let node = PeerId([77; 32]);
    let all = others.iter().map(Peer::address);
    let all = all.map(|address| Whereabouts { address, age: 0, node });
    fake.send(Kind::Peers, &peers::encode(&all.collect::<Vec<_>>()))
}

/// It is told of exactly these, whose ids are 1, 2 and so on.
fn expect_told(step: &Step, fake: &mut Fake, expected: &[&Peer]) -> Outcome {
    let (kind, payload) = fake.next()?;
    let told = peers::parse(&payload).unwrap();
    let told = told.iter().map(|it| (it.node, it.address));
    let expected = expected.iter().zip(1..);
    let expected = expected.map(|(it, id)| (node_of(step, id), it.address()));
    let is_same = told.collect::<BTreeMap<_, _>>() == expected.collect();
    assert!(kind == Kind::Peers as u8 && is_same, "{payload:?}");
    Ok(())
}

#[test]
fn those_of_a_network_find_each_other_and_nobody_else() -> Outcome {
    on_every("discovery", |step| {
        let scratch = Scratch::new().unwrap();
        let secret = scratch.path().join("secret");
        let secret = ["--secret", secret.to_str().unwrap()];
        let name = format!("{} {}", step.name, process::id());
        let other = format!("{name} ");
        let mut all = Vec::new();
        for (name, more) in [(&name, &secret[..]), (&name, &[]), (&other, &[])]
        {
            let flags = [&["--network", name], more].concat();
            all.push(launch(step, &flags)?.start()?);
            all.push(launch(step, &flags)?.start()?);
        }
        all.iter().try_for_each(|node| expect_links(node, 1))?;
        let code = all[0].await_stdout("a code", |printed| {
            let printed = String::from_utf8_lossy(printed).into_owned();
            let (_, code) = printed.split_once("--join ")?;
            code.split_once('\n').map(|it| it.0.to_lowercase())
        })?;
        all.push(launch(step, &["--join", &code])?.start()?);
        for (node, count) in all.iter().zip([2, 2, 1, 1, 1, 1, 2]) {
            expect_links(node, count)?;
        }
        all.swap(2, 6);
        expect_said(&all[..3], "among us")?;
        let wrong = step.launch(&["0", "--join", &code[1..]])?.spawn()?;
        let line = wrong.expect_complaint(2)?;
        assert!(line.contains("that join code is mistyped"), "{line}");
        Ok(())
    })
}

/// Meanwhile the book cannot be written: that holds up nothing.
#[test]
fn only_what_was_found_is_passed_on() -> Outcome {
    on_every("discovery", |step| {
        let scratch = Scratch::new().unwrap();
        let data = scratch.path().join("data");
        let [known, other, silent] = [(); 3].map(|()| peer().unwrap());
        let name = known.address().to_string();
        let flags = ["--peer", &name, "--data", data.to_str().unwrap()];
        let node = launch(step, &flags)?.with(without_sandbox(step)).start()?;
        fs::rename(&data, scratch.path().join("moved")).unwrap();
        fs::write(&data, "").unwrap();
        let mut first = Fake::open(&node, known.accept_one(&node)?, 1, 1)?;
        first.send(Kind::GetPeers, b"")?;
        // One says where it listens: that is looked at, and only then told.
        let port = other.address().port();
        let mut second = Fake::listening(node.connect()?, 2, 1, port)?;
        let _again = Fake::open(&node, other.accept_one(&node)?, 2, 1)?;
        let (_, told) = first.next()?;
        assert_eq!(peers::parse(&told).unwrap()[0].address, other.address());
        // It is believed, but nobody is found there.
        tell(&mut second, slice::from_ref(&silent))?;
        let believed = silent.accept_one(&node)?;
        let mut third = Fake::dial(&node, 3, 1)?;
        third.send(Kind::GetPeers, b"")?;
        expect_told(step, &mut third, &[&known, &other])?;
        // There is room for 54.
        let all = (4..56).map(|id| Fake::dial(&node, id, 1));
        let _all = all.collect::<Outcome<Vec<_>>>()?;
        let mut guest = Fake::new(node.connect()?);
        guest.greet(99, 1, 0)?;
        expect_told(step, &mut guest, &[&known, &other])?;
        guest.expect_bye(4)?;
        ask(&node, "/known_hosts\n")?;
        let book = data.join("peers");
        node.expect_note(&format!("cannot write {}: ", book.display()))?;
        // It can be written again: that of a dial that fails, for example.
        fs::remove_file(&data).unwrap();
        drop(believed);
        node.eventually("writes its book", || {
            let book = fs::read_to_string(&book).ok()?;
            (book.lines().count() == 3).then_some(())
        })
    })
}

#[test]
fn of_those_that_a_liar_tells_four_are_dialled() -> Outcome {
    let Some(ip) = outward_address() else {
        skip_here("no network", "give this machine a way to others");
        return Ok(());
    };
    on_every("discovery", |step| {
        let node = step.launch(&["0.0.0.0:0"])?.start()?;
        let all = (0..11).map(|_| Peer::open((ip, 0)));
        let all = all.collect::<Outcome<Vec<_>>>()?;
        let (lies, last) = all.split_at(10);
        let liar = node.connect_to((ip, node.address()?.port()).into())?;
        tell(&mut Fake::open(&node, liar, 1, 1)?, lies)?;
        lies[..4].iter().try_for_each(|it| it.accept_one(&node).map(drop))?;
        // Those of this machine are believed: by then it has got to all.
        tell(&mut Fake::dial(&node, 2, 1)?, last)?;
        last[0].accept_one(&node)?;
        assert!(lies[4..].iter().all(|it| it.take().is_none()));
        Ok(())
    })
}

const LOST: &str = "alone: nobody answers at the address that was given; \
    beacons are sent only in a --network; give ";
const QUIET: &str = "alone: no address was given; nobody else's beacons are \
    heard: nobody is here, or the network drops multicast; give ";

/// After twelve seconds, in a quarter of the time.
#[test]
fn a_node_says_why_nobody_is_there() -> Outcome {
    on_every("discovery", |step| {
        let (scratch, gone) = (Scratch::new().unwrap(), own_address());
        let (data, gone) = (scratch.path(), gone.to_string());
        let flags = ["--peer", &gone, "--data", data.to_str().unwrap()];
        let lost = launch(step, &flags)?.shim("speed=4").start()?;
        let name = format!("{} {} alone", step.name, process::id());
        let quiet = launch(step, &["--network", &name])?;
        let quiet = quiet.shim("speed=4").start()?;
        for (node, why) in [(&lost, LOST), (&quiet, QUIET)] {
            node.expect_note(why)?;
            assert!(ask(node, "/peers\n")?.contains(why));
        }
        // It has waited for longer and longer before it dialled again: to do
        // that twelve times takes about half an hour.
        let notes = end(&lost, vec![])?;
        assert_eq!(notes.matches("cannot reach ").count(), 1, "{notes}");
        let book = fs::read_to_string(data.join("peers")).unwrap();
        let failures = book.trim_end().rsplit_once(' ').unwrap().1.parse();
        assert!((2..12).contains(&failures.unwrap()), "{book}");
        Ok(())
    })
}

/// In a sandbox no directory is made, and nobody is killed by a library that is
/// in it.
fn without_sandbox(step: &Step) -> &'static [&'static str] {
    if step.does("node") { &["--sandbox", "off"] } else { &[] }
}

/// A node is killed before one of the calls that write something: four for its
/// number, those for its key and first segment, and four for the book.
fn kill(step: &Step, number: usize) -> Outcome {
    const OLD: &str = "127.0.0.1 9 - 0 7\n";
    let (scratch, there) = (Scratch::new().unwrap(), peer()?);
    let (data, name) = (scratch.path(), there.address().to_string());
    fs::write(data.join("peers"), OLD).unwrap();
    let flags = ["--data", data.to_str().unwrap(), "--peer", &name];
    // In a sandbox nobody kills, not even the library that is in it.
    let open = ["--sandbox", "off"];
    let open = if step.does("node") { &open[..] } else { &[] };
    let node = launch(step, &flags)?
        .with(open)
        .shim(&format!("die={number}"))
        .spawn()?;
    let (own, files) = if step.does("ledger") { (12, 5) } else { (4, 2) };
    let _fake = match number <= own {
        true => None,
        // It may die before the link is open for the fake, too.
        false => Fake::open(&node, there.accept_one(&node)?, 1, 1).ok(),
    };
    let status = node.wait(node.patience())?.status;
    assert_eq!(status.signal(), Some(libc::SIGKILL), "{number}");
    let kept = fs::read_to_string(data.join("peers")).unwrap();
    let is_new = kept.lines().count() == 2 && kept.ends_with(" 0\n");
    let last = own + 4;
    let is_last = number == last;
    assert_eq!((is_new, kept == OLD), (is_last, number < last), "{kept}");
    launch(step, &flags[..2])?.start()?;
    let names = fs::read_dir(data).unwrap().map(|it| it.unwrap().file_name());
    assert_eq!(names.count(), files, "{number}");
    Ok(())
}

#[test]
fn the_book_is_the_old_or_the_new_one() -> Outcome {
    on_every("discovery", |step| {
        thread::scope(|scope| {
            let last = if step.does("ledger") { 16 } else { 8 };
            let all = (1..=last).map(|it| scope.spawn(move || kill(step, it)));
            let all: Vec<_> = all.collect();
            all.into_iter().try_for_each(|it| it.join().unwrap())
        })
    })
}

#[test]
fn after_a_sleep_it_looks_for_everybody() -> Outcome {
    on_every("discovery", |step| {
        let (scratch, late) = (Scratch::new().unwrap(), peer()?);
        let line = late.address().to_string().replace(':', " ") + " - 0 20\n";
        fs::write(scratch.path().join("peers"), line).unwrap();
        let flags = ["--data", scratch.path().to_str().unwrap()];
        let node = launch(step, &flags)?.shim("nap=99").start()?;
        // The next dial would come within five minutes.
        late.accept_one(&node)?.reset()?;
        let mut fake = Fake::dial(&node, 1, 1)?;
        (0..99).try_for_each(|_| ask(&node, "/peers\n").map(drop))?;
        node.expect_note("\nslept for 3")?;
        node.type_in(b"good morning\n")?;
        assert_eq!(fake.frame_in()?, (3, vec![0, 0, 0, 0, 0, 0, 0, 1]));
        fake.expect(Kind::Line, b"good morning")?;
        late.accept_one(&node).map(drop)
    })
}
