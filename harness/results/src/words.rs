//! Words of result files of which there is a closed set.

use serde::{Deserialize, Serialize};

/// Declares an enum whose variants are words of files.
macro_rules! words {
    (
        $(#[doc = $about:literal])*
        $name:ident { $( $(#[doc = $meaning:literal])+ $variant:ident = $word:literal, )+ }
    ) => {
        $(#[doc = $about])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum $name {
            $( $(#[doc = $meaning])+ #[serde(rename = $word)] $variant, )+
        }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$( Self::$variant, )+].len()] = [$( Self::$variant, )+];

            /// The word in files.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|one| one.word() == text);
                found.copied().ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|one| one.word()).collect();
                    format!("unknown word {text:?}; there are {}", known.join(", "))
                })
            }
        }
    };
}

words! {
    /// Legitimate use or attack.
    Kind {
        /// Must keep working.
        Legitimate = "legitimate",
        /// Must be stopped.
        Malicious = "malicious",
    }
}

words! {
    /// Who controls what of a malicious request.
    Attacker {
        /// What a front service derives from an HTTP request.
        Client = "client",
        /// The whole request.
        Front = "front",
        /// Own files.
        Tenant = "tenant",
        /// Another local uid.
        Neighbour = "neighbour",
    }
}

words! {
    /// What became of a trial.
    Outcome {
        /// Refused, with a reason.
        Blocked = "blocked",
        /// Started, and the effect was absent.
        Neutralised = "neutralised",
        /// The witness of an attack was seen.
        Compromised = "compromised",
        /// The witness of a legitimate start was seen.
        Works = "works",
        /// A legitimate start was refused, or its witness was absent.
        Broken = "broken",
        /// Launcher or harness broke: never counted as blocked.
        Failed = "failed",
        /// Killed at the deadline.
        Timeout = "timeout",
        /// A precondition is missing; the reason says which.
        Skipped = "skipped",
        /// The target cannot express the request.
        NotApplicable = "not-applicable",
        /// The kernel refused a step of the attacker: the attack was not tried.
        NotPerformable = "not-performable",
        /// A control did not show the witness, as it should not.
        Absent = "absent",
        /// A control showed the witness: the case is an error of the corpus.
        Seen = "seen",
    }
}

words! {
    /// A trial beside an attack that must not show its witness.
    Control {
        /// The acts without the mistake.
        NoMistake = "no-mistake",
        /// The mistake without the acts; without a mistake the twin's own request.
        NoActs = "no-acts",
        /// The acts without any launcher: the probe runs with the attacker's own ids.
        NoLauncher = "no-launcher",
    }
}

words! {
    /// What an attacker has gained.
    Gain {
        /// Code of his runs as the host's root.
        RootOnHost = "root-on-host",
        /// Code of his runs with another user's ids.
        CodeAsOtherUser = "code-as-other-user",
        /// What he asks for is started as a user of his choice.
        CodeAsTargetChosenByAttacker = "code-as-target-chosen-by-attacker",
        /// Ids, groups or capabilities that his processes may not have.
        IdsOrGroups = "ids-or-groups",
        /// Reads what he may not read.
        ReadProtected = "read-protected",
        /// Writes what he may not write.
        WriteProtected = "write-protected",
        /// Reaches processes of the host.
        ReachHostProcess = "reach-host-process",
        /// Reaches networks or sockets that he may not reach.
        ReachNetwork = "reach-network",
        /// His processes outlive their start, or escape its limits.
        OutliveOrEvadeControl = "outlive-or-evade-control",
        /// Others are denied a service.
        DenyService = "deny-service",
    }
}

words! {
    /// Who writes `config.json`.
    Ownership {
        /// Root writes it, for the tenant.
        Platform = "platform",
        /// The tenant writes it himself.
        Tenant = "tenant",
    }
}

words! {
    /// How a refusal came about.
    RefusalWord {
        /// A rule denied.
        Deny = "deny",
        /// A rule could not observe its fact.
        Undetermined = "undetermined",
        /// The launcher could not start such a request under any rule set.
        Unusable = "unusable",
        /// A real target's own refusal.
        Refused = "refused",
    }
}

words! {
    /// What one rule said.
    Verdict {
        /// The refused state is absent.
        Permit = "permit",
        /// The refused state is present.
        Deny = "deny",
        /// May start once something was done.
        Sanitize = "sanitize",
        /// Could not be observed.
        Undetermined = "undetermined",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_what_serde_writes_and_reads_back() {
        fn hold<T: serde::Serialize + std::str::FromStr + PartialEq + Copy + std::fmt::Debug>(
            all: &[T],
            word: fn(T) -> &'static str,
        ) {
            for one in all {
                assert_eq!(serde_json::to_value(one).unwrap(), word(*one));
                assert_eq!(word(*one).parse::<T>().ok(), Some(*one));
            }
            assert!("nothing".parse::<T>().is_err());
        }
        hold(&Kind::ALL, Kind::word);
        hold(&Attacker::ALL, Attacker::word);
        hold(&Outcome::ALL, Outcome::word);
        hold(&RefusalWord::ALL, RefusalWord::word);
        hold(&Verdict::ALL, Verdict::word);
        hold(&Control::ALL, Control::word);
        hold(&Gain::ALL, Gain::word);
        hold(&Ownership::ALL, Ownership::word);
    }
}
