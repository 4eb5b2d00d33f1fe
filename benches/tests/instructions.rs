//! The check of growth on work whose growth is known, counted as rules are. The
//! program that is counted is this test itself, called with a word.

use std::hint::black_box;
use std::process::Command;

use sekisho_reports::analysis::overhead::{Class, Growth};
use sekisho_trace::ptrace::steps::{Work, instructions, perform};

const WORD: &str = "--perform";
/// Small ones: a test is not optimised, and every instruction is a stop.
const SIZES: [usize; 3] = [10, 30, 100];

/// Planted in the place of a rule: it looks for duplicates and finds none.
type Planted = fn(&[u32]) -> bool;

const PLANTED: [(&str, Planted, Class); 4] = [
    ("constant", |ids| ids.first() == ids.last(), Class::Constant),
    (
        "linear",
        |ids| ids.windows(2).any(|two| two[0] == two[1]),
        Class::Linear,
    ),
    (
        "sorted by comparisons",
        |ids| {
            let mut sorted = ids.to_vec();
            sorted.sort();
            sorted.windows(2).any(|two| two[0] == two[1])
        },
        Class::Worse,
    ),
    (
        "pair by pair",
        |ids| (0..ids.len()).any(|index| ids[..index].contains(&ids[index])),
        Class::Worse,
    ),
];

/// Distinct and in no order.
fn ids(size: usize) -> Vec<u32> {
    let number = |n: usize| u32::try_from(n).unwrap_or_default();
    (0..size)
        .map(|n| number(n).wrapping_mul(0x9e37_79b1))
        .collect()
}

fn main() {
    if std::env::args().any(|word| word == WORD) {
        let works = PLANTED.iter().flat_map(|(_, planted, _)| {
            SIZES.map(|size| -> Work<'_> {
                let ids = ids(size);
                Box::new(move || assert!(!black_box(planted(black_box(&ids)))))
            })
        });
        return perform(works).expect("a process that may be traced");
    }
    let own = std::env::current_exe().expect("this program");
    let mut program = Command::new(own);
    program.arg(WORD);
    let counts = instructions(program).expect("counts");
    assert_eq!(counts.len(), PLANTED.len() * SIZES.len());
    for ((name, _, class), counts) in PLANTED.iter().zip(counts.chunks(SIZES.len())) {
        let points = SIZES.iter().zip(counts);
        let samples: Vec<_> = points
            .map(|(size, count)| (*size as f64, vec![*count as f64]))
            .collect();
        let growth = Growth::of("planted", name, "ids", &samples);
        println!("{name}: {counts:?}, exponent {:?}", growth.exponent);
        assert_eq!(growth.class(), Some(*class), "{name}");
    }
}
