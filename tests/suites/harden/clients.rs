//! What a client gets, whatever it does: connections and requests.

use std::time::Instant;

use crate::files::client::request;
use crate::files::tree::Tree;
use crate::lab::client::{Client, End};
use crate::lab::peer::outward_address;
use crate::lab::{Outcome, proc};
use crate::many::{BEGINNING, KEEPALIVE_TIMEOUT, crowd, go_on, stay};
use crate::service::{SITE, on, reload};
use crate::steps::{KEEPING, REQUEST, launch, on_every, page, skip_here};

/// Each of these asks, and gets a response with this status.
fn answered(mut clients: Vec<Client>, status: u16) -> Outcome<Vec<Client>> {
    for client in &mut clients {
        client.send(KEEPING)?;
        assert_eq!(client.response()?.status, status);
    }
    Ok(clients)
}

#[test]
fn one_client_has_no_more_than_its_share() -> Outcome {
    const TOP: &str = "listen = '0.0.0.0:0'\nworkers = 3\n";
    on_every("hardened", |step| {
        let Some(ip) = outward_address() else {
            skip_here("no network", "give this machine a way to others");
            return Ok(());
        };
        let tree = Tree::new();
        let server = on(step, &tree, &format!("{TOP}{SITE}"))?;
        let port = server.address()?.port();
        let had = proc::socket_count(server.pid());
        let come = |count| -> Outcome<Vec<Client>> {
            let address = (ip, port).into();
            (0..count).map(|_| server.connect_to(address)).collect()
        };
        let served = answered(come(64)?, 200)?;
        // Meanwhile it is stopped: none of these goes before all have come.
        server.signal(libc::SIGSTOP);
        let mut others = come(80)?;
        others.iter_mut().try_for_each(|it| it.send(KEEPING))?;
        server.signal(libc::SIGCONT);
        let mut told = 0;
        for client in &mut others {
            let (got, end) = client.receive(usize::MAX)?;
            let text = String::from_utf8_lossy(&got);
            told += usize::from(text.starts_with("HTTP/1.1 503 "));
            let is_whole = end == End::Eof && text.contains("Retry-After: 1");
            assert!(is_whole || got.is_empty(), "{text}, {end:?}");
        }
        assert_eq!(told, 64);
        // This machine is never too many.
        drop((others, answered(server.connect_many(200)?, 200)?));
        // Whoever was counted leaves, and who was not does not, whatever the
        // settings say meanwhile.
        let text = format!("trusted_proxies = '{ip}'\n{TOP}{SITE}{SITE}");
        reload(&server, &tree, &text, "reloaded: 2 ")?;
        let exempt = answered(come(70)?, 200)?;
        drop(served);
        server.await_sockets(had + 70)?;
        let text = format!("{TOP}{}", SITE.repeat(3));
        reload(&server, &tree, &text, "reloaded: 3 ")?;
        let _served = answered(come(64)?, 200)?;
        drop(exempt);
        server.await_sockets(had + 64)?;
        answered(come(1)?, 503)?;
        server.interrupt()
    })
}

#[test]
fn of_those_that_are_idle_the_first_makes_room() -> Outcome {
    const LIMITED: &str = "ulimit -n 72; exec \"$0\" 0 --workers $1";
    on_every("hardened", |step| {
        let server = |loops| {
            let shell = ["-c", LIMITED, &step.program, loops];
            launch("/bin/sh", &shell)?.start()
        };
        // In some of these loops nobody is idle: another makes room.
        let (many, start) = (server("8")?, Instant::now());
        let _clients = crowd(&many, 40)?;
        assert!(start.elapsed() < KEEPALIVE_TIMEOUT);
        let server = server("1")?;
        let mut clients = crowd(&server, 8)?;
        clients[0].send(KEEPING)?;
        page(&mut clients[0])?;
        clients.extend(crowd(&server, 1)?);
        clients.remove(1).expect_eof()?;
        // None is idle, and none becomes so when it has had its response.
        clients.iter_mut().try_for_each(stay)?;
        let mut next = server.connect()?;
        next.send(REQUEST)?;
        for _ in 0..2 {
            clients[3].send(&[b"x", BEGINNING].concat())?;
            assert_eq!(clients[3].response()?.status, 200);
        }
        assert!(server.queue()? == 1 && !next.has_something());
        go_on(&mut clients[3])?;
        page(&mut next)?;
        clients.remove(3).expect_eof()?;
        clients.iter_mut().try_for_each(go_on)
    })
}

#[test]
fn who_asks_too_often_is_told_to_wait() -> Outcome {
    const TOP: &str = "listen = '127.0.0.1:0'\nrate = '1/s burst 20'\n\
        trusted_proxies = '127.0.0.1'\n";
    on_every("hardened", |step| {
        let tree = Tree::new();
        let server = on(step, &tree, &format!("{TOP}{SITE}"))?;
        let ask = |address: &str| -> Outcome<usize> {
            let field = format!("X-Forwarded-For: {address}\r\n");
            let requests = request("GET", "/file.txt", &field).repeat(21);
            let mut client = server.connect()?;
            client.send(requests.as_bytes())?;
            let got = client.receive_all()?;
            let text = String::from_utf8_lossy(&got);
            let (served, refused) = text.split_once("HTTP/1.1 429 ").unwrap();
            assert!(refused.contains("\r\nRetry-After: 1\r\n"), "{refused}");
            Ok(served.matches("HTTP/1.1 200 OK").count())
        };
        assert_eq!((ask("192.0.2.7")?, ask("192.0.2.8")?), (20, 20));
        let text = format!("{TOP}{SITE}{SITE}");
        reload(&server, &tree, &text, "reloaded: 2 ")?;
        // What has been used stays used.
        assert!(ask("192.0.2.7")? < 20);
        server.interrupt()
    })
}
