//! What nodes remember, and what they make of each other's blocks.

use std::fs;
use std::process::{self, Command, Stdio};

use ::peer::block::Block;
use ::peer::kind::Kind;
use ::peer::messages::Get;

use super::crash::injected;
use super::{Author, Fake, end};
use crate::calls::traces;
use crate::files::client::get;
use crate::lab::cost::expect_memory;
use crate::lab::program::Program;
use crate::lab::scratch::Scratch;
use crate::lab::{Outcome, Peer, proc};
use crate::steps::{Step, on_every, peer};

/// A node that is typed into.
pub fn start(step: &Step, flags: &[&str]) -> Outcome<Program> {
    let launch = step.launch(&["127.0.0.1:0"])?.with(flags);
    launch.stdin(Stdio::piped()).start()
}

/// What a command prints that ends like this.
pub fn command(step: &Step, words: &[&str], code: i32) -> Outcome<String> {
    let ended = step.launch(words)?.spawn()?.expect_exit(code)?;
    Ok(String::from_utf8(ended.stdout).unwrap())
}

/// What the page has that may say something.
pub fn token(node: &Program) -> Outcome<String> {
    let page = get(&mut node.connect()?, "/board")?.body;
    let page = String::from_utf8(page).unwrap();
    let (_, token) = page.split_once("data-token=\"").unwrap();
    Ok(token.split_once('"').unwrap().0.to_string())
}

/// The status for a line from the page.
pub fn post(node: &Program, line: &str) -> Outcome<u16> {
    order(node, "POST /lines", line)
}

/// The status for what somebody wants of the page.
pub fn order(node: &Program, what: &str, line: &str) -> Outcome<u16> {
    let token = token(node)?;
    let (host, length) = (node.address()?, line.len() + 2);
    let mut client = node.connect()?;
    let request = format!(
        "{what} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
         Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n\"{line}\""
    );
    client.send(request.as_bytes())?;
    Ok(client.response()?.status)
}

/// Waits until it has printed blocks with these bodies, in any order.
pub fn expect_printed(node: &Program, bodies: &[&str]) -> Outcome {
    node.await_stdout(&format!("{bodies:?}"), |printed| {
        let printed = String::from_utf8_lossy(printed);
        let has = |body: &&str| printed.contains(&format!(": {body}\n"));
        bodies.iter().all(has).then_some(())
    })
}

