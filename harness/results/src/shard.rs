//! Parts of a plan.

use serde::{Deserialize, Serialize};

/// One of several disjoint parts of a plan: part `number` of `of`, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    number: u32,
    of: u32,
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl Shard {
    /// The plan as a whole.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// The part's number, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }

    /// Into how many parts the plan is cut.
    #[must_use]
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether the trial at this position of the plan belongs to it.
    #[must_use]
    pub fn has(self, position: usize) -> bool {
        position % self.of as usize == self.number as usize - 1
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(format!(
                "{text:?} is no part of a plan; write I/N with 1 <= I <= N, such as 3/20"
            )),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_written_as_it_is_read_and_nonsense_is_refused() {
        for text in ["1/1", "3/20"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for text in ["", "0/3", "4/3", "1/0", "x/2", "1", "1/2/3", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_position_belongs_to_one_part() {
        for of in 1..7 {
            let shards: Vec<Shard> = (1..=of)
                .map(|number| format!("{number}/{of}").parse().unwrap())
                .collect();
            for position in 0..50 {
                assert_eq!(shards.iter().filter(|shard| shard.has(position)).count(), 1);
            }
        }
    }
}
