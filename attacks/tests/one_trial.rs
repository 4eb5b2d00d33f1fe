//! One trial through the lab, as the attackers' program starts it.

use std::process::Command;

const ATTACKS: &str = env!("CARGO_BIN_EXE_sekisho-attacks");

/// What the program prints, or `None` where no arena can be made.
fn outcome(words: &[&str]) -> Option<String> {
    let output = Command::new(ATTACKS).args(words).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if errors.contains("no arena can be made here") {
        sekisho_skips::skipped(errors);
        return None;
    }
    assert!(output.status.success(), "{errors}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn an_attack_is_judged_as_every_trial_is() {
    let Some(open) = outcome(&["target-user-is-root/by-number"]) else {
        return;
    };
    assert!(open.starts_with("compromised"), "{open}");
    let closed = outcome(&["target-user-is-root/by-number", "suexec"]).unwrap();
    assert!(
        closed.starts_with("blocked target-user-is-root"),
        "{closed}"
    );
}

#[test]
fn an_unknown_case_is_told_with_a_way_to_find_one() {
    let output = Command::new(ATTACKS).arg("nothing").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("sekisho scenarios list"), "{errors}");
}
