//! Mistypes a code in every way that there is, for two kinds of sums: how
//! often is it not noticed?

const LETTERS: usize = 24;

fn main() {
    let code: Vec<u8> = (0..LETTERS as u8).map(|it| it * 7 % 32).collect();
    let mut one = Vec::new();
    let mut two = Vec::new();
    for at in 0..LETTERS {
        for letter in (0..32).filter(|it| *it != code[at]) {
            let mut wrong = code.clone();
            wrong[at] = letter;
            one.push(wrong);
        }
        for other in at + 1..LETTERS {
            let mut wrong = code.clone();
            wrong.swap(at, other);
            two.push(wrong);
        }
    }
    let added = |code: &[u8]| code.iter().map(|it| u32::from(*it)).sum();
    tell("added up", added, &code, &one, &two);
    tell("CRC-32", crc32fast::hash, &code, &one, &two);
}

fn tell(
    name: &str,
    sum: impl Fn(&[u8]) -> u32,
    code: &[u8],
    one: &[Vec<u8>],
    two: &[Vec<u8>],
) {
    let missed = |all: &[Vec<u8>]| {
        let wrong = all.iter().filter(|it| *it != code);
        wrong.filter(|it| sum(it) == sum(code)).count()
    };
    println!(
        "{name}: not noticed: {} of {} with one wrong letter, {} of {} with \
         two that have changed places",
        missed(one),
        one.len(),
        missed(two),
        two.len(),
    );
}
