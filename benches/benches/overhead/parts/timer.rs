//! Timing in process: criterion decides how often each thing is repeated; every
//! sample it takes is kept, in memory until all are taken.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use criterion::{BenchmarkId, Criterion};
use sekisho_benches::sheet::{Sample, Sheet};

/// What is varied, and its value.
pub type Varied = (&'static str, String);

/// Takes samples.
pub struct Timer {
    criterion: Criterion,
    /// Number of samples, and milliseconds before them and over all of them.
    times: (usize, u64, u64),
    taken: Vec<Sample>,
}

impl Timer {
    /// So many samples, after a warm-up and within a time of so many
    /// milliseconds.
    pub fn new(times: (usize, u64, u64)) -> Self {
        let (samples, warm_up, measured) = times;
        let criterion = Criterion::default()
            .without_plots()
            .sample_size(samples)
            .nresamples(1001)
            .warm_up_time(Duration::from_millis(warm_up))
            .measurement_time(Duration::from_millis(measured));
        Self {
            criterion,
            times,
            taken: Vec::new(),
        }
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
