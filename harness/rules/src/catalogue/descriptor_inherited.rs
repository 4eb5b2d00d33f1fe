//! `descriptor-inherited`: the init would inherit descriptors above 2.
//!
//! ## Condition
//! None of suEXEC's: what the web server leaves open passes to the program.
//!
//! ## Why
//! An open descriptor is access that no later check sees: runc left one of a
//! host directory open to the init (CVE-2024-21626).
//!
//! ## Denies
//! Nothing: it sanitises. Every descriptor above 2 is closed before the init
//! runs.
//!
//! ## Permits
//! A caller that hands over descriptors 0 to 2 only.
//!
//! ## Limits
//! What 0 to 2 refer to is not looked at. Socket activation, which passes
//! descriptors from 3 on purpose, breaks under this rule.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::{Sanitation, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "descriptor-inherited",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Descriptors]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let descriptors = match evidence.descriptors.seen() {
        Ok(descriptors) => descriptors,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if descriptors.is_empty() {
        Verdict::Permit
    } else {
        Verdict::Sanitize(Sanitation::CloseDescriptors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Descriptor;
    use crate::testing::{of, permitted, sanitized};

    #[test]
    fn any_descriptor_is_sanitised() {
        sanitized(&RULE, Sanitation::CloseDescriptors, |e, _| {
            of(&mut e.descriptors).push(Descriptor {
                number: 3,
                target: "/".to_owned(),
            });
        });
    }

    #[test]
    fn none_is_permitted() {
        permitted(&RULE, |_, _| ());
    }
}
