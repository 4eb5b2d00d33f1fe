//! The one list of all rules: suEXEC's conditions in Apache's order, then the
//! rules beyond them. A new rule is its file and one line here (and its name
//! in `catalogue/mod.rs`).

use crate::catalogue;
use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::Rule;
use crate::set::RuleSet;
use crate::verdict::Verdict;

/// All rules.
pub static RULES: &[&Rule] = &[
    &catalogue::target_user_is_root::RULE,
    &catalogue::config_owner_differs_from_launcher::RULE,
    &catalogue::environment_not_allowed::RULE,
];

/// Evaluates the rules of a set, in the order of [`RULES`].
pub fn evaluate<'a>(
    set: RuleSet,
    evidence: &'a Evidence,
    policy: &'a Policy,
) -> impl Iterator<Item = (&'static Rule, Verdict)> + 'a {
    set.rules()
        .map(move |rule| (rule, (rule.evaluate)(evidence, policy)))
}
