//! Two nodes have dialled each other. Which links are left, for each order in
//! which the two links open at each end?

/// A link, by which node has dialled it.
type Link = usize;

/// What a node closes that has `old` when `new` opens.
type Rule = fn(me: usize, old: Link, new: Link) -> Link;

const RULES: [(&str, Rule); 4] = [
    ("the second", |_, _, new| new),
    ("the first", |_, old, _| old),
    ("what the other dialled", |me, _, _| 1 - me),
    ("what the larger dialled", |_, _, _| 1),
];

fn main() {
    println!("each closes               one left  none");
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
        println!("{name:25} {one:>8} {none:>5}");
    }
}
