//! Rule sets that are chosen on one half of the data and scored on the other.
//!
//! Attacks are split by technique, legitimate cases by scenario, real
//! configurations by project; the split is fixed by the run's seed. What is
//! advertised stands with its score on both halves.

use std::collections::BTreeSet;

use serde::Serialize;

use super::lattice::Scorer;
use super::sets::{self, Bits, members};
use super::shapes::{self, Shape};
use super::techniques::{self, State, Technique};
use super::view::View;

/// Most shapes, of a hundred, that `recommended@1` may break on the half it is
/// chosen on.
pub const MOST_BROKEN_PERCENT: usize = 5;

/// Other splits whose results stand beside the one of the run.
pub const OTHER_SPLITS: u64 = 200;

/// Rules that break some shapes, at most so many, whose subsets are all tried.
const MOST_CANDIDATES: usize = 10;

/// Hits of a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// How many.
    pub hits: usize,
    /// Of how many.
    pub n: usize,
}

/// What a set does to one half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Scored {
    /// Techniques closed.
    pub closed: Share,
    /// Legitimate cases broken.
    pub broken: Share,
    /// Distinct shapes per project that are refused.
    pub refused: Share,
}

/// An advertised rule set.
#[derive(Debug, Clone, Serialize)]
pub struct Advertised {
    /// `suexec`, `all`, `recommended@1`, `free`, `cheaper-than-suexec`.
    pub name: String,
    /// Whether it was chosen by optimisation on the first half.
    pub is_chosen: bool,
    /// Its rules.
    #[serde(serialize_with = "sets::as_places")]
    pub rules: Bits,
    /// On the half it was chosen on.
    pub chosen_on: Scored,
    /// On the other half.
    pub scored_on: Scored,
    /// Closed techniques on the scoring half of other splits, chosen anew for
    /// each: the lowest, the median and the highest, in thousandths.
    pub spread: Option<[u32; 3]>,
}

/// The parts of a view that can be split.
struct Data<'a> {
    view: &'a View<'a>,
    techniques: Vec<Technique>,
    legitimate: Vec<usize>,
    shapes: Vec<Shape>,
}

/// One half, by places in [`Data`].
#[derive(Default)]
struct Half<'a> {
    techniques: Vec<&'a Technique>,
    legitimate: Vec<usize>,
    shapes: Vec<&'a Shape>,
}

/// Every advertised set; empty where the effect of a rule is not known: no exact
/// answer is given over it.
#[must_use]
pub fn of(view: &View<'_>) -> Vec<Advertised> {
    let data = Data {
        view,
        techniques: techniques::of(view, |_| true),
        legitimate: view.legitimate().collect(),
        shapes: shapes::of(view.run),
    };
    if data.techniques.len() < 2 || !view.knows_all_effects() {
        return Vec::new();
    }
    let seed = view.run.info.seed;
    let rules = &view.run.rules;
    let [choosing, scoring] = data.split(seed);
    let fixed = [("suexec", sets::suexec(rules)), ("all", sets::all(rules))];
    let fixed = fixed.map(|(name, set)| (name, set, None));
    let mut chosen: Vec<(&str, Bits, Option<[u32; 3]>)> = Vec::new();
    for (name, choose) in CHOSEN {
        if let Some(set) = choose(&data, &choosing) {
            chosen.push((name, set, Some(spread(&data, seed, choose))));
        }
    }
    let advertised = fixed.into_iter().chain(chosen);
    advertised
        .map(|(name, set, spread)| Advertised {
            name: name.to_owned(),
            is_chosen: spread.is_some(),
            rules: set,
            chosen_on: data.score(&choosing, set),
            scored_on: data.score(&scoring, set),
            spread,
        })
        .collect()
}

type Choose = fn(&Data<'_>, &Half<'_>) -> Option<Bits>;

/// The sets that are chosen.
const CHOSEN: [(&str, Choose); 3] = [
    ("recommended@1", recommended),
    ("free", free),
    ("cheaper-than-suexec", cheaper_than_suexec),
];

/// The set that closes most techniques while it breaks at most 5 % of the
/// distinct shapes per project; ties go to fewer broken shapes. No rule of it can
/// be left out. `None` without real configurations.
fn recommended(data: &Data<'_>, half: &Half<'_>) -> Option<Bits> {
    if half.shapes.is_empty() {
        return None;
    }
    let useful = half
        .techniques
        .iter()
        .flat_map(|technique| &technique.cases)
        .fold(0, |bits, case| bits | data.view.masks[*case].stops());
    let breaks = |set: Bits| {
        let broken = half
            .shapes
            .iter()
            .filter(|shape| shape.refused_by & set != 0);
        broken.count()
    };
    let budget = half.shapes.len() * MOST_BROKEN_PERCENT / 100;
    let (free, priced): (Vec<_>, Vec<_>) = members(useful)
        .map(|rule| (breaks(1 << rule), rule))
        .partition(|(broken, _)| *broken == 0);
    let free = free.iter().fold(0, |bits, (_, rule)| bits | 1 << rule);
    let mut priced: Vec<_> = priced
        .into_iter()
        .filter(|(broken, _)| *broken <= budget)
        .collect();
    priced.sort_unstable();
    priced.truncate(MOST_CANDIDATES);
    let mut best = (0, 0, free);
    for choice in 0..1_usize << priced.len() {
        let chosen = priced.iter().enumerate();
        let set = chosen
            .filter(|(place, _)| choice >> place & 1 == 1)
            .fold(free, |bits, (_, (_, rule))| bits | 1 << rule);
        let broken = breaks(set);
        if broken > budget {
            continue;
        }
        let closed = data.closed(half, set);
        if choice == 0 || (closed, usize::MAX - broken) > (best.0, usize::MAX - best.1) {
            best = (closed, broken, set);
        }
    }
    Some(data.reduced(half, best.2))
}

