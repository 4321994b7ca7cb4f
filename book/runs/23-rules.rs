//! Two nodes have dialled each other. Which links are left, for each order in
//! which the two links open at each end?

/// A link, by which node has dialled it.
type Link = usize;

/// What a node closes that has `old` when `new` opens.
type Rule = fn(me: usize, old: Link, new: Link) -> Link;

const RULES: [(&str, Rule); 4] = [
    ("close the second", |_, _, new| new),
    ("close the first", |_, old, _| old),
    ("close what the other has dialled", |me, _, _| 1 - me),
    ("close what the larger has dialled", |_, _, _| 1),
];

fn main() {
    for (name, rule) in RULES {
        let mut left = [0; 3];
        for a in [[0, 1], [1, 0]] {
            for b in [[0, 1], [1, 0]] {
                let closed = [rule(0, a[0], a[1]), rule(1, b[0], b[1])];
                let open = (0..2).filter(|link| !closed.contains(link));
                left[open.count()] += 1;
            }
        }
        let [none, one, _] = left;
        println!("{name:33} one link: {one} of 4, none: {none} of 4");
    }
}
