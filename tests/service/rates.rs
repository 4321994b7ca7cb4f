//! How often who may ask, in a time that nobody waits for.

use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

use service::rates::Rates;
use service::settings::rate;

const N: u32 = 65_536;

#[test]
fn buckets_empty_and_fill() {
    for (text, rows) in [
        // At which millisecond who gets how many.
        ("50/s burst 3", &[(0, 1, 3), (19, 1, 0), (20, 1, 1), (10, 1, 0)][..]),
        ("50/s burst 3", &[(0, 1, 3), (5, 2, 3), (55, 1, 2), (9000, 1, 3)]),
        (" 1/s ", &[(0, 1, 1), (999, 1, 0), (1000, 1, 1)]),
        // All others have taken one. Where the oldest bucket is not full, who
        // is new shares one with all that are.
        ("1/s burst 2", &[(0, N, 2), (0, N + 1, 0), (999, N, 0)]),
        ("1/s burst 2", &[(0, 0, 1), (1000, N, 2), (1000, N + 1, 2)]),
        ("99/s burst 2", &[(99, N, 2), (99, N + 1, 2), (99, 0, 2), (99, 1, 2)]),
        ("1/s burst 2", &[(0, 0, 1), (1000, 0, 1), (1000, 1, 2)]),
    ] {
        let rates = Rates::new(rate(text).unwrap());
        let start = Instant::now();
        let take = |millis, client| {
            // Each time from another address in its network.
            let bits = u128::from(client) << 64 | u128::from(millis);
            let address = Ipv6Addr::from_bits(bits).into();
            rates.take(address, start + Duration::from_millis(millis))
        };
        if rates.rate.burst == 2 {
            assert!((0..N).all(|client| take(0, client)));
        }
        for &(millis, client, count) in rows {
            let taken = (0..).take_while(|_| take(millis, client)).count();
            assert_eq!(taken, count, "{text}: {client} after {millis} ms");
        }
        let known = format!("{rates:?}").matches("Bucket {").count();
        assert!(known <= N as usize);
    }
}
