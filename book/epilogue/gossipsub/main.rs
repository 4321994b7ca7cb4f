//! A node on rust-libp2p's gossipsub, beside which ours is measured: a line
//! that is typed reaches all nodes, and each prints it.
//!
//! `gossipsub IP:PORT [--peer IP:PORT]... [--trace]`. It is told what ours is
//! told; all else is as the library has it.

use std::env;
use std::error::Error;
use std::net::SocketAddrV4;
use std::time::Duration;

use libp2p::futures::StreamExt;
use libp2p::gossipsub::{
    Behaviour, Config, ConfigBuilder, Event, IdentTopic, Message,
    MessageAuthenticity, MessageId, ValidationMode,
};
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::swarm::SwarmEvent;
use libp2p::{PeerId, SwarmBuilder, noise, tcp, yamux};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut words = env::args().skip(1);
    let address = words.next().unwrap_or_else(|| "127.0.0.1:0".to_string());
    let (mut peers, mut traces) = (Vec::new(), false);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--peer" => peers.push(words.next().ok_or("--peer IP:PORT")?),
            "--trace" => traces = true,
            _ => return Err(format!("{word}: not an argument").into()),
        }
    }
    let (tcp, noise) = (tcp::Config::default(), noise::Config::new);
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp, noise, yamux::Config::default)?
        .with_behaviour(|key| -> Result<Behaviour, Failure> {
            let config = config(key.public().to_peer_id(), traces)?;
            let signed = MessageAuthenticity::Signed(key.clone());
            Ok(Behaviour::new(signed, config)?)
        })?
        // Else links that are not in the mesh end after 10 s.
        .with_swarm_config(|it| it.with_idle_connection_timeout(Duration::MAX))
        .build();
    let own = *swarm.local_peer_id();
    let topic = IdentTopic::new("swarm");
    swarm.behaviour_mut().subscribe(&topic)?;
    swarm.listen_on(multiaddr(&address)?)?;
    for peer in peers {
        swarm.dial(multiaddr(&peer)?)?;
    }
    let mut lines = BufReader::new(stdin()).lines();
    let mut has_input = true;
    loop {
        tokio::select! {
            line = lines.next_line(), if has_input => {
                // As with ours, the end of input is not the end of the node.
                let Some(line) = line? else {
                    has_input = false;
                    continue;
                };
                let topic = topic.clone();
                match swarm.behaviour_mut().publish(topic, line.as_bytes()) {
                    Ok(_) => show(own, line.as_bytes()),
                    Err(error) => eprintln!("not published: {error}"),
                }
            }
            event = swarm.select_next_some() => match event {
                SwarmEvent::NewListenAddr { address, .. } => announce(&address),
                SwarmEvent::Behaviour(Event::Message { message, .. }) => {
                    // With `Strict` it has an author.
                    show(message.source.unwrap_or(own), &message.data);
                }
                SwarmEvent::OutgoingConnectionError { error, .. } => {
                    eprintln!("not linked: {error}");
                }
                // Links that begin and end, and who has subscribed.
                _ => {}
            },
        }
    }
}

fn config(own: PeerId, traces: bool) -> Result<Config, Failure> {
    let mut config = ConfigBuilder::default();
    config.validation_mode(ValidationMode::Strict);
    if traces {
        // It is called for each message that comes, before it is known whether
        // it has come before; and for our own.
        config.message_id_fn(move |message: &Message| {
            if message.source != Some(own) {
                eprintln!("<- message");
            }
            // As the library makes it.
            let source = message.source.map(PeerId::to_base58);
            let number = message.sequence_number.unwrap_or_default();
            MessageId::from(source.unwrap_or_default() + &number.to_string())
        });
    }
    Ok(config.build()?)
}

/// Prints a message as ours does.
fn show(author: PeerId, body: &[u8]) {
    let author = author.to_base58();
    let body = String::from_utf8_lossy(body);
    println!("{}: {body}", &author[author.len() - 8..]);
}

fn announce(address: &Multiaddr) {
    let mut parts = address.iter();
    if let Some(Protocol::Ip4(ip)) = parts.next()
        && let Some(Protocol::Tcp(port)) = parts.next()
    {
        println!("listening on tcp://{ip}:{port}");
    }
}

fn multiaddr(address: &str) -> Result<Multiaddr, Failure> {
    let address: SocketAddrV4 = address.parse()?;
    let (ip, port) = (*address.ip(), address.port());
    Ok(Multiaddr::from(ip).with(Protocol::Tcp(port)))
}
