//! Sets of rules, and the expressions that name them.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::registry::RULES;
use crate::rule::{Class, Needs, Rule};

/// A set of rules, as bits over [`RULES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct RuleSet(u128);

const _: () = assert!(RULES.len() <= 128, "RuleSet holds at most 128 rules");

/// Names of the sets that expressions know, with what they hold.
pub const NAMED: [(&str, &str); 9] = [
    ("none", "no rule"),
    ("all", "every rule"),
    ("suexec", "rules of the twenty suEXEC conditions"),
    (
        "fatal",
        "conditions that are always an error in the talk's reading",
    ),
    (
        "selectable",
        "conditions chosen at build time in the talk's reading",
    ),
    ("deferred", "conditions that the talk leaves to be studied"),
    ("act", "conditions that are the act of starting"),
    ("further", "rules beyond suEXEC"),
    ("haconiwa", "the owner check that Haconiwa ships"),
];

impl RuleSet {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// The set with just the first rule.
    pub(crate) const FIRST: Self = Self(1);

    /// From the set with just one rule, that with the next.
    pub(crate) const fn next(self) -> Self {
        Self(self.0 << 1)
    }

    /// Every rule.
    #[must_use]
    pub fn all() -> Self {
        Self::of(|_| true)
    }

    /// The rules for which the predicate holds.
    #[must_use]
    pub fn of(mut holds: impl FnMut(&Rule) -> bool) -> Self {
        Self(
            RULES
                .iter()
                .enumerate()
                .filter(|(_, rule)| holds(rule))
                .fold(0, |bits, (index, _)| bits | 1 << index),
        )
    }

    /// The set with just this rule, if there is one with that id.
    #[must_use]
    pub fn one(id: &str) -> Option<Self> {
        let index = RULES.iter().position(|rule| rule.id == id)?;
        Some(Self(1 << index))
    }

    /// The set that an expression names: terms separated by commas, each a
    /// rule id, a named set ([`NAMED`]) or `suexec:N`; a leading `-` takes
    /// the term away. An expression that begins with `-` starts from `all`.
    ///
    /// # Errors
    /// Names the unknown term and the nearest known one.
    pub fn parse(expression: &str) -> Result<Self, UnknownTerm> {
        let mut set = Self::NONE;
        for (position, term) in expression.split(',').map(str::trim).enumerate() {
            match term.strip_prefix('-') {
                Some(term) => {
                    if position == 0 {
                        set = Self::all();
                    }
                    set = set.without(Self::term(term)?);
                }
                None => set = set.with(Self::term(term)?),
            }
        }
        Ok(set)
    }

    fn term(term: &str) -> Result<Self, UnknownTerm> {
        let by_class = |class: Class| Self::of(|rule| rule.class == class);
        Ok(match term {
            "none" => Self::NONE,
            "all" => Self::all(),
            "suexec" => Self::of(|rule| rule.class != Class::Further),
            "haconiwa" => return Self::term("config-owner-differs-from-launcher"),
            _ => {
                if let Some(class) = Class::ALL.into_iter().find(|class| class.word() == term) {
                    return Ok(by_class(class));
                }
                if let Some(number) = term.strip_prefix("suexec:") {
                    let number: u8 = number.parse().map_err(|_| UnknownTerm::new(term))?;
                    if !(1..=20).contains(&number) {
                        return Err(UnknownTerm::new(term));
                    }
                    return Ok(Self::of(|rule| rule.conditions.contains(&number)));
                }
                return Self::one(term).ok_or_else(|| UnknownTerm::new(term));
            }
        })
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set less the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The rules that are in both.
    #[must_use]
    pub const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the two share a rule.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Number of rules.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether the rule with this position in [`RULES`] is in the set.
    #[must_use]
    pub const fn has(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }

    /// The rules of the set in the order of [`RULES`].
    pub fn rules(self) -> impl Iterator<Item = &'static Rule> {
        self.each().map(|(_, rule)| rule)
    }

    /// The rules as [`RuleSet::rules`] gives them, each with the set that holds
    /// it alone.
    pub fn each(self) -> impl Iterator<Item = (Self, &'static Rule)> {
        // From bit to bit, by halves that a register holds: a rule that is not
        // in the set costs nothing.
        let halves = [(0, self.0 as u64), (64, (self.0 >> 64) as u64)];
        halves.into_iter().flat_map(|(first, mut rest)| {
            core::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let index = first + rest.trailing_zeros();
                rest &= rest - 1;
                Some((Self(1 << index), *RULES.get(index as usize)?))
            })
        })
    }

    /// Facts that the rules of the set need.
    #[must_use]
    pub fn needs(self) -> Needs {
        self.rules()
            .fold(Needs::NONE, |needs, rule| needs.and(rule.needs))
    }
}

