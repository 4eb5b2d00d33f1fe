//! How far a run is, on standard error: a bar on a terminal, else a line
//! every five seconds.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between two lines where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Shows the progress of a run.
pub struct Progress {
    /// `None` where there is no terminal.
    bar: Option<ProgressBar>,
    began: Instant,
    said: Instant,
    total: usize,
    done: usize,
    failed: usize,
}

impl Progress {
    /// Begins with `total` trials to do.
    pub fn new(total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(
                Some(total as u64),
                ProgressDrawTarget::stderr_with_hz(8),
            );
            let style = "{bar:30} {pos}/{len} trials, {per_sec}, {eta} left{msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Self {
            bar,
            began: now,
            said: now,
            total,
            done: 0,
            failed: 0,
        }
    }

    /// One more trial is done.
    pub fn advance(&mut self, failed: bool) {
        self.done += 1;
        self.failed += usize::from(failed);
        match &self.bar {
            Some(bar) => {
                bar.inc(1);
                if failed {
                    bar.set_message(format!(", {} failed", self.failed));
                }
            }
            None if self.said.elapsed() >= EVERY => {
                self.said = Instant::now();
                eprintln!("{}", self.line(self.began.elapsed()));
            }
            None => {}
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let rate = self.done as f64 / elapsed.as_secs_f64().max(0.001);
        let left = (self.total - self.done.min(self.total)) as f64 / rate.max(0.001);
        format!(
            "{}/{} trials, {rate:.0}/s, {left:.0} s left, {} failed",
            self.done, self.total, self.failed
        )
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Trials per second so far.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.began.elapsed().as_secs_f64().max(0.001)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let mut progress = Progress::new(300);
        for number in 0..100 {
            progress.advance(number == 0);
        }
        let line = progress.line(Duration::from_secs(10));
        assert_eq!(line, "100/300 trials, 10/s, 20 s left, 1 failed");
    }
}
