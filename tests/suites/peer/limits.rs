//! How many may have a link; which node it is after another start; and what
//! its commands show.

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use ::peer::frame;
use ::peer::hello::{self as message, PeerId};
use ::peer::secure::Keys;

use super::{Fake, ask, start};
use crate::files::tree::Tree;
use crate::lab::Outcome;
use crate::lab::fixtures::own_address;
use crate::lab::linger::within;
use crate::lab::peer::outward_address;
use crate::steps::{on_every, peer, skip_here};

/// Those of the loopback are not counted by address.
#[test]
fn so_many_have_a_link_and_so_many_are_about_to() -> Outcome {
    let outward = outward_address();
    if outward.is_none() {
        skip_here("no network", "give this machine a way to others");
    }
    let most = match outward {
        Some(IpAddr::V4(ip)) if ip.is_private() => 16,
        _ => 4,
    };
    let loopback = IpAddr::from([127, 0, 0, 1]);
    let rows = outward.map(|ip| (ip, most)).into_iter().chain([(loopback, 54)]);
    on_every("peer", |step| {
        let node = step.launch(&["0.0.0.0:0"])?.start()?;
        let mut all = Vec::new();
        for (ip, most) in rows.clone() {
            let at = (ip, node.address()?.port()).into();
            while all.len() < most {
                let client = node.connect_to(at)?;
                all.push(Fake::open(&node, client, all.len() as u8, 1)?);
            }
            let mut next = Fake::new(node.connect_to(at)?);
            next.greet(99, 1, 0)?;
            next.expect_bye(4)?;
        }
        // Who was started anew has a place.
        all.push(Fake::dial(&node, 7, 2)?);
        drop(all);
        node.await_sockets(1)?;
        // All of this is to be done before the time of the first is over.
        within(Duration::from_secs(5), || {
            let mut half = node.connect_many(33)?;
            half.iter_mut().try_for_each(|it| it.send(b"\xd5"))?;
            assert!(half.pop().unwrap().receive(1)?.0.is_empty());
            half.iter_mut().try_for_each(|it| it.expect(b"\xd5"))
        })
    })
}

#[test]
fn a_second_signal_waits_for_nobody() -> Outcome {
    on_every("peer", |step| {
        let node = step.server()?;
        let mut fake = Fake::dial(&node, 1, 1)?;
        node.signal(libc::SIGTERM);
        fake.expect_bye(1)?;
        node.signal(libc::SIGINT);
        // Alone it would have two seconds.
        let ended = node.wait(Duration::from_millis(300))?;
        assert!(ended.status.success());
        Ok(())
    })
}

#[test]
fn a_node_stays_the_same() -> Outcome {
    on_every("peer", |step| {
        let tree = Tree::new();
        let is_secret = step.does("node");
        let name = if is_secret { "new/noise" } else { "new/node" };
        let (path, file) = (tree.outside(), tree.outside().join(name));
        let launch = |data| {
            let path = path.join(data);
            step.launch(&["0", "--data", path.to_str().unwrap()])
        };
        let complains = |data, said: &str| -> Outcome {
            let line = launch(data)?.spawn()?.expect_complaint(1)?;
            assert!(line.contains(said), "{line}");
            Ok(())
        };
        for _ in 0..2 {
            let node = launch("new")?.start()?;
            let kept = fs::read_to_string(&file).unwrap();
            let kept = PeerId::from_digits(kept.trim_end()).unwrap();
            let keys = Keys { private: kept.0, shared: [0; 32] };
            let id = if is_secret { keys.node() } else { kept };
            node.expect_note(&format!(": node {id}, "))?;
        }
        fs::write(&file, "x".repeat(64)).unwrap();
        complains(
            "new",
            match is_secret {
                true => "new/noise: a key has 64 hexadecimal digits",
                false => "new/node: 64 hexadecimal digits are wanted: ",
            },
        )?;
        complains("/proc/none", " /proc/none")
    })
}

#[test]
fn hello_shows_each_field() -> Outcome {
    on_every("peer", |step| {
        let node = start(step, &[])?;
        let traced = step.launch(&["0", "--trace"])?.start()?;
        let greet = |name: String| step.launch(&["hello", &name])?.spawn();
        for node in [&node, &traced] {
            let shown = greet(node.address()?.to_string())?.expect_exit(0)?;
            let shown = String::from_utf8(shown.stdout).unwrap();
            let port = format!("{:04x}", node.address()?.port());
            assert!(shown.contains(&port), "{port}: {shown}");
            for field in frame::FIELDS.iter().chain(&message::FIELDS) {
                assert!(shown.contains(field.name), "{}: {shown}", field.name);
            }
        }
        for frame in ["-> HELLO ", "<- HELLO ", "<- BYE 3 01"] {
            traced.expect_note(frame)?;
        }
        let [other, mute, silent] = [(); 3].map(|()| peer().unwrap());
        let gone = own_address();
        // One after the other: each has three seconds.
        for (at, from, sends, why) in [
            (
                other.address(),
                Some(&other),
                "HTTP",
                "no frame begins like this",
            ),
            (mute.address(), Some(&mute), "", "connection"),
            (gone, None, "", "refused"),
            (silent.address(), None, "", "timed out"),
        ] {
            let program = greet(at.to_string())?;
            // It stays: what it has not read must not end in a reset.
            let mut client =
                from.map(|it| it.accept_one(&program)).transpose()?;
            if let Some(client) = &mut client {
                client.send(sends.as_bytes())?;
                client.finish()?;
            }
            let line = program.expect_complaint(1)?;
            let is_whole = line.contains(": cannot greet 127.");
            assert!(is_whole && line.ends_with(why), "{line}");
        }
        Ok(())
    })
}
