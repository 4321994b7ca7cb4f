//! 26b Said twice: two blocks of one number freeze their author there.

use super::prelude::*;

const PROVES: &str = "proves that a number has two blocks";
const LOWEST: &str = "freezes at the lowest number that is proven";

pub const CHECKS: &[Check] = checks![
    PROVES, 4, needs [], Fails, read "Two of one number", |lab| {
        play(lab, &["one"], "0 a5x . a5x|1 a5x . .|0 a6x . a6x|1 a4x a4x .\
            |1 a5y a5xy a5xy|0 =log_a a4x,=frozen_5 .|1 b5y b5y .\
            |0 b5x b5yx b5yx|0 b4x . b4x|1 =log_b . b4x,=frozen_5\
            |0 =log_c =whole .")
            .likely("all need the proof, and neither of the two counts")
    };
    LOWEST, 5, needs [PROVES], Waits, read "The lowest number", |lab| {
        play(lab, &["one"], "0 a7xy . a7xy|0 a5x . a5x|1 a5zy a5zy .\
            |0 a6xy . .|0 a5yz . .|1 a5zy . .|0 a5x . .|1 a8x . .\
            |0 a4x . a4x|1 a3x a3x .|0 a4y a4xy a4xy|1 a5xy . .\
            |0 =log_a a3x,=frozen_4 .")
            .likely("what is below counts; only a lower proof is news")
    };
    "believes no forged proof", 3, needs [PROVES], Waits,
        read "Two of one number", |lab| {
            play(lab, &["one"], "0 a5xy/a5y/a6y . .|0 a5xy/a5y/b5y . .\
                |0 a5xx . .|0 a5xy/a5x/a6x . .|0 a5xy/a5x/a5y . .\
                |0 a5x . a5x|0 a5y/a5y/a5x . .|0 =log_a a5x,=whole .")
                .likely("it is two texts, each signed for this number")
        };
    "has the same log on all nodes, and after a restart", 5, needs [LOWEST],
        Waits, read "The lowest number", |lab| {
            play(lab, &["one", "two", "three"], "0 a5x . a5x|0 a7xy . a7xy\
                |1 a5y a5xy a5xy|1 a4x a4x .|0 b3x . b3x\
                |0 =log_a a4x,=frozen_5 .|1 =log_a . a4x,=frozen_5")?;
            play(lab, &["two", "four"], "0 =log_a a4x,=frozen_5 .\
                |1 =log_a . a4x,=frozen_5|1 b3y b3xy b3xy|0 a6x . .")
                .likely("proofs are stored, and told to those who come later")
        };
    TIDY, 1, needs [], Passes, read "Two of one number", |lab| {
        let node = lab.server_with(&["one"])?;
        tidy::check(lab, &node, |it| round_trip(it, b"log a\n", b"whole\n"))
    };
];

/// Of a block such as `a5x`: FNV-1a.
fn mac(block: &str) -> String {
    let bytes = block.bytes().flat_map(|it| [b' ', it]).skip(1);
    let mac = bytes.fold(0xcbf2_9ce4_8422_2325, |mac, byte| {
        (mac ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{mac:016x}")
}

/// The lines of `a5x`, a block, of `a5xy`, a proof, of that with the mac of
/// another block, `a5xy/a5y/b5y`, and of other words, `=log_a`.
fn lines(items: &str) -> String {
    let line = |item: &str| {
        if let Some(words) = item.strip_prefix('=') {
            return words.replace('_', " ") + "\n";
        }
        if let [item, from, to] = item.split('/').collect::<Vec<_>>()[..] {
            return lines(item).replace(&mac(from), &mac(to));
        }
        let (start, texts) = item.split_at(2);
        let kind = if texts.len() > 1 { "FORK" } else { "BLOCK" };
        let mut line = format!("{kind} {} {}", &start[..1], &start[1..]);
        for text in texts.chars() {
            line += &format!(" {text} {}", mac(&format!("{start}{text}")));
        }
        line + "\n"
    };
    items.split(',').filter(|it| *it != ".").map(line).collect()
}

/// Nodes in a row, and a peer at each end. One of them says something; what
/// the first hears, and the second, before a block that the other says then.
fn play(lab: &Lab, files: &[&str], rows: &str) -> Outcome {
    let mut nodes: Vec<Program> = Vec::new();
    for file in files {
        let peer = nodes.last().map(|it| it.address()).transpose()?;
        let peer = peer.map(|it| it.to_string());
        let args = [&[*file], peer.as_deref().as_slice()].concat();
        nodes.push(lab.server_with(&args)?);
    }
    let mut peers = [nodes[0].connect()?, nodes[nodes.len() - 1].connect()?];
    // Of authors whom none of these nodes has heard of before.
    let authors = b'A' + 6 * files.len() as u8..;
    let mut marks = authors.flat_map(|author| {
        (0..10).map(move |at| lines(&format!("{}{at}z", char::from(author))))
    });
    // At first, they hear what is in files, until all links are there.
    for row in ["0 .", "0 ."].into_iter().chain(rows.split('|')) {
        let from = usize::from(row.starts_with('1'));
        let words: Vec<String> = row[2..].split(' ').map(lines).collect();
        peers[from].send(words[0].as_bytes())?;
        for to in [1 - from, from] {
            let (mark, mut got) = (marks.next().unwrap_or_default(), vec![]);
            peers[1 - to].send(mark.as_bytes())?;
            while !got.ends_with(mark.as_bytes()) {
                nodes[0].eventually(&format!("passes on {mark:?}"), || {
                    peers[to].has_something().then_some(())
                })?;
                got.extend(peers[to].line()?);
            }
            let Some(heard) = words.get(1 + to) else { continue };
            let wanted = (heard.clone() + &mark).into_bytes();
            ensure(got == wanted, || {
                let difference = show::difference(&wanted, &got);
                peers[to].failed(show::bytes(&wanted), difference)
            })?;
        }
    }
    Ok(())
}
