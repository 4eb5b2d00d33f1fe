//! The talk's table: which mechanism addresses which problem of offering
//! containers. Its claims, and whatever a run measured of them.
//!
//! Problem 1 is escape to the host, 2 reaching what lies outside, 3 overreach
//! inside, 4 an unintended start.

use serde::Serialize;

/// How far a mechanism is said to address a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// Not at all.
    No,
    /// In part (in brackets in the talk).
    Partly,
    /// Yes.
    Yes,
}

/// A mechanism and the talk's claims about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Mechanism {
    /// Id; its words are `mechanism.<id>`.
    pub id: &'static str,
    /// The claims, for problems 1 to 4.
    pub claims: [Claim; 4],
}

use Claim::{No, Partly, Yes};

/// The table as the talk ("A proposal for validation at container start-up
/// based on the suEXEC security model", WSA research meeting 2, 2018-05-12)
/// gives it.
pub static MECHANISMS: [Mechanism; 7] = [
    mechanism("user-namespaces", [Yes, Yes, Partly, No]),
    mechanism("capabilities", [Yes, Yes, Yes, No]),
    mechanism("seccomp", [Yes, Yes, Yes, No]),
    mechanism("mandatory-access-control", [No, Yes, Yes, Partly]),
    mechanism("service-mesh", [No, Yes, No, No]),
    mechanism("rootless", [No, No, No, Yes]),
    mechanism("hypervisors", [Yes, Yes, Yes, No]),
];

const fn mechanism(id: &'static str, claims: [Claim; 4]) -> Mechanism {
    Mechanism { id, claims }
}
