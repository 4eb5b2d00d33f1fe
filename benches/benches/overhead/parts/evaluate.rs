//! In process: rules and rule sets on prepared evidence.
//!
//! criterion decides how often each is repeated; every sample it takes is kept.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use criterion::{BenchmarkId, Criterion};
use sekisho_benches::sheet::Sample;
use sekisho_rules::registry::{RULES, evaluate};
use sekisho_rules::testing::{GROWTHS, ordinary, refused};
use sekisho_rules::{Evidence, Policy, Rule, RuleSet, Verdict};

use super::Bench;

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
    for growth in GROWTHS {
        for size in growth.sizes {
            let (mut evidence, mut policy) = (ordinary(), Policy::default());
            (growth.apply)(&mut evidence, &mut policy, *size);
            let of = (&evidence, &policy);
            let varied = || (growth.parameter, size.to_string());
            let bench = "evaluate-growth";
            group.set(bench, "all", varied(), RuleSet::all(), of)?;
            let concerned = RULES
                .iter()
                .filter(|rule| growth.facts.iter().any(|fact| rule.needs.has(*fact)));
            for rule in concerned {
                group.rule(bench, &format!("only:{}", rule.id), varied(), rule, of)?;
            }
        }
    }
    group.bench.sheet.flush()
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
        let refused = evaluate(set, evidence, policy).find(|(_, it)| *it != Verdict::Permit);
        ensure!(refused.is_none(), "{subject} should permit: {refused:?}");
        self.time(bench, subject, varied, || {
            evaluate(black_box(set), black_box(evidence), black_box(policy))
                .for_each(|it| drop(black_box(it)));
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