#[test]
fn what_one_says_stands_in_the_ledger_of_all() -> Outcome {
    on_every("ledger", |step| {
        let scratch = Scratch::new().unwrap();
        let data = ["a", "b", "c"].map(|name| scratch.path().join(name));
        let data = data.each_ref().map(|it| it.to_str().unwrap());
        let mut all = vec![start(step, &["--data", data[0]])?];
        let first = all[0].address()?.to_string();
        for data in &data[1..] {
            let flags = ["--data", data, "--peer", &first];
            all.push(start(step, &flags)?);
        }
        all.iter().try_for_each(|it| super::discovery::expect_links(it, 2))?;
        all[0].type_in(b"typed\n\n")?;
        all[1].type_in("größer\nlast".as_bytes())?;
        assert_eq!(post(&all[2], "posted")?, 204);
        let at = all[2].address()?.to_string();
        command(step, &["say", &at, r#"a \ and a ""#], 0)?;
        let said = step.launch(&["say", &at, "-"])?.stdin(Stdio::piped());
        let said = said.spawn()?;
        let long = "x".repeat(1025);
        said.type_in(format!("1\n{long}\n2\n\n\x1b\n3").as_bytes())?;
        said.end_input();
        let notes = said.expect_notes(0)?;
        assert_eq!(notes.matches(": not said\n").count(), 2, "{notes}");
        let bodies =
            ["typed", "größer", "posted", r#"a \ and a ""#, "1", "2", "3"];
        all.iter().try_for_each(|it| expect_printed(it, &bodies))?;
        // They are killed, and all of it is there.
        all.iter().for_each(|it| it.signal(libc::SIGKILL));
        for node in all {
            node.wait(node.patience())?;
        }
        let logs = data.map(|it| command(step, &["log", it], 0).unwrap());
        let sorted = logs.each_ref().map(|log| {
            let mut lines: Vec<&str> = log.lines().collect();
            lines.sort_unstable();
            lines
        });
        assert!(sorted[0].len() == 7 && sorted[0] == sorted[1], "{logs:?}");
        assert_eq!(sorted[0], sorted[2]);
        let last = logs[0].find(": 1\n") < logs[0].find(": 2\n");
        assert!(last, "{}", logs[0]);
        let node = start(step, &["--data", data[1]])?;
        let page = get(&mut node.connect()?, "/board")?.body;
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("größer") && page.contains("posted"), "{page}");
        // One directory, one process.
        let second = step.launch(&["127.0.0.1:0", "--data", data[1]])?;
        let line = second.spawn()?.expect_complaint(1)?;
        assert!(line.contains("another process has "), "{line}");
        let gone = crate::lab::fixtures::own_address().to_string();
        let line = step.launch(&["say", &gone, "hi"])?.spawn()?;
        let line = line.expect_complaint(1)?;
        assert!(line.ends_with("connection refused"), "{line}");
        for (response, why) in [
            ("220 hello\r\n", "it speaks no HTTP"),
            ("HTTP/1.1 200 OK\r\n\r\n", " has no page of a node for us"),
        ] {
            let other = peer()?;
            let name = other.address().to_string();
            let said = step.launch(&["say", &name, "hi"])?.spawn()?;
            let mut client = other.accept_one(&said)?;
            client.send(response.as_bytes())?;
            client.finish()?;
            let line = said.expect_complaint(1)?;
            assert!(line.ends_with(why), "{line}");
        }
        Ok(())
    })
}

/// Flags of a network in which a block costs little.
pub fn cheap(scratch: &Scratch, step: &Step) -> [String; 4] {
    let secret = scratch.path().join("secret");
    let name = format!("{} {} cheap", step.name, process::id());
    let secret = secret.to_str().unwrap().to_string();
    ["--network".into(), name, "--secret".into(), secret]
}

/// Answers a GET with what there is.
fn give(fake: &mut Fake, get: &[u8], blocks: &[Block]) -> Outcome {
    let get = Get::parse(get).unwrap();
    let all = blocks.iter().filter(|it| it.author() == get.author);
    let mut from = all.skip(get.from as usize).take(get.count.into());
    let mut left = get.count;
    from.try_for_each(|block| {
        left -= 1;
        fake.send(Kind::Block, block.bytes())
    })?;
    if left > 0 {
        let seq = get.from + u64::from(get.count - left);
        let what = ::peer::messages::NotFound { author: get.author, seq };
        fake.send(Kind::NotFound, &what.encode())?;
    }
    Ok(())
}

/// More than fits into a queue, and more than may be asked for at once.
#[test]
fn who_comes_late_gets_all_of_a_log() -> Outcome {
    on_every("ledger", |step| {
        let scratch = Scratch::new().unwrap();
        let flags = cheap(&scratch, step);
        let flags = flags.each_ref().map(String::as_str);
        let node = start(step, &flags)?;
        let mut author = Author::new(7);
        let blocks: Vec<Block> = (0..150)
            .map(|it| author.block(8, &[b'a' + it % 26; 8000]))
            .collect();
        let mut fake = Fake::dial(&node, 1, 1)?;
        // Only the last one: it asks for all before.
        fake.send(Kind::Block, blocks[149].bytes())?;
        for _ in 0..3 {
            let (kind, get) = fake.frame()?;
            assert_eq!(kind, Kind::Get as u8);
            give(&mut fake, &get, &blocks)?;
        }
        // What is behind a gap is not kept, and asked for once.
        let mut eager = Fake::dial(&node, 3, 1)?;
        let mut other = Author::new(8);
        other.head.0 = 99;
        let had = proc::peak_memory(node.pid()).unwrap_or(0);
        for _ in 0..100 {
            let block = other.block(8, &[b'x'; 32 * 1024]);
            eager.send(Kind::Block, block.bytes())?;
        }
        eager.send(Kind::Ping, &[7; 8])?;
        let get = Get::new(other.name(), 0).encode();
        for frame in [(Kind::Get as u8, get), (Kind::Pong as u8, vec![7; 8])] {
            assert_eq!(eager.frame()?, frame);
        }
        expect_memory(&node, had + 2048)?;
        let mut late = Fake::dial(&node, 2, 1)?;
        for from in [0, 64, 128] {
            let get = Get::new(author.name(), from);
            late.send(Kind::Get, &get.encode())?;
            for block in blocks.iter().skip(from as usize).take(64) {
                let (kind, payload) = late.frame()?;
                let is_it = payload == block.bytes();
                assert!(kind == 0x20 && is_it, "{kind} {}", block.seq());
            }
        }
        let denied = [&author.name().0[..], &150u64.to_be_bytes()].concat();
        assert_eq!(late.frame()?, (Kind::NotFound as u8, denied));
        end(&node, vec![fake, eager, late])?;
        // A MiB is not enough for it: that is told once.
        let data = scratch.path().join("data");
        let data = data.to_str().unwrap();
        let small = [&flags[..], &["--disk", "1", "--data", data]].concat();
        let node = start(step, &small)?;
        let mut fake = Fake::dial(&node, 1, 1)?;
        for block in &blocks {
            fake.send(Kind::Block, block.bytes())?;
        }
        fake.send(Kind::Get, &Get::new(author.name(), 149).encode())?;
        assert_eq!(fake.frame()?.0, Kind::NotFound as u8);
        let notes = end(&node, vec![fake])?;
        assert_eq!(notes.matches("no room for what ").count(), 1, "{notes}");
        let log = command(step, &["log", data], 0)?;
        let size = blocks[0].bytes().len();
        assert_eq!(log.lines().count(), (1 << 20) / size);
        Ok(())
    })
}

/// Which byte of a good block is changed, or 999: its length. The first seven
/// of these blocks have their stamp and signature all the same.
const FLAWS: [usize; 11] = [0, 4, 5, 6, 99, 103, 110, 90, 137, 150, 999];

/// How often each of them is named.
const NAMED: [(&str, usize); 5] = [
    ("of the wrong length", 2),
    ("with a wrong header", 5),
    ("without its stamp", 2),
    ("with another one's body", 2),
    ("that its author has not signed", 1),
];

#[test]
fn a_block_with_a_flaw_is_the_end_of_a_link() -> Outcome {
    on_every("ledger", |step| {
        let scratch = Scratch::new().unwrap();
        let data = scratch.path().to_str().unwrap();
        let node = start(step, &["--data", data])?;
        let mut well = Fake::dial(&node, 99, 1)?;
        let good = Author::new(7).block(16, b"good");
        let mut all = Vec::new();
        let cheap = Author::new(7).block(8, b"cheap").bytes().to_vec();
        for (id, at) in (0..).zip(FLAWS) {
            let mut bytes = good.bytes().to_vec();
            match bytes.get_mut(at) {
                Some(byte) => *byte ^= 1,
                None => bytes.truncate(199),
            }
            if id < 7 {
                Author::new(7).sign(&mut bytes);
            }
            let mut fake = Fake::dial(&node, id, 1)?;
            fake.send(Kind::Block, &bytes)?;
            all.push(fake);
        }
        let mut fake = Fake::dial(&node, 68, 1)?;
        fake.send(Kind::Block, &cheap)?;
        all.push(fake);
        all.into_iter().try_for_each(|mut it| it.expect_bye(7))?;
        // It stays as good as it was. Nothing else does.
        well.send(Kind::Block, good.bytes())?;
        let get = Get::new(good.author(), 0).encode();
        well.send(Kind::NotFound, &get[..40])?;
        node.expect_line(&format!("{good:?}: good"))?;
        // What is known costs no memory.
        let mut author = Author::new(8);
        let had = proc::peak_memory(node.pid()).unwrap_or(0);
        let large = author.block(16, &[b'l'; 32 * 1024]);
        for _ in 0..200 {
            well.send(Kind::Block, large.bytes())?;
        }
        expect_memory(&node, had + 2048)?;
        let printed = well.say(99, "all is well")?;
        node.expect_line(&printed)?;
        let notes = end(&node, vec![well])?;
        for (flaw, count) in NAMED {
            assert_eq!(notes.matches(flaw).count(), count, "{flaw}: {notes}");
        }
        let log = command(step, &["log", data], 0)?;
        assert_eq!(log.lines().count(), 3, "{log}");
        Ok(())
    })
}

/// Somebody does not have a later block than our next one; and then not one
/// that was not asked for. Neither says that our log is whole.
fn deny_in_vain(node: &Program) -> Outcome {
    // What is typed would wait for those who are dialled.
    assert_eq!(post(node, "3")?, 204);
    let mut fake = Fake::new(node.connect()?);
    fake.greet(2, 1, 0)?;
    // GET of our log; or HAVE, of which ours is the first entry.
    let own = match fake.raw()? {
        (0x22, get) => get[..32].to_vec(),
        (_, have) => have[3..35].to_vec(),
    };
    for seq in [99u64, 0] {
        let denied = [&own[..], &seq.to_be_bytes()].concat();
        fake.send(Kind::NotFound, &denied)?;
    }
    node.expect_idle()
}

/// A directory as it was some blocks ago.
#[test]
fn an_old_copy_waits_for_its_own_log() -> Outcome {
    on_every("ledger", |step| {
        let scratch = Scratch::new().unwrap();
        let there = peer()?;
        let name = there.address().to_string();
        let data = scratch.path().join("data");
        let flags = ["--data", data.to_str().unwrap(), "--peer", &name];
        let mut blocks = Vec::new();
        let open = |node: &Program, there: &Peer, run| -> Outcome<Fake> {
            let mut fake = Fake::new(there.accept_one(node)?);
            fake.greet(1, run, 0)?;
            Ok(fake)
        };
        // What it says; the copy is of before the second time.
        for run in 1..=3 {
            if run == 3 {
                fs::remove_dir_all(&data).unwrap();
                fs::rename(scratch.path().join("copy"), &data).unwrap();
            }
            let node = start(step, &flags)?;
            match run {
                3 => deny_in_vain(&node)?,
                _ => node.type_in(format!("{run}\n").as_bytes())?,
            }
            let mut fake = open(&node, &there, run)?;
            fake.2 = blocks.clone();
            loop {
                match fake.frame()? {
                    (0x22, get) => give(&mut fake, &get, &blocks)?,
                    (0x20, block) => {
                        break blocks.push(Block::parse(&block).unwrap());
                    }
                    _ => {}
                }
            }
            end(&node, vec![fake])?;
            if run == 1 {
                let mut cp = Command::new("cp");
                cp.arg("-r").arg(&data);
                let copied = cp.arg(scratch.path().join("copy")).status();
                assert!(copied.unwrap().success());
            }
        }
        let seqs = blocks.iter().map(Block::seq);
        assert!(seqs.eq(0..3), "{blocks:?}");
        // Alone it waits, but not for ever; and it says so.
        let alone = step.launch(&["0"])?.with(&flags[..2]).shim("speed=4");
        let alone = alone.stdin(Stdio::piped()).start()?;
        alone.type_in(b"alone\n")?;
        alone.expect_note("what is said now is unconfirmed")?;
        expect_printed(&alone, &["alone"])?;
        end(&alone, vec![])?;
        // Of a key without its log it says that it is lost.
        fs::remove_file(data.join("seg-000001.blk")).unwrap();
        let lost = start(step, &flags[..2])?;
        lost.expect_note("blocks of ours may be lost: ")?;
        lost.type_in(b"lost\n")?;
        lost.expect_idle()?;
        let notes = end(&lost, vec![])?;
        assert!(notes.ends_with("were not said: 1\n"), "{notes}");
        let first = start(step, &[flags[0], flags[1], "--first"])?;
        first.type_in(b"first\n")?;
        expect_printed(&first, &["first"])?;
        end(&first, vec![]).map(drop)
    })
}

/// Two blocks of one number: whoever has both believes neither.
#[test]
fn who_signs_two_of_a_number_is_told_of() -> Outcome {
    on_every("ledger", |step| {
        let scratch = Scratch::new().unwrap();
        let path =
            |name| scratch.path().join(name).to_str().unwrap().to_string();
        let [data, all, new] = ["data", "all", "new"].map(path);
        let flags = ["--data", &data];
        let node = start(step, &flags)?;
        let mut fake = Fake::dial(&node, 1, 1)?;
        let [mut one, mut two] = [Author::new(7), Author::new(7)];
        let common = one.block(16, b"common");
        two.head = one.head;
        let (one, two) = (one.block(16, b"one"), two.block(16, b"two"));
        for block in [&common, &one, &two] {
            fake.send(Kind::Block, block.bytes())?;
        }
        let note = format!("{} has signed two blocks #1: ", one.author());
        node.expect_note(&note)?;
        if !step.does("gossip") {
            ask_back(&node, &mut fake, &common)?;
        }
        // Its own key, used somewhere else.
        node.type_in(b"mine\n")?;
        expect_printed(&node, &["mine"])?;
        let own = fs::read_to_string(format!("{data}/key")).unwrap();
        let own = ::peer::hello::PeerId::from_digits(own.trim_end()).unwrap();
        let mut author = Author::new(0);
        author.key = ed25519_dalek::SigningKey::from_bytes(&own.0);
        let other = author.block(16, b"not mine");
        fake.send(Kind::Block, other.bytes())?;
        node.expect_note("that is our key")?;
        assert_eq!(post(&node, "more")?, 503);
        node.signal(libc::SIGKILL);
        node.wait(node.patience())?;
        let node = start(step, &flags)?;
        assert_eq!(post(&node, "more")?, 503);
        let mut fake = Fake::dial(&node, 1, 2)?;
        let get = Get::new(one.author(), 0);
        fake.send(Kind::Get, &get.encode())?;
        let mut told = Vec::new();
        while told.len() < 2 {
            // Who gossips says what it can prove, besides.
            told.extend(Some(fake.frame()?).filter(|it| it.0 != 0x25));
        }
        let denied = [&one.author().0[..], &1u64.to_be_bytes()].concat();
        let told = [&told[0].1, &told[1].1];
        assert_eq!(told, [common.bytes(), &denied]);
        end(&node, vec![fake])?;
        if step.does("gossip") {
            command(step, &["export", &data, &all], 0)?;
            let taken = command(step, &["import", &new, &all], 0)?;
            assert!(taken.ends_with("signed two of a number: 2\n"), "{taken}");
            let dump = command(step, &["dump", &data], 0)?;
            assert_eq!(dump.matches("a proof, and no block").count(), 2);
            for data in [&data, &new] {
                let found = command(step, &["fsck", data], 0)?;
                let count = found.matches(": frozen, there are two #").count();
                assert_eq!(count, 2, "{found}");
            }
        }
        Ok(())
    })
}

/// What comes shows only that there are two before it: each is asked for.
fn ask_back(node: &Program, fake: &mut Fake, common: &Block) -> Outcome {
    let [mut ours, mut theirs] = [Author::new(8), Author::new(8)];
    let ours = [b"1", b"2", b"3"].map(|it| ours.block(16, it));
    theirs.head = (1, ours[0].id());
    let theirs = [b"5", b"6", b"7"].map(|it| theirs.block(16, it));
    for block in ours.iter().chain(&theirs[2..]) {
        fake.send(Kind::Block, block.bytes())?;
    }
    for block in [common, &theirs[1], &theirs[0], &ours[0]] {
        let (kind, get) = fake.frame()?;
        let get = (kind, Get::parse(&get).unwrap());
        let (author, from) = (block.author(), block.seq());
        assert_eq!(get, (0x22, Get { author, from, count: 1 }));
        fake.send(Kind::Block, block.bytes())?;
    }
    let note = format!("{} has signed two blocks #1: ", ours[0].author());
    node.expect_note(&note)
}

/// One write to the disk, one sync, and one write to each peer.
#[test]
fn a_line_costs_as_much_as_it_has_to() -> Outcome {
    const BLOCK: &str = r"\325BLK";
    on_every("ledger", |step| {
        let scratch = Scratch::new().unwrap();
        let flags = ["--data", scratch.path().to_str().unwrap()];
        // The key is not what this is about.
        start(step, &flags)?.end_by(libc::SIGINT)?;
        let traced = "pwrite64,fdatasync,write:delay_exit=1";
        let node = injected(step, traced, &flags);
        let Some(node) = node else { return Ok(()) };
        let node = node.stdin(Stdio::piped()).start()?;
        let fakes = (0..8).map(|id| Fake::dial(&node, id, 1));
        let mut fakes = fakes.collect::<Outcome<Vec<_>>>()?;
        for line in ["first", "second"] {
            node.type_in(format!("{line}\n").as_bytes())?;
            for fake in &mut fakes {
                fake.expect(Kind::Line, line.as_bytes())?;
            }
        }
        proc::kill(proc::newest(node.pid()), libc::SIGINT);
        fakes.into_iter().try_for_each(|mut it| it.expect_bye(1))?;
        node.expect_notes(0)?;
        let calls: String = traces(&node).collect();
        let count = |call: &str, what: &str| {
            let mut lines = calls.lines().collect::<Vec<_>>();
            lines.retain(|line| line.contains(call) && line.contains(what));
            lines.len()
        };
        let disk = [count(" pwrite64(", BLOCK), count(" fdatasync(", "")];
        // The last sync is that of the end.
        assert_eq!(disk, [2, 3], "{calls}");
        // Nobody who listens sees what is said in secret.
        let seen = if step.does("node") { 0 } else { 16 };
        assert_eq!(count(" write(", BLOCK), seen, "{calls}");
        Ok(())
    })
}
