//! What a client gets, whatever it does: connections and requests.

use std::time::Instant;

use crate::files::client::request;
use crate::files::tree::Tree;
use crate::lab::client::{Client, End};
use crate::lab::launch::Launch;
use crate::lab::linger::within;
use crate::lab::peer::outward_address;
use crate::lab::program::Program;
use crate::lab::{Outcome, Trouble, proc, time};
use crate::many::{BEGINNING, KEEPALIVE_TIMEOUT, crowd, go_on, stay};
use crate::service::{SITE, on, reload, settings};
use crate::steps::{KEEPING, REQUEST, Step, launch, on_every, page, skip_here};

/// Each of these asks, and gets a response with this status.
fn answered(mut clients: Vec<Client>, status: u16) -> Outcome<Vec<Client>> {
    clients.iter_mut().try_for_each(|it| it.send(KEEPING))?;
    for client in &mut clients {
        assert_eq!(client.response()?.status, status);
    }
    Ok(clients)
}

/// Each of these asks a server that is stopped, which goes on when all that
/// has arrived: what comes later, comes to a client that is idle.
fn wake(server: &Program, clients: &mut [Client], request: &[u8]) -> Outcome {
    clients.iter_mut().try_for_each(|it| it.send(request))?;
    let has_all = || clients.iter().all(|it| it.unsent() == 0).then_some(());
    server.eventually("has all requests", has_all)?;
    server.signal(libc::SIGCONT);
    Ok(())
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
        // These do not stay for a second turn.
        for _ in 0..3 {
            server.signal(libc::SIGSTOP);
            let mut quick = come(60)?;
            wake(&server, &mut quick, REQUEST)?;
            for client in &mut quick {
                assert_eq!(client.response()?.status, 200);
                client.expect_eof()?;
            }
        }
        let served = answered(come(64)?, 200)?;
        // Meanwhile it is stopped: none of these goes before all have come.
        server.signal(libc::SIGSTOP);
        let mut others = come(80)?;
        let ask = request("HEAD", "/", "");
        wake(&server, &mut others, ask.as_bytes())?;
        let mut told = 0;
        for client in &mut others {
            let (got, end) = client.receive(usize::MAX)?;
            let text = String::from_utf8_lossy(&got);
            told += usize::from(text.starts_with("HTTP/1.1 503 "));
            let is_whole = end == End::Eof
                && text.contains("Retry-After: 1")
                && text.contains("Connection: close")
                && text.ends_with("\r\n\r\n");
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

/// A step with so few descriptors that there may be eight connections.
fn limited(step: &Step, arguments: &[&str]) -> Outcome<Launch> {
    const SHELL: &str = "ulimit -n 72; exec \"$@\"";
    let shell = ["-c", SHELL, "sh", &step.program];
    Ok(launch("/bin/sh", &shell)?.with(arguments))
}

/// Eight loops see that there is room, and a loop in which nobody is idle asks
/// the seven others for some.
fn fill(step: &Step) -> Outcome {
    const TOP: &str = "listen = ['127.0.0.1:0', '127.0.0.1:0']\nworkers = 8\n";
    let tree = Tree::new();
    tree.write("index.html", b"<!doctype html>");
    let file = settings(&tree, &format!("{TOP}{SITE}"));
    let server = limited(step, &["--settings", &file])?.addresses(2).start()?;
    let count = || proc::socket_count(server.pid());
    let had = count();
    let is_full = || -> Outcome {
        let is_full = || (count() == had + 8).then_some(());
        let soon = KEEPALIVE_TIMEOUT / 5;
        let found = time::eventually(soon, server.pid(), is_full);
        let got = || format!("{} and {had} more", count() - had);
        found.ok_or_else(|| server.failed("it has 8 connections", got()))
    };
    server.signal(libc::SIGSTOP);
    let addresses = server.addresses().repeat(20).into_iter();
    let clients = addresses.map(|it| server.connect_to(it));
    let mut clients = clients.collect::<Outcome<Vec<_>>>()?;
    wake(&server, &mut clients, KEEPING)?;
    clients.iter_mut().try_for_each(|it| page(it).map(drop))?;
    is_full()?;
    let start = Instant::now();
    for _ in 0..20 {
        clients.extend(crowd(&server, 1)?);
        is_full()?;
    }
    match start.elapsed() < KEEPALIVE_TIMEOUT {
        true => Ok(()),
        false => Err(Trouble::blocked("nobody made room before a time-out")),
    }
}

#[test]
fn of_those_that_are_idle_the_first_makes_room() -> Outcome {
    on_every("hardened", |step| {
        // The same code, and ten thousand clients beside so many other tests.
        if step.does("node") {
            return Ok(());
        }
        within(KEEPALIVE_TIMEOUT, || fill(step))?;
        let server = limited(step, &["0"])?.with(step.in_one_loop()).start()?;
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
        server.expect_idle()?;
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
