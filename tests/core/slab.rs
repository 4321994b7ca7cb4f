//! collections/slab.rs against the standard library's map.

use std::collections::BTreeMap;
use std::rc::Rc;

use fastrand::Rng;
use shared::collections::slab::{Key, Slab};

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
