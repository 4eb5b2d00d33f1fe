//! In process: rules and rule sets on prepared evidence, and preparing a policy.
//!
//! criterion decides how often each is repeated; every sample it takes is kept.
//! Instructions are counted once.

use std::hint::black_box;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use criterion::{BenchmarkId, Criterion};
use sekisho_benches::sheet::Sample;
use sekisho_benches::steps::{self, Work};
use sekisho_rules::registry::{RULES, decide};
use sekisho_rules::testing::{GROWTHS, Growth, ordinary, refused};
use sekisho_rules::{Evidence, Policy, Rule, RuleSet, Verdict};

use super::Bench;

/// Word that makes this program do what is counted, and be it; the number of
/// things that it grows to at most follows.
pub const COUNTED: &str = "--counted";

/// What is varied, and its value.
type Varied = (&'static str, String);

struct Group<'a, 'b> {
    bench: &'a mut Bench<'b>,
    criterion: Criterion,
    samples: usize,
}

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    let quick = bench.options.quick;
    let (samples, warm_up, measured) = if quick { (10, 2, 8) } else { (20, 40, 120) };
    bench.about.method(
        "evaluate",
        format!("{samples} samples in {measured} ms after {warm_up} ms that are not written"),
    );
    let criterion = Criterion::default()
        .without_plots()
        .sample_size(samples)
        .nresamples(1001)
        .warm_up_time(Duration::from_millis(warm_up))
        .measurement_time(Duration::from_millis(measured));
    let mut group = Group {
        bench,
        criterion,
        samples,
    };
    let policy = Policy::default();
    for rule in RULES {
        let name = format!("only:{}", rule.id);
        let permitted = ordinary().limited_to(rule.needs);
        let verdict = (rule.evaluate)(&permitted, &policy);
        ensure!(verdict == Verdict::Permit, "{}: {verdict:?}", rule.id);
        let varied = ("verdict", "permit".to_owned());
        group.rule("evaluate", &name, varied, rule, (&permitted, &policy))?;
        let (change, evidence) = refused(rule)
            .ok_or_else(|| anyhow::anyhow!("{}: no change that it refuses", rule.id))?;
        let verdict = (rule.evaluate)(&evidence, &policy);
        ensure!(
            matches!(verdict, Verdict::Deny(_) | Verdict::Sanitize(_)),
            "{}: {} gives {verdict:?}",
            rule.id,
            change.what
        );
        let varied = ("verdict", "refuse".to_owned());
        group.rule("evaluate", &name, varied, rule, (&evidence, &policy))?;
    }
    let evidence = ordinary();
    for (name, expression) in sekisho_benches::subjects::rule_sets() {
        if name.starts_with("only:") {
            continue;
        }
        let set = RuleSet::parse(&expression)?;
        let varied = ("verdict", "permit".to_owned());
        group.set("evaluate", &name, varied, set, (&evidence, &policy))?;
    }
    // What is prepared before any request is there, and deciding relies on.
    let text = policy.to_string();
    let varied = |what: &str| ("what", what.to_owned());
    group.time("prepare", "policy", varied("default"), || {
        drop(black_box(Policy::default()));
    })?;
    group.time("prepare", "policy", varied("read"), || {
        drop(black_box(Policy::parse(black_box(&text))));
    })?;
    for growth in GROWTHS {
        for size in growth.sizes {
            let (mut evidence, mut policy) = (ordinary(), Policy::default());
            (growth.apply)(&mut evidence, &mut policy, *size);
            let of = (&evidence, &policy);
            let varied = || (growth.parameter, size.to_string());
            let bench = "evaluate-growth";
            group.set(bench, "all", varied(), RuleSet::all(), of)?;
            for rule in concerned(growth) {
                group.rule(bench, &format!("only:{}", rule.id), varied(), rule, of)?;
            }
        }
    }
    count(group.bench)
}

fn concerned(growth: &Growth) -> impl Iterator<Item = &'static Rule> {
    let facts = growth.facts;
    let concerned = move |rule: &Rule| facts.iter().any(|fact| rule.needs.has(*fact));
    RULES.iter().copied().filter(move |rule| concerned(rule))
}

