//! Shortage of resources: never a result of a trial.

use std::fmt;

/// What the machine ran out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// Processes (`EAGAIN` of fork(2) and clone(2)) or the like.
    Processes,
    /// Open files (`EMFILE`, `ENFILE`).
    Descriptors,
    /// Memory (`ENOMEM`).
    Memory,
    /// Room on a filesystem (`ENOSPC`, `EDQUOT`).
    Space,
}

/// Words of errno(3), and what strerror(3) makes of them.
const WORDS: [(&str, &str, Shortage); 6] = [
    (
        "EAGAIN",
        "Resource temporarily unavailable",
        Shortage::Processes,
    ),
    ("EMFILE", "Too many open files", Shortage::Descriptors),
    (
        "ENFILE",
        "Too many open files in system",
        Shortage::Descriptors,
    ),
    ("ENOMEM", "Cannot allocate memory", Shortage::Memory),
    ("ENOSPC", "No space left on device", Shortage::Space),
    ("EDQUOT", "Disk quota exceeded", Shortage::Space),
];

impl Shortage {
    /// The shortage that the text of a failure tells of.
    #[must_use]
    pub fn told_by(text: &str) -> Option<Self> {
        let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        let named = words.find_map(|word| WORDS.iter().find(|(errno, ..)| *errno == word));
        let told = || {
            WORDS
                .iter()
                .find(|(_, sentence, _)| text.contains(sentence))
        };
        named.or_else(told).map(|(.., shortage)| *shortage)
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Processes => {
                "raise the limit of processes (ulimit -u, pids.max) or run fewer trials at once (--jobs)"
            }
            Self::Descriptors => {
                "raise the limit of open files (ulimit -n) or run fewer trials at once (--jobs)"
            }
            Self::Memory => "free memory or run fewer trials at once (--jobs)",
            Self::Space => "free space on the filesystems of the run and of /tmp",
        }
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Processes => "processes",
            Self::Descriptors => "open files",
            Self::Memory => "memory",
            Self::Space => "space",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_is_told_by_its_word_or_sentence_only() {
        for (text, shortage) in [
            ("fork(): EAGAIN", Shortage::Processes),
            ("clone3(0x2000): EAGAIN; nothing", Shortage::Processes),
            ("pipe2(): EMFILE", Shortage::Descriptors),
            (
                "cannot make x: Too many open files (os error 24)",
                Shortage::Descriptors,
            ),
            ("mmap: ENOMEM", Shortage::Memory),
            ("runc: No space left on device", Shortage::Space),
        ] {
            assert_eq!(Shortage::told_by(text), Some(shortage), "{text}");
        }
        for text in ["EACCES", "REAGAINST", "the disk", ""] {
            assert_eq!(Shortage::told_by(text), None, "{text}");
        }
    }
}
