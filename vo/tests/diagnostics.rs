//! Common mistakes, as `vo check` and as `go build` report them, side by side.
//!
//! `tests/diagnostics/` holds a program for each mistake, and beside it (`.txt`) what Go 1.27 says about it,
//! recorded with `VO_GO=path/to/go VO_BLESS=1`. This test runs ours, sees to it that we report each line that Go
//! reports, and that `docs/diagnostics.md` shows what is said today; `VO_BLESS=1` rewrites that page.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use vo::{CompileError, Engine, Text};

const HEAD: &str = "# Diagnostics

What `vo check` says about common mistakes, beside what `go build` (Go 1.27) says about the same program. The page is
generated: `VO_BLESS=1 cargo test -p vo --test diagnostics` writes it from the programs in `tests/diagnostics/`.

The first line of a diagnostic is `file:line:col: message`, and the message is worded as Go's, so that editors, scripts and
memories keep working. On a terminal the source line follows, with carets under the place; other places that the message
speaks of follow in the same way, then notes, and a change that would help. `vo check` reports all errors of a package in
the order of their places, and one mistake once.

`vo explain` lists the codes of all errors; `vo explain V0102` explains one with an example.

## For tools

`vo check --format json` prints one JSON object a line on standard output, for each diagnostic:

| key | what it is |
| --- | --- |
| `code` | the stable code, as `V0102` |
| `name` | the code's name, as `UnusedVariable` |
| `severity` | `error` or `warning` |
| `message` | the text; further lines of it begin with a tab |
| `file`, `line`, `column` | where it begins; lines and columns count from 1, columns in bytes |
| `endLine`, `endColumn` | just past the end of the place |
| `labels` | other places: objects with `message` and the keys of a place |
| `notes` | further sentences |
| `suggestion` | if there is one: `message`, and the `replacement` for a place |

The exit status is 1 if there are errors, as without the option.

";

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/diagnostics")
}

fn programs() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir()).expect("tests/diagnostics is there").flatten();
    let mut found: Vec<PathBuf> =
        entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "go")).collect();
    found.sort();
    assert!(found.len() >= 40, "programs are missing");
    found
}

/// What `vo check` shows on a terminal, without colour, and the lines of its errors.
fn ours(source: &str) -> (String, BTreeSet<u32>) {
    match Engine::new().check_text(&Text { name: "main.go", text: source.as_bytes() }) {
        Err(CompileError::Source(diagnostics)) => {
            (diagnostics.render(false, true), reported_lines(&diagnostics.render(false, false)))
        }
        other => panic!("not rejected: {other:?}\n{source}"),
    }
}

/// The lines of `main.go` that have an error, from text in Go's form.
fn reported_lines(text: &str) -> BTreeSet<u32> {
    let place = |line: &str| {
        line.strip_prefix("./").unwrap_or(line).strip_prefix("main.go:")?.split(':').next()?.parse().ok()
    };
    text.lines().filter_map(place).collect()
}

/// What Go says: recorded, or asked for now.
fn theirs(program: &Path, source: &str) -> String {
    let recorded = program.with_extension("txt");
    let Some(go) = std::env::var_os("VO_GO") else {
        return std::fs::read_to_string(&recorded).expect("Go's text is recorded");
    };
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("main.go"), source).expect("written");
    let mut command = Command::new(go);
    command
        .args(["build", "-o", "out", "main.go"])
        .current_dir(dir.path())
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "");
    let output = command.output().expect("go runs");
    let text = String::from_utf8_lossy(&output.stderr).replace("# command-line-arguments\n", "");
    // Where the toolchain stands is not part of what it says.
    let text: String = text.lines().map(|l| l.split(" (/").next().unwrap_or(l).to_owned() + "\n").collect();
    std::fs::write(&recorded, &text).expect("recorded");
    text
}

fn section(program: &Path, wrong: &mut Vec<String>) -> String {
    let text = std::fs::read_to_string(program).expect("readable");
    let (title, source) = text.split_once("\n\n").expect("a title and a program");
    let title = title.trim_start_matches("// ").trim_end_matches('.');
    let go = theirs(program, source);
    let (shown, lines) = ours(source);
    if !reported_lines(&go).is_subset(&lines) {
        wrong.push(format!("{}: Go says\n{go}and we say\n{shown}", program.display()));
    }
    let mut out = String::new();
    let _ = write!(
        out,
        "## {title}\n\n```go\n{source}```\n\n`go build`\n\n```text\n{go}```\n\n`vo check`\n\n```text\n{shown}```\n\n"
    );
    out
}

#[test]
fn common_mistakes_are_reported_at_least_as_well() {
    let mut wrong = Vec::new();
    let page: String = programs().iter().map(|p| section(p, &mut wrong)).collect();
    let page = format!("{HEAD}{}\n", page.trim_end());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/diagnostics.md");
    if std::env::var_os("VO_BLESS").is_some() {
        return std::fs::write(path, page).expect("written");
    }
    let known = std::fs::read_to_string(path).unwrap_or_default();
    for (i, (want, got)) in known.lines().zip(page.lines()).enumerate() {
        assert_eq!(want, got, "docs/diagnostics.md:{} is out of date; VO_BLESS=1 rewrites it", i + 1);
    }
    assert_eq!(
        known.lines().count(),
        page.lines().count(),
        "docs/diagnostics.md is out of date; VO_BLESS=1 rewrites it"
    );
}