/// What instructions are counted of: a set, and by what and how much the
/// ordinary request is grown.
struct Counted {
    subject: String,
    set: RuleSet,
    grown: Option<(&'static Growth, usize)>,
}

/// Sets on the ordinary request; each rule on requests of three sizes, at most
/// `most`, not the largest ones, since every instruction is a stop.
fn counted(most: usize) -> Vec<Counted> {
    let mut counted = Vec::new();
    for name in ["none", "fatal", "suexec", "all"] {
        counted.extend(RuleSet::parse(name).ok().map(|set| Counted {
            subject: name.to_owned(),
            set,
            grown: None,
        }));
    }
    for growth in GROWTHS {
        let largest = growth.sizes.last().copied().unwrap_or_default().min(most);
        let rules = concerned(growth)
            .filter_map(|rule| Some((format!("only:{}", rule.id), RuleSet::one(rule.id)?)));
        for (subject, set) in core::iter::once(("all".to_owned(), RuleSet::all())).chain(rules) {
            for size in [largest / 4, largest / 2, largest] {
                counted.push(Counted {
                    subject: subject.clone(),
                    set,
                    grown: Some((growth, size)),
                });
            }
        }
    }
    counted
}

/// Does what is counted, in the process that [`count`] starts.
///
/// # Errors
/// `most` is no number.
pub fn perform(most: &str) -> Result<()> {
    steps::perform(
        counted(most.parse()?)
            .into_iter()
            .map(|counted| -> Work<'static> {
                let (mut evidence, mut policy) = (ordinary(), Policy::default());
                if let Some((growth, size)) = counted.grown {
                    (growth.apply)(&mut evidence, &mut policy, size);
                }
                Box::new(move || {
                    let of = (
                        black_box(counted.set),
                        black_box(&evidence),
                        black_box(&policy),
                    );
                    assert!(black_box(decide(of.0, of.1, of.2)).is_empty(), "refused");
                })
            }),
    )
}

fn count(bench: &mut Bench<'_>) -> Result<()> {
    let mut program = Command::new(std::env::current_exe()?);
    // A fourth is the least: fewer than four arguments are refused.
    let most = if bench.options.quick { 16 } else { 300 };
    program.args([COUNTED, &most.to_string()]);
    let counts = match steps::instructions(program) {
        Ok(counts) => counts,
        Err(error) => {
            let reason = format!("instructions cannot be counted: {error:#}");
            bench
                .about
                .skip("evaluate", "evaluate-instructions", &reason);
            return bench.sheet.flush();
        }
    };
    let all = counted(most);
    ensure!(counts.len() == all.len(), "not everything was counted");
    bench.about.method(
        "evaluate-instructions",
        "instructions in user mode, stopped at each, once".to_owned(),
    );
    for (counted, count) in all.into_iter().zip(counts) {
        let (parameter, value) = match counted.grown {
            Some((growth, size)) => (growth.parameter, size.to_string()),
            None => ("verdict", "permit".to_owned()),
        };
        bench.sheet.put(&Sample {
            bench: "evaluate-instructions",
            subject: counted.subject,
            parameter: parameter.to_owned(),
            value,
            unit: "count",
            sample: Some(count as f64),
            iterations: 1,
            ..Sample::default()
        })?;
    }
    bench.sheet.flush()
}

impl Group<'_, '_> {
    fn rule(
        &mut self,
        bench: &'static str,
        subject: &str,
        varied: Varied,
        rule: &Rule,
        (evidence, policy): (&Evidence, &Policy),
    ) -> Result<()> {
        self.time(bench, subject, varied, || {
            drop(black_box((rule.evaluate)(
                black_box(evidence),
                black_box(policy),
            )));
        })
    }

    fn set(
        &mut self,
        bench: &'static str,
        subject: &str,
        varied: Varied,
        set: RuleSet,
        (evidence, policy): (&Evidence, &Policy),
    ) -> Result<()> {
        let others = decide(set, evidence, policy);
        ensure!(others.is_empty(), "{subject} should permit: {others:?}");
        self.time(bench, subject, varied, || {
            let others = decide(black_box(set), black_box(evidence), black_box(policy));
            drop(black_box(others));
        })
    }

    fn time(
        &mut self,
        bench: &'static str,
        subject: &str,
        (parameter, value): Varied,
        mut once: impl FnMut(),
    ) -> Result<()> {
        let taken = Mutex::new(Vec::new());
        let id = BenchmarkId::new(subject, format!("{parameter} {value}"));
        let mut group = self.criterion.benchmark_group(bench);
        group.bench_function(id, |bencher| {
            bencher.iter_custom(|iterations| {
                let begin = Instant::now();
                (0..iterations).for_each(|_| once());
                let elapsed = begin.elapsed();
                if let Ok(mut taken) = taken.lock() {
                    taken.push((iterations, elapsed));
                }
                elapsed
            });
        });
        group.finish();
        // What came before the samples was warming up.
        let taken = taken.into_inner().unwrap_or_default();
        let skip = taken.len().saturating_sub(self.samples);
        for (iterations, elapsed) in taken.into_iter().skip(skip) {
            self.bench.sheet.put(&Sample {
                bench,
                subject: subject.to_owned(),
                parameter: parameter.to_owned(),
                value: value.clone(),
                unit: "ns",
                sample: Some(elapsed.as_nanos() as f64 / iterations as f64),
                iterations,
                ..Sample::default()
            })?;
        }
        Ok(())
    }
}
