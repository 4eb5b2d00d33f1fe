//! Real configurations: numbers from files small enough to be counted by hand.

use std::fs;
use std::path::Path;

use sekisho_reports::analysis::Analysis;
use sekisho_reports::analysis::profiles::Profiles;
use sekisho_reports::read::Run;

/// Rules `root` (fatal), `place` (selectable) and `clean` (further). Three
/// configurations of world `a` in two shapes, one of world `b`.
fn write(directory: &Path) {
    let put = |name: &str, text: &str| fs::write(directory.join(name), text).unwrap();
    put(
        "run.json",
        r#"{"schema":3,"run":"r","rule_sets":{"sanitising":["clean"],"suexec":["root","place"]}}"#,
    );
    put(
        "rules.csv",
        "rule,class,conditions,summary,since,position,condition,why,denies,permits,limits\n\
         root,fatal,7,s,0,0,,,,,\nplace,selectable,13,s,0,1,,,,,\nclean,further,,s,0,2,,,,,\n",
    );
    put(
        "profiles.csv",
        "run,profile,world,shape,title,source,identity,user,group,init,request\n\
         r,a/1,a,a/1,One,repo,recorded,0,0,/init,request\n\
         r,a/2,a,a/1,Two,repo,assumed,0,0,/init,request\n\
         r,a/3,a,a/3,Three,repo,recorded,0,0,/init,request\n\
         r,b/1,b,b/1,Four,repo,recorded,0,0,/init,request\n\
         r,b/2,b,b/2,Five,repo,recorded,0,0,/init,request\n",
    );
    put(
        "profile_trials.csv",
        "run,profile,policy,rule_set,outcome,verdict,rule,reason,exit_status,duration_us,verdicts\n\
         r,a/1,default,none,works,,,,0,5,0\n\
         r,a/1,default,suexec,broken,deny,root,uid 0,0,5,0\n\
         r,a/1,default,sanitising,works,,,,0,5,0\n\
         r,a/3,default,none,works,,,,0,5,0\n\
         r,a/3,default,suexec,broken,deny,place,elsewhere,0,5,0\n\
         r,a/3,default,sanitising,broken,,,started,0,5,0\n\
         r,b/1,default,none,works,,,,0,5,0\n\
         r,b/1,default,suexec,works,,,,0,5,0\n\
         r,b/1,default,sanitising,works,,,,0,5,0\n\
         r,b/2,default,none,failed,,,no such thing,0,5,0\n",
    );
    put(
        "profile_verdicts.csv",
        "run,profile,policy,rule,verdict,reason\n\
         r,a/1,default,root,deny,uid 0\nr,a/1,default,place,deny,x\nr,a/1,default,clean,sanitize,y\n\
         r,a/3,default,root,permit,\nr,a/3,default,place,undetermined,z\nr,a/3,default,clean,sanitize,y\n\
         r,b/1,default,root,permit,\nr,b/1,default,place,permit,\nr,b/1,default,clean,permit,\n",
    );
}

fn profiles(directory: &Path) -> Profiles {
    let run = Run::load(directory).unwrap();
    Analysis::of(&run)
        .profiles
        .expect("the run has configurations")
}