/// The set that closes most techniques and breaks no legitimate case.
fn free(data: &Data<'_>, half: &Half<'_>) -> Option<Bits> {
    let breaking = half
        .legitimate
        .iter()
        .fold(0, |bits, case| bits | data.view.masks[*case].stops());
    let set = sets::all(&data.view.run.rules) & !breaking;
    Some(data.reduced(half, set))
}

/// The set that stops at least as many cases as suEXEC's and breaks the fewest
/// legitimate ones, from the exact front.
fn cheaper_than_suexec(data: &Data<'_>, half: &Half<'_>) -> Option<Bits> {
    let cases = half.techniques.iter().flat_map(|one| &one.cases);
    let scorer = Scorer::new(
        cases.map(|case| data.view.masks[*case].stops()),
        half.legitimate
            .iter()
            .map(|case| data.view.masks[*case].stops()),
    );
    let rules = &data.view.run.rules;
    let least = scorer.score(sets::suexec(rules)).stopped;
    let front = scorer.front(sets::all(rules));
    let point = front
        .points
        .iter()
        .find(|point| point.score.stopped >= least)?;
    Some(point.set)
}

impl<'a> Data<'a> {
    /// Two halves of everything.
    fn split(&self, seed: u64) -> [Half<'_>; 2] {
        let name = |technique: &Technique| technique.name.clone();
        let scenario = |case: &usize| self.view.run.cases[*case].scenario.clone();
        let project = |shape: &Shape| shape.project.clone();
        let first = [
            first_half(self.techniques.iter().map(name), seed),
            first_half(self.legitimate.iter().map(scenario), seed),
            first_half(self.shapes.iter().map(project), seed),
        ];
        let mut halves: [Half<'_>; 2] = Default::default();
        for technique in &self.techniques {
            let half = usize::from(!first[0].contains(&name(technique)));
            halves[half].techniques.push(technique);
        }
        for case in &self.legitimate {
            let half = usize::from(!first[1].contains(&scenario(case)));
            halves[half].legitimate.push(*case);
        }
        for shape in &self.shapes {
            let half = usize::from(!first[2].contains(&project(shape)));
            halves[half].shapes.push(shape);
        }
        halves
    }

    fn closed(&self, half: &Half<'_>, set: Bits) -> usize {
        let techniques = half.techniques.iter();
        techniques
            .filter(|one| techniques::predicted(self.view, set, one) == State::Closed)
            .count()
    }

    fn score(&self, half: &Half<'_>, set: Bits) -> Scored {
        let broken = half
            .legitimate
            .iter()
            .filter(|case| self.view.masks[**case].stops() & set != 0);
        let refused = half
            .shapes
            .iter()
            .filter(|shape| shape.refused_by & set != 0);
        Scored {
            closed: Share {
                hits: self.closed(half, set),
                n: half.techniques.len(),
            },
            broken: Share {
                hits: broken.count(),
                n: half.legitimate.len(),
            },
            refused: Share {
                hits: refused.count(),
                n: half.shapes.len(),
            },
        }
    }

    /// The set without rules that it does not need to close as many techniques,
    /// tried from the last in the order of evaluation.
    fn reduced(&self, half: &Half<'_>, mut set: Bits) -> Bits {
        let closed = self.closed(half, set);
        let rules: Vec<_> = members(set).collect();
        for rule in rules.into_iter().rev() {
            let less = set & !(1 << rule);
            if self.closed(half, less) == closed {
                set = less;
            }
        }
        set
    }
}

/// The names in the first half of a shuffle.
fn first_half(names: impl Iterator<Item = String>, seed: u64) -> BTreeSet<String> {
    let distinct: BTreeSet<String> = names.collect();
    let mut names: Vec<_> = distinct.into_iter().collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut names);
    let half = names.len().div_ceil(2);
    names.into_iter().take(half).collect()
}

/// Closed techniques on the scoring halves of other splits.
fn spread(data: &Data<'_>, seed: u64, choose: Choose) -> [u32; 3] {
    let mut rates: Vec<u32> = (1..=OTHER_SPLITS)
        .filter_map(|more| {
            let [choosing, scoring] = data.split(seed.wrapping_add(more));
            let set = choose(data, &choosing)?;
            let n = scoring.techniques.len();
            (n > 0).then(|| (data.closed(&scoring, set) * 1000 / n) as u32)
        })
        .collect();
    rates.sort_unstable();
    let at = |part: usize| {
        let place = rates.len().saturating_sub(1) * part / 2;
        rates.get(place).copied().unwrap_or_default()
    };
    [at(0), at(1), at(2)]
}