impl fmt::Display for RuleSet {
    /// The ids, separated by commas; `none` for the empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (position, rule) in self.rules().enumerate() {
            if position > 0 {
                f.write_str(",")?;
            }
            f.write_str(rule.id)?;
        }
        Ok(())
    }
}

/// A term of an expression that names nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTerm {
    /// The term.
    pub term: String,
    /// The known term that is nearest to it.
    pub nearest: &'static str,
}

impl UnknownTerm {
    fn new(term: &str) -> Self {
        let known = NAMED.iter().map(|(name, _)| *name);
        let nearest = known
            .chain(RULES.iter().map(|rule| rule.id))
            .min_by_key(|known| distance(known, term))
            .unwrap_or("all");
        Self {
            term: term.to_owned(),
            nearest,
        }
    }
}

impl fmt::Display for UnknownTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown rule or rule set `{}`; did you mean `{}`? `sekisho rules` lists them all, \
             suexec:N takes a condition from 1 to 20",
            self.term, self.nearest
        )
    }
}

impl core::error::Error for UnknownTerm {}

/// Levenshtein distance; here because this crate, part of the setuid
/// launcher, takes no dependency.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = core::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(expression: &str) -> RuleSet {
        RuleSet::parse(expression).expect("a valid expression")
    }

    #[test]
    fn expressions_add_and_take_away_in_order() {
        let root = RuleSet::one("target-user-is-root").expect("a known rule");
        assert_eq!(set("none"), RuleSet::NONE);
        assert_eq!(set("all,-target-user-is-root").with(root), RuleSet::all());
        assert!(!set("suexec,-target-user-is-root").meets(root));
        assert!(set("-target-user-is-root,target-user-is-root").meets(root));
        assert_eq!(set("-target-user-is-root"), RuleSet::all().without(root));
        assert!(set("suexec:7").meets(root));
        assert_eq!(set("all"), set("suexec,further"));
        assert_eq!(set("suexec"), set("fatal,selectable,deferred,act"));
        assert_eq!(set("all,-deferred"), set("fatal,selectable,act,further"));
        assert_eq!(
            set("haconiwa").to_string(),
            "config-owner-differs-from-launcher"
        );
    }

    #[test]
    fn a_condition_holds_all_of_its_rules_and_the_twenty_are_suexec() {
        assert_eq!(set("suexec:7").to_string(), "target-user-is-root");
        assert_eq!(set("suexec:17").to_string(), "init-setuid,init-setgid");
        let twenty = (1..=20).map(|number| set(&format!("suexec:{number}")));
        let twenty = twenty.fold(RuleSet::NONE, RuleSet::with);
        assert_eq!(twenty.without(set("further")), set("suexec"));
        assert!(twenty.meets(set("environment-has-unlisted")));
    }

    #[test]
    fn each_rule_comes_with_its_own_set() {
        let all = set("suexec,-suexec:7");
        let each: Vec<_> = all.each().collect();
        assert!(
            each.iter()
                .map(|(_, rule)| rule.id)
                .eq(all.rules().map(|rule| rule.id))
        );
        for (one, rule) in each {
            assert_eq!(RuleSet::one(rule.id), Some(one));
        }
        assert_eq!(
            set("suexec:7,suexec:8").within(set("suexec:8,suexec:9")),
            set("suexec:8")
        );
    }

    #[test]
    fn every_named_set_can_be_parsed() {
        for (name, _) in NAMED {
            assert_eq!(set(name).is_empty(), name == "none", "{name}");
        }
    }

    #[test]
    fn an_unknown_term_names_the_nearest_one() {
        let error = RuleSet::parse("all,-target-user-is-rot").unwrap_err();
        assert_eq!(error.term, "target-user-is-rot");
        assert_eq!(error.nearest, "target-user-is-root");
        assert!(RuleSet::parse("suexec:21").is_err());
        assert!(RuleSet::parse("suexec:x").is_err());
        assert!(RuleSet::parse("").is_err());
    }

    #[test]
    fn a_set_prints_as_an_expression_that_means_it() {
        for expression in ["none", "all", "suexec", "deferred", "suexec:18"] {
            assert_eq!(set(&set(expression).to_string()), set(expression));
        }
    }
}
