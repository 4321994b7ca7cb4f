//! Who is let in: counted as whose they are, and given back.

use shared::web::admission::{Admission, Verdict};

/// Addresses, and whose each is.
const CLIENTS: [(&str, usize); 8] = [
    ("192.0.2.1", 0),
    ("::ffff:192.0.2.1", 0),
    ("192.0.2.2", 1),
    ("2001:db8::1", 2),
    ("2001:db8::8000:0:0:1", 2),
    ("2001:db8:0:1::1", 3),
    ("::192.0.2.1", 4),
    ("nobody's", 5),
];

#[test]
fn each_client_has_its_share_and_gives_it_back() {
    let admission = Admission::new(1064).unwrap();
    let fresh = format!("{admission:?}");
    let (mut random, mut inside) = (fastrand::Rng::with_seed(22), Vec::new());
    let mut counts = [0; 6];
    for _ in 0..3000 {
        if random.u8(..) < 64 && !inside.is_empty() {
            let (client, whose) =
                inside.swap_remove(random.usize(..inside.len()));
            admission.leave(client);
            counts[whose] -= 1;
        }
        let (address, whose) = CLIENTS[random.usize(..CLIENTS.len())];
        let client = address.parse().ok();
        let expected = match counts[whose] {
            _ if client.is_none() => Verdict::Served,
            ..64 => Verdict::Served,
            64..128 => Verdict::Told,
            _ => Verdict::Closed,
        };
        assert_eq!(admission.take_places(1), 1);
        assert_eq!(admission.enter(client), expected, "{address}");
        if expected != Verdict::Closed {
            counts[whose] += 1;
            inside.push((client, whose));
        }
        let room = admission.take_places(usize::MAX);
        assert_eq!(room, 1000 - inside.len());
        assert_eq!(admission.take_places(1), 0);
        admission.give_back(room);
    }
    inside.into_iter().for_each(|(client, _)| admission.leave(client));
    assert_eq!(format!("{admission:?}"), fresh);
    for (descriptors, room) in
        [(0, 1), (65, 1), (66, 2), (10_064, 10_000), (usize::MAX, 10_000)]
    {
        let admission = Admission::new(descriptors).unwrap();
        assert_eq!(admission.take_places(usize::MAX), room);
    }
}
