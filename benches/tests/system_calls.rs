//! The committed page of system calls is what is counted.

use std::path::Path;

use sekisho_benches::syscall_table::Table;

#[test]
fn the_page_of_system_calls_is_what_is_counted() {
    if !sekisho_skips::as_root() {
        return;
    }
    let table = Table::count().expect("counted");
    let document = table.document();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/system-calls.md");
    if std::env::var_os("SEKISHO_WRITE_DOCS").is_some() {
        std::fs::write(&path, &document).expect("the page");
        return;
    }
    let committed = std::fs::read_to_string(&path).expect("docs/system-calls.md");
    for (line, (old, new)) in (1..).zip(committed.lines().zip(document.lines())) {
        assert_eq!(
            old, new,
            "docs/system-calls.md:{line}: the launcher makes other system calls now; if that \
             is meant, write the page anew as it says"
        );
    }
    assert_eq!(committed.lines().count(), document.lines().count());
}
