//! Every rule set, scored exactly from the masks.

use std::collections::{BTreeMap, HashMap};

use serde::{Serialize, Serializer};

use super::distribution::{self, Distribution};
use super::pareto;
use super::sets::{Bits, members};
use super::sweep::Weighed;

/// Masks with the number of cases that have them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Distinct masks and their numbers of cases, in order of the masks.
    #[serde(serialize_with = "masks_as_places")]
    pub masks: Vec<(Bits, u32)>,
    /// Number of cases, those with an empty mask included.
    pub total: u32,
}

fn masks_as_places<S: Serializer>(masks: &[(Bits, u32)], serializer: S) -> Result<S::Ok, S::Error> {
    let places = |mask: Bits| members(mask).collect::<Vec<_>>();
    serializer.collect_seq(masks.iter().map(|(mask, count)| (places(*mask), count)))
}

impl Counted {
    /// Counts masks.
    #[must_use]
    pub fn new(masks: impl IntoIterator<Item = Bits>) -> Self {
        let mut counts: HashMap<Bits, u32> = HashMap::new();
        let mut total = 0;
        for mask in masks {
            *counts.entry(mask).or_default() += 1;
            total += 1;
        }
        let mut masks: Vec<_> = counts.into_iter().filter(|(mask, _)| *mask != 0).collect();
        masks.sort_unstable();
        Self { masks, total }
    }

    /// Number of cases whose mask shares a rule with the set.
    #[must_use]
    pub fn hit(&self, set: Bits) -> u32 {
        self.masks
            .iter()
            .map(|(mask, count)| if mask & set == 0 { 0 } else { *count })
            .sum()
    }

    /// Number of cases that exactly this rule of the set hits.
    #[must_use]
    pub fn hit_solely(&self, set: Bits, rule: usize) -> u32 {
        self.masks
            .iter()
            .map(|(mask, count)| if mask & set == 1 << rule { *count } else { 0 })
            .sum()
    }
}

/// What a rule set does to the demonstrated cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Score {
    /// Attacks stopped.
    pub stopped: u32,
    /// Legitimate cases broken.
    pub broken: u32,
}

/// Scores any rule set.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Scorer {
    /// Masks of demonstrated attacks.
    pub attacks: Counted,
    /// Masks of legitimate cases that work with the rules off.
    pub legitimate: Counted,
}

impl Scorer {
    /// From the masks of demonstrated attacks and of working legitimate cases.
    #[must_use]
    pub fn new(
        attacks: impl IntoIterator<Item = Bits>,
        legitimate: impl IntoIterator<Item = Bits>,
    ) -> Self {
        Self {
            attacks: Counted::new(attacks),
            legitimate: Counted::new(legitimate),
        }
    }

    /// The score of a rule set.
    #[must_use]
    pub fn score(&self, set: Bits) -> Score {
        Score {
            stopped: self.attacks.hit(set),
            broken: self.legitimate.hit(set),
        }
    }

    /// The Pareto front security × compatibility over every subset of
    /// `universe`.
    #[must_use]
    pub fn front(&self, universe: Bits) -> pareto::Front {
        pareto::front(self, universe)
    }

    /// The Pareto front security × compatibility × cost over every subset of
    /// `universe`, at these prices of the rules.
    #[must_use]
    pub fn front_with_cost(&self, universe: Bits, prices: &pareto::Prices) -> pareto::Front {
        pareto::front_with_cost(self, universe, prices)
    }

    /// How many of the subsets of `universe` come to which score; `None` when
    /// that cannot be counted in reasonable time.
    #[must_use]
    pub fn distribution(&self, universe: Bits) -> Option<Distribution> {
        distribution::distribution(self, universe)
    }

    /// Distinct masks within `universe`, with the cases that have them.
    pub(super) fn weighed(&self, universe: Bits) -> Vec<Weighed> {
        let mut weighed: BTreeMap<Bits, (u32, u32)> = BTreeMap::new();
        for (mask, count) in &self.attacks.masks {
            weighed.entry(mask & universe).or_default().0 += count;
        }
        for (mask, count) in &self.legitimate.masks {
            weighed.entry(mask & universe).or_default().1 += count;
        }
        let weighed = weighed.into_iter().filter(|(mask, _)| *mask != 0);
        weighed
            .map(|(mask, (attacks, legitimate))| Weighed {
                mask,
                attacks,
                legitimate,
            })
            .collect()
    }

    /// The set without rules that change nothing about its score, later rules
    /// taken away first.
    #[must_use]
    pub fn trimmed(&self, set: Bits) -> Bits {
        let score = self.score(set);
        (0..128).rev().fold(set, |set, rule| {
            let less = set & !(1 << rule);
            if less != set && self.score(less) == score {
                less
            } else {
                set
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_masks_count_as_often_as_they_come() {
        let scorer = Scorer::new([0b01, 0b01, 0b10, 0b11, 0], [0b10, 0b10]);
        assert_eq!(scorer.attacks.total, 5);
        assert_eq!(scorer.attacks.masks, [(0b01, 2), (0b10, 1), (0b11, 1)]);
        let score = |set| {
            let score = scorer.score(set);
            (score.stopped, score.broken)
        };
        assert_eq!(score(0b00), (0, 0));
        assert_eq!(score(0b01), (3, 0));
        assert_eq!(score(0b10), (2, 2));
        assert_eq!(score(0b11), (4, 2));
        assert_eq!(scorer.attacks.hit_solely(0b11, 0), 2);
        assert_eq!(scorer.attacks.hit_solely(0b01, 0), 3);
    }

    #[test]
    fn trimming_takes_later_rules_away_first() {
        let scorer = Scorer::new([0b011, 0b011], []);
        assert_eq!(scorer.trimmed(0b111), 0b001);
    }
}
