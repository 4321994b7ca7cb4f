//! Slab, lists and deadlines against simple models of them: what a loop
//! keeps of its clients.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use shared::collections::list::Lists;
use shared::collections::slab::{Key, Slab};
use shared::events::deadlines::Deadlines;

const TURNS: u32 = 20_000;

/// Whoever has the key of a value that is gone finds nobody, although its slot
/// is used again; and there are no more slots than values at once.
#[test]
fn a_slab_is_a_map_with_keys_of_its_own() {
    let (mut random, mut slab) = (Rng::with_seed(14), Slab::new());
    let (mut model, mut gone) = (BTreeMap::new(), Vec::new());
    let mut most = 0;
    for turn in 0..TURNS {
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
fn nothing_is_kept_or_dropped_twice() {
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

#[test]
fn lists_keep_the_order_of_queues() {
    let (mut random, mut lists) = (Rng::with_seed(15), Lists::new(3));
    let mut model = [(); 3].map(|()| VecDeque::new());
    for _ in 0..TURNS {
        let (item, list) = (random.u32(..40), random.usize(..3));
        model.iter_mut().for_each(|queue| queue.retain(|it| *it != item));
        match random.bool() {
            true => {
                lists.push_back(list as u32, item);
                model[list].push_back(item);
            }
            false => lists.remove(item),
        }
        for (list, queue) in (0..).zip(&model) {
            assert_eq!(lists.front(list), queue.front().copied());
        }
    }
}

/// Items wait under limits of 2, 3 and 5 seconds; one in four has earned three
/// seconds more. Nobody is due too early, and nobody is forgotten.
#[test]
fn deadlines_are_kept_in_order() {
    let second = Duration::from_secs(1);
    let limits = [2, 3, 5].map(|seconds| second * seconds);
    let start = Instant::now();
    let (mut random, mut now) = (Rng::with_seed(15), start);
    let mut deadlines = Deadlines::new(3, now);
    let mut waits: BTreeMap<u32, (usize, Instant)> = BTreeMap::new();
    let mut beyond = BTreeSet::new();
    for _ in 0..TURNS {
        let (item, limit) = (random.u32(..40), random.usize(..3));
        beyond.remove(&item);
        match random.u8(..4) {
            0 => {
                deadlines.cancel(item);
                waits.remove(&item);
            }
            _ => {
                deadlines.begin(limit as u32, item);
                waits.insert(item, (limit, now));
            }
        }
        now += Duration::from_millis(random.u64(..300));
        let held = waits.clone();
        let end = |item| {
            let (limit, since): &(usize, Instant) = held.get(&item)?;
            Some(*since + limits[*limit])
        };
        let next = deadlines.next(end);
        let mut ends = held.keys().filter(|it| !beyond.contains(*it));
        let first = ends.clone().filter_map(|item| end(*item)).min();
        assert!(first.is_none() || next <= first, "it sleeps too long");
        let due: BTreeSet<u32> = deadlines.due(now, end).into_iter().collect();
        assert!(ends.all(|it| due.contains(it) == (end(*it) <= Some(now))));
        for item in due {
            let end = end(item).expect("nobody is due who does not wait");
            match item % 4 == 0 && now < end + 3 * second {
                true => {
                    deadlines.prolong(item, now);
                    beyond.insert(item);
                }
                false => {
                    assert!(now < end + 5 * second, "forgotten");
                    waits.remove(&item);
                    beyond.remove(&item);
                }
            }
        }
    }
}
