//! The probe's lines in what a start wrote to standard output.

use sekisho_witness::{MARK, Report};

/// Reports of one trial.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reports {
    /// Valid ones: well-formed, with the trial's nonce.
    pub all: Vec<Report>,
    /// Why the output cannot be trusted.
    pub fault: Option<String>,
}

impl Reports {
    /// Whether the init itself reported.
    pub fn has_init(&self) -> bool {
        self.all.iter().any(|report| report.via == "init")
    }
}

/// Reads the marked lines. Other lines are the init's own and ignored, as is
/// a last line without an end when the output was cut or its writer killed.
///
/// A line with another trial's nonce means that trials are not separate from
/// each other: then nothing of this trial can be believed.
pub fn read(stdout: &[u8], nonce: &str) -> Reports {
    let text = String::from_utf8_lossy(stdout);
    let mut reports = Reports::default();
    for line in text.split_inclusive('\n') {
        // A terminal ends lines with carriage return and line feed.
        let Some(json) = line.trim_end().strip_prefix(MARK) else {
            continue;
        };
        match serde_json::from_str::<Report>(json) {
            Ok(report) if report.nonce == nonce => reports.all.push(report),
            // The process found no sheet: no witness, but no fault either.
            Ok(report) if report.nonce.is_empty() => {}
            Ok(report) => {
                reports.fault = Some(format!(
                    "a probe reported with another trial's nonce {}",
                    report.nonce
                ));
            }
            Err(_) if !line.ends_with('\n') => {}
            Err(error) => {
                reports.fault = Some(format!("a probe's line cannot be read: {error}"));
            }
        }
    }
    reports
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(nonce: &str) -> String {
        let report = Report {
            nonce: nonce.into(),
            via: "init".into(),
            ..Report::default()
        };
        format!("{MARK}{}\n", serde_json::to_string(&report).unwrap())
    }

    #[test]
    fn only_marked_lines_count() {
        let text = format!("hello\n{}{{}}\n{}", line("n1"), line("n1"));
        let reports = read(text.as_bytes(), "n1");
        assert_eq!(reports.all.len(), 2);
        assert_eq!(reports.fault, None);
        assert!(reports.has_init());
        let terminal = line("n1").replace('\n', "\r\n");
        assert_eq!(read(terminal.as_bytes(), "n1").all.len(), 1);
    }

    #[test]
    fn another_trials_line_is_a_fault() {
        let reports = read(format!("{}{}", line("n1"), line("n2")).as_bytes(), "n1");
        assert!(reports.fault.unwrap().contains("n2"));
        // A process in a root without a sheet has no nonce: no witness.
        assert_eq!(read(line("").as_bytes(), "n1"), Reports::default());
    }

    #[test]
    fn a_line_that_was_cut_is_no_report_and_no_fault() {
        let whole = line("n1");
        let cut = read(&whole.as_bytes()[..whole.len() / 2], "n1");
        assert_eq!(cut, Reports::default());
        let broken = read(format!("{MARK}{{]\n").as_bytes(), "n1");
        assert!(broken.fault.is_some());
    }
}
