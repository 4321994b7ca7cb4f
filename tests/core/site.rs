//! The parts of step 20 that no client sees by themselves.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use fastrand::Rng;
use shared::collections::dictionary::Dictionary;

#[allow(dead_code, reason = "the step uses all of it")]
#[path = "../../steps/20-site/form.rs"]
mod form;
#[path = "../../steps/20-site/router.rs"]
mod router;

/// Every key is looked for in the same place, the last.
#[derive(Default)]
struct Last;

impl Hasher for Last {
    fn write(&mut self, _: &[u8]) {}

    fn finish(&self) -> u64 {
        u64::MAX
    }
}

fn is_a_map(hasher: impl BuildHasher, turns: u32) {
    let (mut random, mut model) = (Rng::with_seed(20), HashMap::new());
    let mut dictionary = Dictionary::hashed_by(hasher);
    for turn in 0..turns {
        let key = format!("{:b}", random.u32(..turns / 2));
        let key = key.trim_end_matches('0').as_bytes();
        assert_eq!(dictionary.value(key), model.get(key));
        if random.bool() {
            *model.entry(key.to_vec()).or_insert(turn) += 1;
            *dictionary.value_or_else(key, || turn) += 1;
        }
    }
}

#[test]
fn a_dictionary_is_a_map() {
    is_a_map(RandomState::new(), 20_000);
    is_a_map(BuildHasherDefault::<Last>::default(), 500);
}

/// Pieces by name before any pieces, and those before whatever follows; what
/// leads nowhere in one way may lead somewhere in another.
#[test]
fn the_order_of_routes() {
    const ROUTES: [&str; 7] =
        ["/", "/a", "/{x}", "/a/{x}/c", "/{x}/b/{x}", "/a/*", "/a/b/*"];
    let mut router = router::Router::new();
    ROUTES.iter().for_each(|route| router.add(route, *route));
    for (name, route, values) in [
        ("", "/", ""),
        ("a", "/a", ""),
        ("b", "/{x}", "b"),
        ("a/", "/a/*", ""),
        ("a//c", "/a/*", ""),
        ("a/x/c", "/a/{x}/c", "x"),
        ("a/x/c/d", "/a/*", ""),
        ("a/b/c", "/a/b/*", ""),
        ("c/b/d", "/{x}/b/{x}", "cd"),
        ("c/b", "none", ""),
        ("/b/c", "none", ""),
    ] {
        let found = router.find(name.as_bytes());
        let (found, pieces) = found.unwrap_or((&"none", Vec::new()));
        let expected = (route, values.into());
        assert_eq!((*found, pieces.concat()), expected, "{name}");
    }
}

/// A form keeps the values of a name, all of them and in their order. In the
/// step, and in shared.
#[test]
fn a_name_that_a_form_has_twice() {
    let text = b"a=2&b=3&%61=+%2b&a=1";
    let here = form::Form::parse(text).unwrap();
    let there = shared::web::form::Form::parse(text).unwrap();
    for values in [here.values("a"), there.values("a")] {
        assert_eq!(values, ["2", " +", "1"]);
    }
}
