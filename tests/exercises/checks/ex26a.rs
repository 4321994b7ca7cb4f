//! 26a Tell everyone once: texts over a tree, and ids beside it.

use super::prelude::*;

const ONCE: &str = "tells each link once, and none what it has told";
const HOUR: &str = "3600000";

pub const CHECKS: &[Check] = checks![
    ONCE, 6, needs [], Fails, read "Told twice", |lab| {
        play(lab, HOUR, "0/MSG 1 a b;//MSG 1 a b;/MSG 1 a b;/ 1\
            |1/PRUNE;//// 1|0/MSG 2 a;//HAVE 2;/MSG 2 a;/ 1 2\
            |2/MSG 1 a b;///PRUNE;/ 1 2|0/MSG 3 a;//HAVE 3;/HAVE 3;/ 1 2 3\
            |1/GET 3;//MSG 3 a;// 1 2 3|2/MSG 4 a;/MSG 4 a;/MSG 4 a;// 1 2 3 4")
            .likely("not back, and once; from PRUNE to GET, a link is told ids")
    };
    "asks for what was announced, and has not come", 4, needs [ONCE], Waits,
        read "Announced, and not come", |lab| {
            play(lab, "500", "1/PRUNE;HAVE 3 5;//GET 3;GET 5;/\
                |2/HAVE 5;///GET 5;|2/MSG 5 a;/MSG 5 a;/MSG 5 a;/\
                |0/HAVE 6;MSG 6 a;//MSG 6 a;/MSG 6 a;|1/HAVE 7;//GET 7;/\
                |0/list;/KNOWN 5 6;//")
                .likely("it may be late: ask then, one link after the other")
        };
    "catches up when a link opens", 3, needs [ONCE], Waits,
        read "Announced, and not come", |lab| {
            play(lab, HOUR, "0/MSG 1 a;//MSG 1 a;/MSG 1 a;/ 1|0/HAVE 4;//// 1\
                |1/KNOWN 1 2 3;//GET 2;GET 3;// 1|2/KNOWN 3 4 5;///GET 5;/ 1\
                |2/MSG 3 a;/MSG 3 a;/MSG 3 a;// 1 3")
                .likely("what a new link knows is asked for at once, and once")
        };
    "tells eight nodes once", 4, needs [ONCE], Waits, read "Told twice", mesh;
    "keeps within bounds", 3, needs [ONCE], Waits, read "Told twice", bounds;
    TIDY, 1, needs [], Passes, read "Told twice", |lab| tidy::check(
        lab, &lab.server_with(&[HOUR])?, |it| it.expect(b"KNOWN\n"));
];

fn list(ids: impl Iterator<Item = usize>) -> String {
    ids.fold("KNOWN".into(), |list, id| format!("{list} {id}")) + "\n"
}

/// A node and three peers. Which of them says what; what each of them is told;
/// and what `list` finds behind that.
fn play(lab: &Lab, wait: &str, rows: &str) -> Outcome {
    let (node, since) = (lab.server_with(&[wait])?, std::time::Instant::now());
    let mut peers = node.connect_many(3)?;
    peers.iter_mut().try_for_each(|it| it.expect(b"KNOWN\n"))?;
    for row in rows.replace(';', "\n").split('|') {
        let words: Vec<_> = row.split('/').collect();
        let from = words[0].parse().unwrap_or(0);
        peers[from].send(words[1].as_bytes())?;
        for at in [from, (from + 1) % 3, (from + 2) % 3] {
            let (peer, mut told) = (&mut peers[at], words[2 + at].to_string());
            if let Some(ids) = words.get(5) {
                peer.send(b"list\n")?;
                told += &format!("KNOWN{ids}\n");
            }
            node.eventually("says something", || {
                (told.is_empty() || peer.has_something()).then_some(())
            })?;
            peer.expect(told.as_bytes())?;
        }
    }
    ensure(wait == HOUR || since.elapsed().as_millis() >= 3 * 500, || {
        node.failed("500 ms before each of three GETs", "less")
    })
}

/// Eight in a ring, and two links across it, all of which go through here.
fn mesh(lab: &Lab) -> Outcome {
    let nodes = [(); 8].map(|()| lab.server_with(&[HOUR])).into_iter();
    let nodes = nodes.collect::<Outcome<Vec<_>>>()?;
    let links = (0..8).map(|at| [at, (at + 1) % 8]).chain([[0, 4], [2, 6]]);
    let ends = links.flatten().map(|at| nodes[at].connect());
    let mut ends = ends.collect::<Outcome<Vec<_>>>()?;
    ends.iter_mut().try_for_each(|end| end.expect(b"KNOWN\n"))?;
    for id in 1..=8 {
        let said = format!("MSG {id} a\nlist\n");
        let told = list(1..id) + &list(1..=id);
        let peer = &mut nodes[id % 8].connect()?;
        round_trip(peer, said.as_bytes(), told.as_bytes())?;
        let (mut texts, mut all, mut rests) = (0, 0, 0);
        // Twice: one may have caused something at another behind it.
        while rests < 2 * ends.len() {
            let at = rests % ends.len();
            rests += 1;
            ends[at].send(b"list\n")?;
            let mut line = ends[at].line()?;
            while !line.starts_with(b"KNOWN") {
                ends[at ^ 1].send(&line)?;
                texts += usize::from(line.starts_with(b"MSG"));
                (all, rests) = (all + 1, 0);
                line = ends[at].line()?;
            }
            // The first one finds out what the tree is.
            ensure(id == 1 && all < 60 || texts <= 7 && all <= 14, || {
                let got = format!("{texts}, {all} with those that announce it");
                nodes[0].failed("7 lines with its text, 14 in all", got)
            })?;
        }
    }
    let late = lab.server_with(&[HOUR, &nodes[7].address()?.to_string()])?;
    late.eventually("has all that it has missed", || {
        let line = late.connect().ok()?.line().ok()?;
        (line == list(1..=8).as_bytes()).then_some(())
    })
}

fn bounds(lab: &Lab) -> Outcome {
    let node = lab.server_with(&[HOUR])?;
    let [mut peer, mut slow] = [node.connect()?, node.connect()?];
    slow.expect(b"KNOWN\n")?;
    for start in (1..6000).step_by(100) {
        let lines = (start..start + 100).map(|id| match id {
            ..=4000 => format!("MSG {id} {:3900}\n", ""),
            _ => list(id * 200..id * 200 + 190).replace("KNOWN", "HAVE"),
        });
        let said = lines.collect::<String>() + "list\n";
        let sent = peer.send(said.as_bytes()).and_then(|()| peer.line());
        sent.likely("a slow one holds up all others")?;
    }
    let told = list(3901..=4000) + "PRUNE\n";
    round_trip(&mut peer, b"MSG 5 a\n", told.as_bytes())?;
    let memory = proc::peak_memory(node.pid()).unwrap_or(0);
    ensure(memory < 8192, || node.failed("below 8192 KiB", memory.to_string()))
}
