//! In which order to adopt rules, if one is adopted after the other.
//!
//! Greedy: whoever is to adopt one rule more takes the one that buys most now.
//! The front shows what a free choice of sets reaches at best; the distance
//! between the two is the price of adopting in steps.

use serde::Serialize;

use super::lattice::{Score, Scorer};
use super::sets::{Bits, members};

/// One rule adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// Id.
    pub rule: String,
    /// Attacks that it stops and the rules before do not.
    pub gain: u32,
    /// Working legitimate cases that it breaks and those do not.
    pub broken: u32,
    /// What it costs, in nanoseconds; 0 where that was not measured.
    pub cost_ns: u64,
    /// Score of the rules up to and with it.
    pub total: Score,
    /// What those cost together.
    pub total_cost_ns: u64,
}

/// What an order saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thrift {
    /// Legitimate cases; of equal ones time.
    Breakage,
    /// Time; of equal ones legitimate cases.
    Time,
}

/// The order over `universe` that buys most for each case broken (or each
/// nanosecond), until no rule stops anything more. `names` are ids and `prices`
/// nanoseconds by place.
pub(super) fn order(
    scorer: &Scorer,
    universe: Bits,
    names: &[String],
    prices: &[u64],
    thrift: Thrift,
) -> Vec<Adopted> {
    let price = |rule: usize| prices.get(rule).copied().unwrap_or(0);
    let (mut chosen, mut cost) = (0, 0);
    let mut order = Vec::new();
    loop {
        let before = scorer.score(chosen);
        let best = members(universe & !chosen)
            .map(|rule| {
                let after = scorer.score(chosen | 1 << rule);
                let gain = after.stopped - before.stopped;
                (rule, gain, after.broken - before.broken)
            })
            .filter(|(_, gain, _)| *gain > 0)
            .max_by(|(a, gain, broken), (b, more, worse)| {
                let (broken, worse) = (u64::from(*broken), u64::from(*worse));
                let (first, second) = match thrift {
                    Thrift::Breakage => ((broken, worse), (price(*a), price(*b))),
                    Thrift::Time => ((price(*a), price(*b)), (broken, worse)),
                };
                let ratio = |(mine, theirs): (u64, u64)| {
                    // gain / mine against more / theirs, without dividing by 0.
                    let (mine, theirs) = (u128::from(mine), u128::from(theirs));
                    (u128::from(*gain) * theirs).cmp(&(u128::from(*more) * mine))
                };
                // Both for nothing: more gain is better.
                let firsts = ratio(first).then(theirs_first(first));
                firsts
                    .then(gain.cmp(more))
                    .then(theirs_first(second))
                    .then(b.cmp(a))
            });
        let Some((rule, gain, broken)) = best else {
            return order;
        };
        chosen |= 1 << rule;
        cost += price(rule);
        order.push(Adopted {
            rule: names.get(rule).cloned().unwrap_or_default(),
            gain,
            broken,
            cost_ns: price(rule),
            total: scorer.score(chosen),
            total_cost_ns: cost,
        });
    }
}

/// Greater when the other one takes more.
fn theirs_first((mine, theirs): (u64, u64)) -> std::cmp::Ordering {
    theirs.cmp(&mine)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(thrift: Thrift, prices: &[u64]) -> (Vec<String>, Vec<(u32, u32)>) {
        // a: 1 attack for nothing; b: 4 attacks, 1 case; c: 4 attacks (1 of
        // them b's), 2 cases; d: only what b stops, for 1 case; e: nothing.
        let attacks = [
            0b00001, 0b01010, 0b01010, 0b00010, 0b00110, 0b00100, 0b00100, 0b00100,
        ];
        let legitimate = [0b00010, 0b00100, 0b00100, 0b01000];
        let scorer = Scorer::new(attacks, legitimate);
        let names: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        let order = order(&scorer, 0b11111, &names, prices, thrift);
        let steps = order.iter().map(|step| (step.gain, step.broken)).collect();
        (order.into_iter().map(|step| step.rule).collect(), steps)
    }

    #[test]
    fn what_breaks_nothing_comes_first_and_what_adds_nothing_never() {
        let (order, steps) = rules(Thrift::Breakage, &[]);
        assert_eq!(order, ["a", "b", "c"]);
        assert_eq!(steps, [(1, 0), (4, 1), (3, 2)]);
    }

    #[test]
    fn by_time_the_cheap_one_comes_first() {
        let (order, _) = rules(Thrift::Time, &[100, 1000, 10, 1, 1]);
        // d buys two attacks for 1 ns, c four for 10, a one for 100.
        assert_eq!(order, ["d", "c", "a", "b"]);
    }
}
