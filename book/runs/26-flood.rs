//! Messages that are passed on to all neighbours, by all who get them.

use std::collections::{BTreeSet, VecDeque};

use fastrand::Rng;

/// Each node dials so many others.
const DIALLED: usize = 4;

/// How many frames are sent until all have it, and over how many links it has
/// come to the last one.
fn flood(nodes: usize) -> (usize, usize) {
    let mut rng = Rng::with_seed(7);
    let mut links = vec![BTreeSet::new(); nodes];
    for node in 0..nodes {
        for _ in 0..DIALLED {
            let other = rng.usize(0..nodes);
            if other != node {
                links[node].insert(other);
                links[other].insert(node);
            }
        }
    }
    let mut hops = vec![None; nodes];
    hops[0] = Some(0);
    let mut frames = 0;
    // Who has it now, and from whom.
    let mut fresh = VecDeque::from([(0, None)]);
    while let Some((node, from)) = fresh.pop_front() {
        for other in links[node].iter().filter(|it| Some(**it) != from) {
            frames += 1;
            if hops[*other].is_none() {
                hops[*other] = hops[node].map(|it| it + 1);
                fresh.push_back((*other, Some(node)));
            }
        }
    }
    (frames, hops.into_iter().flatten().max().unwrap_or(0))
}

fn main() {
    println!("nodes  deliveries  frames  each  links to the last");
    for nodes in [20, 100, 1000, 10_000] {
        let (frames, hops) = flood(nodes);
        let deliveries = nodes - 1;
        let each = frames as f64 / deliveries as f64;
        println!("{nodes:5}{deliveries:12}{frames:8}{each:6.1}{hops:19}");
    }
}
