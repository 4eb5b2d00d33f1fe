//! In which order to decide about rules, so that few questions stay open.
//!
//! While rules are decided one after the other, a case is *open* when some of
//! the rules that stop it are decided and others are not. What was decided
//! matters to the rest only through which open cases are hit, and cases whose
//! decided parts are equal are hit together. So the number of distinct decided
//! parts, and the number of rules in them, both bound (as exponents of two) how
//! many states there can be; the order is chosen to keep their sum low.
//!
//! The order changes how long a sweep takes, never what it finds.

use super::sets::{Bits, members};

/// Moves that are tried to better the first order. Orders that a few thousand
/// moves give need a hundredth of the states of the first one.
const MOVES: u32 = 6000;
/// Moves without gain after which no more are tried.
const MOST_IDLE: u32 = 1500;

/// Splits rules into parts that share no mask with each other: what is decided
/// in one part says nothing about another. Ordered by their lowest rule.
pub(super) fn parts(masks: impl IntoIterator<Item = Bits>, rules: Bits) -> Vec<Bits> {
    let mut parts: Vec<Bits> = members(rules).map(|rule| 1 << rule).collect();
    for mask in masks {
        let (joined, apart): (Vec<Bits>, Vec<Bits>) =
            parts.into_iter().partition(|part| part & mask != 0);
        parts = apart;
        if !joined.is_empty() {
            parts.push(joined.iter().fold(0, |bits, part| bits | part));
        }
    }
    parts.sort_unstable_by_key(|part| part.trailing_zeros());
    parts
}

/// The decided parts of open masks, sorted, each once.
pub(super) fn open_parts(masks: &[Bits], decided: Bits, into: &mut Vec<Bits>) {
    into.clear();
    let open = masks.iter().filter(|mask| *mask & !decided != 0);
    into.extend(open.map(|mask| mask & decided).filter(|part| *part != 0));
    into.sort_unstable();
    into.dedup();
}

/// An order of the rules of one part.
pub(super) fn order(masks: &[Bits], rules: Bits) -> Vec<usize> {
    let mut masks: Vec<Bits> = masks
        .iter()
        .map(|mask| mask & rules)
        .filter(|mask| mask.count_ones() > 1)
        .collect();
    masks.sort_unstable();
    masks.dedup();
    let mut search = Search {
        masks,
        buffer: Vec::new(),
    };
    let first = search.greedy(rules);
    search.bettered(first)
}

struct Search {
    masks: Vec<Bits>,
    buffer: Vec<Bits>,
}

impl Search {
    /// Bounds on the states after these rules, as exponents of two: the lower
    /// one, and the sum of both to tell equal ones apart.
    fn width(&mut self, decided: Bits) -> (usize, usize) {
        open_parts(&self.masks, decided, &mut self.buffer);
        let rules = self.buffer.iter().fold(0, |bits, part| bits | part);
        let (parts, rules) = (self.buffer.len(), rules.count_ones() as usize);
        (parts.min(rules), parts + rules)
    }

    fn weight(&mut self, decided: Bits) -> f64 {
        (self.width(decided).0 as f64).exp2()
    }

    fn greedy(&mut self, rules: Bits) -> Vec<usize> {
        let (mut order, mut decided) = (Vec::new(), 0);
        while let Some(next) =
            members(rules & !decided).min_by_key(|rule| self.width(decided | 1 << rule))
        {
            order.push(next);
            decided |= 1 << next;
        }
        order
    }

    /// Puts one rule elsewhere as long as that is no loss. Which one is tried
    /// comes from a fixed sequence, so that equal runs give equal reports.
    fn bettered(&mut self, mut order: Vec<usize>) -> Vec<usize> {
        if order.len() < 3 {
            return order;
        }
        let mut weights = Vec::new();
        let mut decided = 0;
        for rule in &order {
            decided |= 1 << rule;
            weights.push(self.weight(decided));
        }
        // Knuth's MMIX generator; `%` of its upper bits is even enough here.
        let mut state = 1_u64;
        let mut below = |n: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let (mut idle, mut tried) = (0, order.clone());
        for _ in 0..MOVES {
            let (from, to) = (below(order.len()), below(order.len()));
            let (low, high) = (from.min(to), from.max(to));
            tried.clone_from(&order);
            let moved = tried.remove(from);
            tried.insert(to, moved);
            // Only the states between the two places change.
            let mut decided = order[..low].iter().fold(0, |bits, rule| bits | 1 << rule);
            let mut between = Vec::with_capacity(high - low);
            for rule in &tried[low..high] {
                decided |= 1 << rule;
                between.push(self.weight(decided));
            }
            let (new, old) = (
                between.iter().sum::<f64>(),
                weights[low..high].iter().sum::<f64>(),
            );
            if new <= old {
                weights[low..high].copy_from_slice(&between);
                std::mem::swap(&mut order, &mut tried);
            }
            idle = if new < old { 0 } else { idle + 1 };
            if idle > MOST_IDLE {
                break;
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_share_no_case_are_parts_of_their_own() {
        assert_eq!(
            parts([0b00011, 0b00110, 0b11000], 0b111111),
            [0b000111, 0b011000, 0b100000]
        );
        assert_eq!(parts([0b11], 0b01), [0b01]);
    }

    #[test]
    fn a_chain_is_decided_along_the_chain() {
        // Rule n shares a case with n + 1 only, under names that hide it.
        let place = |n: usize| n * 7 % 20;
        let masks: Vec<Bits> = (0..19).map(|n| 1 << place(n) | 1 << place(n + 1)).collect();
        let every = (1 << 20) - 1;
        let order = order(&masks, every);
        assert_eq!(order.iter().fold(0, |bits, rule| bits | 1 << rule), every);
        assert_eq!(order.len(), 20);
        let (mut decided, mut open) = (0, Vec::new());
        for rule in order {
            decided |= 1 << rule;
            open_parts(&masks, decided, &mut open);
            assert!(open.len() <= 1, "{decided:b}");
        }
    }
}
