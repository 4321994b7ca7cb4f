//! collections/ring.rs against the standard library's queue.

use std::collections::VecDeque;
use std::rc::Rc;

use fastrand::Rng;
use shared::collections::ring::Ring;

/// In the beginning more comes than leaves, and in the end less.
#[test]
fn whatever_comes_and_leaves() {
    const TURNS: u64 = 3000;
    for capacity in [0, 1, 2, 3, 7, 64] {
        let mut ring = Ring::new(capacity);
        let mut model = VecDeque::new();
        let mut random = Rng::with_seed(12);
        for turn in 0..TURNS {
            if random.u64(..TURNS) > turn {
                let has_room = model.len() < capacity;
                let expected = if has_room { Ok(()) } else { Err(turn) };
                assert_eq!(ring.push_back(turn), expected);
                if has_room {
                    model.push_back(turn);
                }
            } else {
                assert_eq!(ring.pop_front(), model.pop_front());
            }
        }
    }
}

/// Each item is dropped once: by who takes it, or with the ring.
#[test]
fn nothing_is_kept_or_dropped_twice() {
    let item = Rc::new(());
    let mut ring = Ring::new(3);
    for round in 0..5 {
        for count in 1..=3 {
            assert!(ring.push_back(Rc::clone(&item)).is_ok());
            assert_eq!(Rc::strong_count(&item), 1 + count, "{round}");
        }
        assert!(ring.push_back(Rc::clone(&item)).is_err());
        drop(ring.pop_front());
        drop(ring.pop_front());
        assert_eq!(Rc::strong_count(&item), 2);
        drop(ring.pop_front());
        assert_eq!(Rc::strong_count(&item), 1);
        assert!(ring.pop_front().is_none());
    }
    assert!(ring.push_back(Rc::clone(&item)).is_ok());
    drop(ring);
    assert_eq!(Rc::strong_count(&item), 1);
}
