//! Words after `cargo bench --`.

use anyhow::{Result, bail, ensure};

use crate::baseline::Baselines;

/// What `--help` says.
pub const HELP: &str = "\
Measures what validation costs and writes out/bench/<time>/overhead.csv.

usage: cargo bench [-- OPTIONS]

  --quick           fewer rounds and shorter benches: about a minute
  --only WORD       only these parts, separated by commas:
                    evaluate, calls, cpuid, gather, start, phases, side, grown, cold,
                    ahead, concurrent
  --seed N          of the order within rounds (default: 1)
  --out DIR         write here instead of out/bench/<time>
  --save-baseline NAME   keep this run in out/bench/baselines/NAME, and compare with
                    what was there before
  --baseline NAME   compare with that run, which stays as it is
  --noise-threshold SHARE   changes of times up to this are noise (default: 0.05)
  --drop-caches     cold starts also drop the kernel's caches, for the whole machine
  --help            this text

Gathering and whole starts need root; without, only evaluating is measured.
Exit status: 0, 1 when something became slower than in the baseline beyond noise or
a sample could not be taken, 2 for a wrong word or a failure.
docs/benches.md says what is measured, how, and what can bias it.";

/// Parts of the benches, in the order in which they run.
pub const PARTS: [&str; 11] = [
    "evaluate",
    "calls",
    "cpuid",
    "gather",
    "start",
    "phases",
    "side",
    "grown",
    "cold",
    "ahead",
    "concurrent",
];

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Fewer rounds.
    pub quick: bool,
    /// Parts to run.
    pub parts: Vec<String>,
    /// Of the order within rounds.
    pub seed: u64,
    /// Directory of the results.
    pub out: Option<String>,
    /// Whether the kernel's caches may be dropped.
    pub drop_caches: bool,
    /// Baseline to compare with.
    pub baseline: Option<String>,
    /// Whether this run takes its place.
    pub save_baseline: bool,
    /// Share by which a time may grow.
    pub noise_threshold: f64,
    /// Only say how to use it.
    pub help: bool,
}

impl Options {
    /// Reads the words. `cargo bench` adds `--bench`.
    ///
    /// # Errors
    /// A word that is not known.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            quick: false,
            parts: PARTS.map(str::to_owned).into(),
            seed: 1,
            out: None,
            drop_caches: false,
            baseline: None,
            save_baseline: false,
            noise_threshold: 0.05,
            help: false,
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || match words.next() {
                Some(value) => Ok(value),
                None => bail!("`{word}` needs a value; see --help"),
            };
            match word.as_str() {
                "--bench" => {}
                "--quick" => options.quick = true,
                "--drop-caches" => options.drop_caches = true,
                "--help" | "-h" => options.help = true,
                "--seed" => options.seed = value()?.parse()?,
                "--out" => options.out = Some(value()?),
                "--baseline" | "--save-baseline" => {
                    ensure!(
                        options.baseline.is_none(),
                        "`--baseline` and `--save-baseline` are one or the other, once"
                    );
                    let name = value()?;
                    Baselines::check_name(&name)?;
                    options.baseline = Some(name);
                    options.save_baseline = word == "--save-baseline";
                }
                "--noise-threshold" => {
                    options.noise_threshold = value()?.parse()?;
                    let fine = (0.0..=10.0).contains(&options.noise_threshold);
                    ensure!(fine, "`--noise-threshold` is a share, from 0 to 10");
                }
                "--only" => {
                    options.parts = value()?.split(',').map(str::to_owned).collect();
                    for part in &options.parts {
                        if !PARTS.contains(&part.as_str()) {
                            bail!("no part `{part}`; there are {}", PARTS.join(", "));
                        }
                    }
                }
                _ => bail!("unknown word `{word}`; see `cargo bench -- --help`"),
            }
        }
        Ok(options)
    }

    /// Whether the part is to run.
    #[must_use]
    pub fn wants(&self, part: &str) -> bool {
        self.parts.iter().any(|wanted| wanted == part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options> {
        Options::parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn words_are_read_and_unknown_ones_refused() {
        let options = parse("--bench --quick --only start,side --seed 7").expect("valid");
        assert!(options.quick && options.wants("side") && !options.wants("cold"));
        assert_eq!(options.seed, 7);
        assert!(parse("--only all").is_err());
        assert!(parse("--fast").is_err());
        assert!(parse("--seed").is_err());
    }

    #[test]
    fn a_baseline_is_saved_or_compared_with() {
        let saved = parse("--save-baseline main").expect("valid");
        assert!(saved.save_baseline && saved.baseline.as_deref() == Some("main"));
        let compared = parse("--baseline main --noise-threshold 0.1").expect("valid");
        assert!(!compared.save_baseline && compared.noise_threshold == 0.1);
        assert!(parse("--baseline a --save-baseline b").is_err());
        assert!(parse("--baseline ../a").is_err());
        assert!(parse("--noise-threshold -1").is_err());
    }
}
