//! The library against Go's own (`tests/against-go`), where a Go toolchain is present: `$GO`, or the one that the
//! conformance scripts have fetched (into `$VO_CORPORA`, or `.cache/vo-corpora` in the home folder).

use std::path::{Path, PathBuf};
use std::process::Command;

fn go() -> Option<PathBuf> {
    let fetched = || {
        let home = std::env::var_os("HOME").map_or_else(PathBuf::new, PathBuf::from);
        let corpora = std::env::var_os("VO_CORPORA").map_or(home.join(".cache/vo-corpora"), PathBuf::from);
        corpora.join("go1.27/bin/go")
    };
    let go = std::env::var_os("GO").map_or_else(fetched, PathBuf::from);
    go.exists().then_some(go)
}

#[test]
fn packages_agree_with_go() {
    let Some(go) = go() else {
        eprintln!("left out: no Go toolchain (set GO=/path/to/go)");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/against-go/run.sh");
    let output = Command::new(script).env("GO", go).output().expect("bash is there");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
}
