//! Go's own test programs, run by the conformance scripts where they are present
//! (in `$VO_CONFORMANCE`, or in `../shared/conformance` beside the checkout) and have
//! fetched their corpus (into `$VO_CORPORA`, or `.cache/vo-corpora` in the home folder).
//!
//! `tests/conformance/known_failures.txt` lists the programs that fail, each with
//! its reason; they must keep failing. The programs themselves are fetched at
//! run time and are never part of this repository.

use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The engines, with the directories of the corpus that each runs here: all, where `VO_MATRIX=full` is set.
const ENGINES: &[(&str, &str)] =
    &[("tiered", ALL_DIRS), ("interp", "chan,ken,interface"), ("jit", "chan,ken,interface")];
const ALL_DIRS: &str = ".,chan,ken,interface";

fn scripts() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance");
    let dir = std::env::var_os("VO_CONFORMANCE").map_or(beside, PathBuf::from);
    (dir.join("gotest.py").exists() && corpus().join("test1.19").exists()).then_some(dir)
}

/// Where the scripts keep the programs.
fn corpus() -> PathBuf {
    let home = std::env::var_os("HOME").map_or_else(PathBuf::new, PathBuf::from);
    std::env::var_os("VO_CORPORA").map_or(home.join(".cache/vo-corpora"), PathBuf::from)
}

fn known_failures() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/known_failures.txt");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let rows = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    rows.map(|l| {
        l.split_once('\t')
            .map_or((l.trim().into(), String::new()), |(n, r)| (n.trim().into(), r.trim().into()))
    })
    .collect()
}

/// Runs the corpus and compares what fails with the list.
fn run_corpus(dir: &Path, (engine, dirs): (&str, &str)) -> Result<(), Failed> {
    let temp = tempfile::tempdir()?;
    let json = temp.path().join("outcomes.json");
    let vo = format!("{} run {{file}}", env!("CARGO_BIN_EXE_vo"));
    let output = Command::new("python3")
        .arg(dir.join("gotest.py"))
        .args(["--vo", &vo, "--mode", "run", "--dirs", dirs, "--timeout", "120", "-j", "2", "--json"])
        .arg(&json)
        .env("VO_ENGINE", engine)
        .output()?;
    let report = String::from_utf8_lossy(&output.stdout);
    print!("{report}");
    let text = std::fs::read_to_string(&json).map_err(|_| {
        format!("the scripts did not run:\n{report}{}", String::from_utf8_lossy(&output.stderr))
    })?;
    let outcomes: Vec<serde_json::Value> = serde_json::from_str(&text)?;
    let named = |wanted: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
        outcomes
            .iter()
            .filter(|o| wanted(o["status"].as_str().unwrap_or("")))
            .map(|o| o["name"].as_str().unwrap_or("").to_string())
            .collect()
    };
    let failing = named(&|s| matches!(s, "fail" | "timeout" | "crash"));
    let passing = named(&|s| s == "pass");
    let known = known_failures();
    let mut wrong = Vec::new();
    for outcome in outcomes.iter().filter(|o| failing.contains(o["name"].as_str().unwrap_or(""))) {
        let name = outcome["name"].as_str().unwrap_or("");
        if !known.contains_key(name) {
            wrong.push(format!("{name} fails: {}", outcome["reason"].as_str().unwrap_or("")));
        }
    }
    for name in known.keys().filter(|n| passing.contains(*n)) {
        wrong.push(format!("{name} passes: take it off the list of known failures"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn main() {
    let arguments = Arguments::from_args();
    let full = std::env::var_os("VO_MATRIX").is_some_and(|value| value == "full");
    let trial = |&(engine, dirs): &(&'static str, &'static str)| {
        let (name, dirs) = (format!("go_test_corpus {engine}"), if full { ALL_DIRS } else { dirs });
        match scripts() {
            Some(dir) => Trial::test(name, move || run_corpus(&dir, (engine, dirs))),
            None => Trial::test(name, || Ok(())).with_ignored_flag(true),
        }
    };
    libtest_mimic::run(&arguments, ENGINES.iter().map(trial).collect()).exit();
}
