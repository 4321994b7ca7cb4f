//! collections/*.rs against those of the standard library.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use fastrand::Rng;
use shared::collections::list::Lists;
use shared::collections::ring::Ring;
use shared::collections::slab::{Key, Slab};

const LISTS: u32 = 3;

/// What is in the lists, in order: taken out, and put back as it was.
fn contents(lists: &mut Lists) -> Vec<VecDeque<u32>> {
    let take_all = |list| {
        let mut items = VecDeque::new();
        while let Some(item) = lists.front(list) {
            assert!(items.len() < 1000, "a list without an end");
            items.push_back(item);
            lists.remove(item);
        }
        for item in &items {
            lists.push_back(list, *item);
        }
        items
    };
    (0..LISTS).map(take_all).collect()
}

/// Items are put in, move to another place or to another list, and leave,
/// from the front, from the middle, and when they are in no list.
#[test]
fn lists_are_queues_whose_items_move() {
    for items in [1, 2, 3, 40] {
        let mut lists = Lists::new(LISTS);
        let mut model = vec![VecDeque::new(); LISTS as usize];
        let mut random = Rng::with_seed(15);
        for _ in 0..3000 {
            let item = random.u32(..items);
            for queue in &mut model {
                queue.retain(|it| *it != item);
            }
            match random.u32(..=LISTS) {
                LISTS => lists.remove(item),
                list => {
                    model[list as usize].push_back(item);
                    lists.push_back(list, item);
                }
            }
            for (list, queue) in (0..).zip(&model) {
                assert_eq!(lists.front(list), queue.front().copied());
            }
            assert_eq!(contents(&mut lists), model);
        }
    }
}

/// In the beginning more comes than leaves, and in the end less.
#[test]
fn a_ring_is_a_queue_with_a_bound() {
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
fn a_ring_keeps_nothing_and_drops_nothing_twice() {
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

/// Whoever has the key of a value that is gone finds nobody, although its slot
/// is used again; and there are no more slots than values at once.
#[test]
fn a_slab_is_a_map_with_keys_of_its_own() {
    let (mut random, mut slab) = (Rng::with_seed(14), Slab::new());
    let (mut model, mut gone) = (BTreeMap::new(), Vec::new());
    let mut most = 0;
    for turn in 0..20_000 {
        let keys: Vec<u64> = model.keys().copied().collect();
        if random.bool() && keys.len() < 50 {
            let key = slab.insert(turn).to_bits();
            assert_eq!(model.insert(key, turn), None, "a key twice");
            most = most.max(model.len());
        } else if let Some(bits) = random.choice(keys) {
            let key = Key::from_bits(bits);
            assert_eq!(slab.remove(key), model.remove(&bits));
            gone.push(key);
        }
        if let Some(key) = random.choice(&gone) {
            assert_eq!(slab.get_mut(*key), None);
            assert_eq!(slab.remove(*key), None);
        }
        let all = slab.iter().map(|(key, value)| (key.to_bits(), *value));
        assert_eq!(all.collect::<BTreeMap<_, _>>(), model);
        assert!(model.iter().all(|(bits, value)| {
            let key = Key::from_bits(*bits);
            let at = slab.at(key.index()).map(|(key, value)| (key, *value));
            at == Some((key, *value)) && (key.index() as usize) < most
        }));
    }
}

/// A value goes with who takes it out, or with the slab.
#[test]
fn a_slab_keeps_nothing_and_drops_nothing_twice() {
    let item = Rc::new(());
    let mut slab = Slab::new();
    let first = slab.insert(Rc::clone(&item));
    drop(slab.remove(first));
    assert_eq!(Rc::strong_count(&item), 1);
    slab.insert(Rc::clone(&item));
    assert!(slab.remove(first).is_none());
    assert_eq!(Rc::strong_count(&item), 2);
    drop(slab);
    assert_eq!(Rc::strong_count(&item), 1);
}
