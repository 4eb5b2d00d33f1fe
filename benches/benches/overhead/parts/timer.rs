//! Timing in process: criterion decides how often each thing is repeated; every
//! sample it takes is kept, in memory until all are taken.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use criterion::{BenchmarkId, Criterion};
use sekisho_benches::sheet::{Sample, Sheet};
use tempfile::TempDir;

/// What is varied, and its value.
pub type Varied = (&'static str, String);

/// Takes samples.
pub struct Timer {
    criterion: Criterion,
    /// What criterion writes, which is of no use here.
    _scratch: TempDir,
    /// Number of samples, and milliseconds before them and over all of them.
    times: (usize, u64, u64),
    taken: Vec<Sample>,
}

impl Timer {
    /// Quick, or with more samples over a longer time.
    ///
    /// # Errors
    /// There is no room for what criterion writes.
    pub fn new(quick: bool) -> Result<Self> {
        let times = if quick { (10, 2, 8) } else { (20, 40, 120) };
        let (samples, warm_up, measured) = times;
        // Of its own: criterion would compare with its last run, which takes it
        // longer than the samples do.
        let scratch = tempfile::tempdir().context("a directory for criterion")?;
        let criterion = Criterion::default()
            .output_directory(scratch.path())
            .without_plots()
            .sample_size(samples)
            .nresamples(1001)
            .warm_up_time(Duration::from_millis(warm_up))
            .measurement_time(Duration::from_millis(measured));
        Ok(Self {
            criterion,
            _scratch: scratch,
            times,
            taken: Vec::new(),
        })
    }

    /// How it is done, in words.
    pub fn method(&self) -> String {
        let (samples, warm_up, measured) = self.times;
        format!("{samples} samples in {measured} ms after {warm_up} ms that are not written")
    }

    /// Times one thing, all of it.
    pub fn time(
        &mut self,
        bench: &'static str,
        subject: &str,
        varied: Varied,
        mut once: impl FnMut(),
    ) -> Result<()> {
        self.sample(bench, subject, varied, |iterations| {
            let begin = Instant::now();
            (0..iterations).for_each(|_| once());
            Ok(begin.elapsed())
        })
    }

    /// The same for what says itself how long so many iterations take.
    pub fn sample(
        &mut self,
        bench: &'static str,
        subject: &str,
        (parameter, value): Varied,
        mut iterate: impl FnMut(u64) -> Result<Duration>,
    ) -> Result<()> {
        let taken = Mutex::new(Ok(Vec::new()));
        let id = BenchmarkId::new(subject, format!("{parameter} {value}"));
        let mut group = self.criterion.benchmark_group(bench);
        group.bench_function(id, |bencher| {
            bencher.iter_custom(|iterations| {
                let elapsed = iterate(iterations);
                // Criterion knows no failures; the sample is not written then.
                let told = *elapsed.as_ref().unwrap_or(&Duration::from_millis(1));
                if let Ok(mut taken) = taken.lock() {
                    match (elapsed, &mut *taken) {
                        (Ok(elapsed), Ok(taken)) => taken.push((iterations, elapsed)),
                        (Err(error), Ok(_)) => *taken = Err(error),
                        (_, Err(_)) => {}
                    }
                }
                told
            });
        });
        group.finish();
        let taken = taken
            .into_inner()
            .unwrap_or_else(|_| anyhow::bail!("a bench panicked; see above"))?;
        ensure!(!taken.is_empty(), "criterion took no samples of {subject}");
        // What came before the samples was warming up.
        let skip = taken.len().saturating_sub(self.times.0);
        let samples = taken
            .into_iter()
            .skip(skip)
            .map(|(iterations, elapsed)| Sample {
                bench,
                subject: subject.to_owned(),
                parameter: parameter.to_owned(),
                value: value.clone(),
                unit: "ns",
                sample: Some(elapsed.as_nanos() as f64 / iterations as f64),
                iterations,
                ..Sample::default()
            });
        self.taken.extend(samples);
        Ok(())
    }

    /// Writes what was taken so far.
    pub fn write(&mut self, sheet: &mut Sheet) -> Result<()> {
        for sample in self.taken.drain(..) {
            sheet.put(&sample)?;
        }
        sheet.flush()
    }
}
