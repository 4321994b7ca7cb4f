//! 24a Who is there? Announcements to a group of the test's own, on `lo`.

use std::net::{IpAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::prelude::*;
use crate::lab::fixtures::own_address;

const FINDS: &str = "finds another one on its host";
const LISTS: &str = "lists others, and where their announcements came from";

pub const CHECKS: &[Check] = checks![
    FINDS, 1, needs [], Passes, read "Everybody at once", finds;
    LISTS, 4, needs [FINDS], Fails, read "Everybody at once", lists;
    "hears its group, and skips what is no announcement", 3, needs [LISTS],
        Waits, read "Everybody at once", skips;
    "forgets who is silent for three periods, and no sooner", 3,
        needs [LISTS], Waits, read "Everybody at once", forgets;
    TIDY, 1, needs [FINDS], Passes, read "Everybody at once",
        |lab| tidy::check(lab, &start(lab, HOUR)?.0, Client::drain_to_eof);
];

const HOUR: &str = "3600000";

/// The program, and its group and port, which no other test has.
struct Node(Program, String);

fn start(lab: &Lab, period: &str) -> Outcome<Node> {
    let group = own_address().to_string().replacen("127", "239", 1);
    let args = ["--group", &group, "--period", period];
    Ok(Node(lab.server_with(&args)?, group))
}

fn send(from: IpAddr, to: &str, bytes: &[u8]) -> Outcome<UdpSocket> {
    UdpSocket::bind((from, 0))
        .and_then(|socket| socket.send_to(bytes, to).map(|_| socket))
        .map_err(|error| Trouble::blocked(format!("{to}: {error}")))
}

impl Node {
    /// Says that the node `id` is somewhere else.
    fn announce(&self, id: u64, from: IpAddr) -> Outcome<UdpSocket> {
        send(from, &self.1, format!("node {id} 10.9.8.7:4000\n").as_bytes())
    }

    fn list(&self) -> Option<String> {
        String::from_utf8(self.0.connect().ok()?.receive_all().ok()?).ok()
    }

    /// The list, once all is heard that was sent before: datagrams come in
    /// order, and the last one says that a node of ours has moved.
    fn hears(&self) -> Outcome<String> {
        let (id, from) = (u64::MAX, own_address().ip());
        let line = format!("{id} {from}:4000\n");
        self.0.eventually(&format!("ends its list with {line:?}"), || {
            self.announce(id, from).ok()?;
            Some(self.list()?.strip_suffix(&line)?.to_string())
        })
    }

    fn has(&self, list: &str) -> Outcome {
        let got = self.hears()?;
        let expected = format!("no others but {list:?}");
        ensure(got == list, || self.0.failed(expected, format!("{got:?}")))
    }
}

fn finds(lab: &Lab) -> Outcome {
    let one = start(lab, "300")?;
    let args = ["--group", &one.1, "--period", "300"];
    let other = Node(lab.server_with(&args)?, String::new());
    let end = format!(" {}\n", one.0.address()?);
    let found = || other.list()?.contains(&end).then_some(());
    other.0.eventually(&format!("lists a node with {end:?}"), found)
}

fn lists(lab: &Lab) -> Outcome {
    let node = start(lab, HOUR)?;
    let [one, two, three] = [(); 3].map(|()| own_address().ip());
    let socket = node.announce(5, one)?;
    node.announce(3, two)?;
    node.announce(5, three)?;
    node.has(&format!("3 {two}:4000\n5 {three}:4000\n"))
        .likely("recvfrom says where it is from; and you hear yourself")?;
    let heard = socket.set_nonblocking(true).and(socket.recv(&mut [0; 64]));
    ensure(heard.is_err(), || node.0.failed("no datagram", "a response"))
        .likely("if the source is a lie, it goes to somebody else")?;
    (10..160).try_for_each(|id| node.announce(id, one).map(drop))?;
    let count = node.hears()?.lines().count();
    ensure(count == 99, || node.0.failed("99 and ours", count.to_string()))
}

fn skips(lab: &Lab) -> Outcome {
    let (node, ip) = (start(lab, HOUR)?, own_address().ip());
    let long = [&b"node 7 10.9.8.7:4000\n"[..], &[0; 65_486]].concat();
    for bytes in [b"", &long[..20], b"node \xFF 10.9.8.7:4000\n", &long] {
        send(ip, &node.1, bytes)?;
        node.has("").likely("what is not whole, or not text, is skipped")?;
    }
    send(ip, &node.1.replacen("239", "127", 1), &long[..21])?;
    node.has("").likely("that was sent to this host: bind to the group")
}

fn forgets(lab: &Lab) -> Outcome {
    let (node, ip) = (start(lab, "200")?, own_address().ip());
    node.announce(7, ip)?;
    node.hears()?;
    std::thread::sleep(Duration::from_millis(300));
    let since = Instant::now();
    node.announce(7, ip)?;
    let gone = || (!node.hears().ok()?.starts_with('7')).then_some(());
    node.0.eventually("forgets a node", gone)?;
    let passed = since.elapsed();
    ensure(passed >= Duration::from_millis(600), || {
        let got = format!("sooner, after {passed:?}");
        node.0.failed("600 ms after it was heard last, it forgets it", got)
    })
}
