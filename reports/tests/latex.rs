//! The document for papers, by a real LaTeX where there is one.

mod common;

use std::process::Command;

use common::{Build, attack, legitimate};
use sekisho_reports::write;

#[test]
fn report_tex_compiles() {
    if Command::new("pdflatex").arg("--version").output().is_err() {
        sekisho_skips::skipped(
            "no pdflatex (Debian: texlive-latex-base, texlive-latex-recommended)",
        );
        return;
    }
    let mut build = Build::new(
        &[("rule-a", "fatal", "1"), ("rule-b", "deferred", "14")],
        vec![
            attack("one", "client", "bad-id", &["rule-a"]),
            attack("two", "tenant", "bad_id", &["rule-b"]),
            legitimate("plain", &[]),
            legitimate("shared", &["rule-b"]),
        ],
    );
    // Whatever a launcher says must not end a cell or begin a command.
    build.cases[0].not_demonstrated = "50 % of \\input{x} & _ # ^ ~ 規則".to_owned();
    let dir = build.write();
    write(dir.path()).expect("a report");
    let output = Command::new("pdflatex")
        .args(["-interaction=nonstopmode", "-halt-on-error", "report.tex"])
        .current_dir(dir.path())
        .output()
        .expect("pdflatex");
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{log}");
    let pdf = std::fs::read(dir.path().join("report.pdf")).expect("report.pdf");
    assert!(pdf.starts_with(b"%PDF"));
}
