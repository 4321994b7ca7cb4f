//! collections/list.rs against the standard library's queues.

use std::collections::VecDeque;

use fastrand::Rng;
use shared::collections::list::Lists;

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
fn whatever_joins_moves_and_leaves() {
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

/// Who was never in a list can be taken out: the nodes grow when one joins.
#[test]
fn an_item_that_never_joined() {
    let mut lists = Lists::new(LISTS);
    lists.remove(7);
    lists.push_back(1, 5);
    lists.remove(4);
    lists.remove(7);
    let expected = [&[][..], &[5], &[]].map(|it| it.to_vec());
    assert_eq!(contents(&mut lists), expected);
}