#[test]
fn rates_are_over_configurations_that_work_and_starts_are_counted_beside() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let profiles = profiles(directory.path());
    assert_eq!((profiles.configurations, profiles.shapes), (5, 4));
    let a = profiles.group(Some("a"), "default").unwrap();
    assert_eq!(
        (a.configurations, a.shapes, a.working, a.working_shapes),
        (3, 2, 3, 2)
    );
    let suexec = a.set("suexec").unwrap();
    assert_eq!((suexec.broken.hits, suexec.broken.n), (3, 3));
    assert_eq!((suexec.broken_shapes.hits, suexec.broken_shapes.n), (2, 2));
    // `place` refuses every one of world a; without it only the two remain.
    assert_eq!(a.refuse_all, ["place"]);
    let without = suexec.without_habits.unwrap();
    assert_eq!((without.hits, without.n), (2, 3));
    let rule = |id: &str| a.rules.iter().find(|rule| rule.rule == id).unwrap();
    assert_eq!(rule("root").refused.hits, 2);
    assert_eq!(rule("place").refused.hits, 3);
    assert_eq!(
        (
            rule("clean").refused.hits,
            rule("clean").repaired,
            rule("clean").repaired_broken
        ),
        (0, 3, 1)
    );
    assert!(a.harmless.is_empty());

    let b = profiles.group(Some("b"), "default").unwrap();
    assert_eq!((b.configurations, b.working), (2, 1));
    assert_eq!(b.not_working.len(), 1);
    assert_eq!(b.not_working[0].profile, "b/2");
    assert_eq!(b.harmless, ["root", "place"]);
    assert_eq!(b.set("suexec").unwrap().broken.hits, 0);
    assert_eq!(b.harmless_stop, None, "the run has no attacks");

    let all = profiles.group(None, "default").unwrap();
    assert_eq!((all.configurations, all.working), (5, 4));
    assert_eq!(all.set("suexec").unwrap().broken.hits, 3);
}

#[test]
fn the_verdicts_are_held_against_the_starts() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let agreement = profiles(directory.path()).agreement;
    assert_eq!((agreement.checked, agreement.agreed), (3, 3));
    assert_eq!(
        (agreement.refusals, agreement.refusals_by_predicted_rule),
        (2, 2)
    );
    // A start that comes out otherwise is named.
    let path = directory.path().join("profile_trials.csv");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace(
        "r,b/1,default,suexec,works,,,",
        "r,b/1,default,suexec,broken,deny,root,?",
    );
    fs::write(&path, text).unwrap();
    let agreement = profiles(directory.path()).agreement;
    assert_eq!((agreement.checked, agreement.agreed), (3, 2));
    assert!(agreement.disagreements[0].contains("b/1"), "{agreement:?}");
}

#[test]
fn masks_tell_what_any_rule_set_breaks() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let profiles = profiles(directory.path());
    let mask = |name: &str| {
        let shape = profiles
            .masks
            .iter()
            .find(|shape| shape.profile == name)
            .unwrap();
        shape.policies["default"]
    };
    assert_eq!(mask("a/1").predict(0b001), Some(true));
    assert_eq!(
        mask("a/1").predict(0b100),
        Some(false),
        "it survives the repair"
    );
    assert_eq!(mask("a/3").predict(0b001), Some(false));
    assert_eq!(
        mask("a/3").predict(0b100),
        None,
        "repairing rules together broke it"
    );
    assert_eq!(mask("b/1").predict(0b111), Some(false));
    assert!(!mask("b/2").works);
    let counts: u32 = profiles.masks.iter().map(|shape| shape.count).sum();
    assert_eq!(counts, profiles.configurations);
}

#[test]
fn what_is_not_as_documented_names_file_line_and_column() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let path = directory.path().join("profile_verdicts.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("r,a/3,default,root", "r,a/9,default,root"),
    )
    .unwrap();
    let error = Run::load(directory.path()).unwrap_err().to_string();
    assert!(
        error.contains("profile_verdicts.csv") && error.contains("a/9"),
        "{error}"
    );
    write(directory.path());
    let path = directory.path().join("profiles.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(",a/1,Two", ",a/7,Two")).unwrap();
    let error = Run::load(directory.path()).unwrap_err().to_string();
    assert!(
        error.contains("profiles.csv") && error.contains("a/7"),
        "{error}"
    );
}

#[test]
fn a_run_without_configurations_has_none_and_no_flaw_for_it() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    for name in ["profiles.csv", "profile_trials.csv", "profile_verdicts.csv"] {
        fs::remove_file(directory.path().join(name)).unwrap();
    }
    let run = Run::load(directory.path()).unwrap();
    assert!(
        run.flaws
            .iter()
            .all(|flaw| !flaw.file.starts_with("profile"))
    );
    assert!(Analysis::of(&run).profiles.is_none());
}
