//! In process: rules and rule sets on prepared evidence, and preparing a policy.
//!
//! criterion decides how often each is repeated; every sample it takes is kept.
//! Instructions are counted once.

use std::hint::black_box;
use std::process::Command;

use anyhow::{Result, ensure};
use sekisho_benches::sheet::Sample;
use sekisho_rules::registry::{RULES, decide};
use sekisho_rules::testing::{GROWTHS, Growth, ordinary, refused};
use sekisho_rules::{Evidence, Policy, Rule, RuleSet, Verdict};
use sekisho_trace::ptrace::steps::{self, Work};

use super::Bench;
use super::timer::{Timer, Varied};

/// Word that makes this program do what is counted, and be it; the number of
/// things that it grows to at most follows.
pub const COUNTED: &str = "--counted";

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    let mut timer = Timer::new(bench.options.quick)?;
    bench.about.method("evaluate", timer.method());
    let policy = Policy::default();
    for rule in RULES {
        let name = format!("only:{}", rule.id);
        let permitted = ordinary().limited_to(rule.needs);
        let verdict = (rule.evaluate)(&permitted, &policy);
        ensure!(verdict == Verdict::Permit, "{}: {verdict:?}", rule.id);
        let varied = ("verdict", "permit".to_owned());
        rule_of(
            &mut timer,
            "evaluate",
            &name,
            varied,
            rule,
            (&permitted, &policy),
        )?;
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
        rule_of(
            &mut timer,
            "evaluate",
            &name,
            varied,
            rule,
            (&evidence, &policy),
        )?;
    }
    let evidence = ordinary();
    for (name, expression) in sekisho_benches::subjects::rule_sets() {
        if name.starts_with("only:") {
            continue;
        }
        let set = RuleSet::parse(&expression)?;
        let varied = ("verdict", "permit".to_owned());
        set_of(
            &mut timer,
            "evaluate",
            &name,
            varied,
            set,
            (&evidence, &policy),
        )?;
    }
    // What is prepared before any request is there, and deciding relies on.
    let text = policy.to_string();
    let varied = |what: &str| ("what", what.to_owned());
    timer.time("prepare", "policy", varied("default"), || {
        drop(black_box(Policy::default()));
    })?;
    timer.time("prepare", "policy", varied("read"), || {
        drop(black_box(Policy::parse(black_box(&text))));
    })?;
    for growth in GROWTHS {
        for size in growth.sizes {
            let (mut evidence, mut policy) = (ordinary(), Policy::default());
            (growth.apply)(&mut evidence, &mut policy, *size);
            let of = (&evidence, &policy);
            let varied = || (growth.parameter, size.to_string());
            let bench = "evaluate-growth";
            set_of(&mut timer, bench, "all", varied(), RuleSet::all(), of)?;
            for rule in concerned(growth) {
                rule_of(
                    &mut timer,
                    bench,
                    &format!("only:{}", rule.id),
                    varied(),
                    rule,
                    of,
                )?;
            }
        }
    }
    timer.write(bench.sheet)?;
    count(bench)
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

impl Counted {
    fn evidence(&self) -> (Evidence, Policy) {
        let (mut evidence, mut policy) = (ordinary(), Policy::default());
        if let Some((growth, size)) = self.grown {
            (growth.apply)(&mut evidence, &mut policy, size);
        }
        (evidence, policy)
    }
}

/// Sets on the ordinary request; each rule on requests of three sizes, at most
/// `most` (none of them when 0), not the largest ones, since every instruction is
/// a stop.
fn counted(most: usize) -> Vec<Counted> {
    let mut counted = Vec::new();
    for name in ["none", "fatal", "suexec", "all"] {
        counted.extend(RuleSet::parse(name).ok().map(|set| Counted {
            subject: name.to_owned(),
            set,
            grown: None,
        }));
    }
    for growth in GROWTHS.iter().filter(|_| most > 0) {
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
                let (evidence, policy) = counted.evidence();
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
    // A fourth is the least size: above what a rule may compare pair by pair.
    let most = if bench.options.quick { 0 } else { 300 };
    if bench.options.quick {
        let reason = "each instruction of requests that grow is a stop: not in quick mode";
        bench
            .about
            .skip("evaluate", "growth of evaluate-instructions", reason);
    }
    let all = counted(most);
    for counted in &all {
        let (evidence, policy) = counted.evidence();
        let others = decide(counted.set, &evidence, &policy);
        ensure!(
            others.is_empty(),
            "{} should permit: {others:?}",
            counted.subject
        );
    }
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

fn rule_of(
    timer: &mut Timer,
    bench: &'static str,
    subject: &str,
    varied: Varied,
    rule: &Rule,
    (evidence, policy): (&Evidence, &Policy),
) -> Result<()> {
    timer.time(bench, subject, varied, || {
        drop(black_box((rule.evaluate)(
            black_box(evidence),
            black_box(policy),
        )));
    })
}

fn set_of(
    timer: &mut Timer,
    bench: &'static str,
    subject: &str,
    varied: Varied,
    set: RuleSet,
    (evidence, policy): (&Evidence, &Policy),
) -> Result<()> {
    let others = decide(set, evidence, policy);
    ensure!(others.is_empty(), "{subject} should permit: {others:?}");
    timer.time(bench, subject, varied, || {
        let others = decide(black_box(set), black_box(evidence), black_box(policy));
        drop(black_box(others));
    })
}
