//! The checks of `vo vet` against programs that say what is to be found: `// ERROR "pattern"` stands on each line
//! that has a mistake (several patterns for several), and nowhere else.

mod common;

use common::{Disk, package};
use regex::Regex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use vo_syntax::diag::Code;
use vo_tools::vet::{Options, vet};
use vo_types::{PackageMode, World, check_package};

/// The warnings for some files: line and text, errors of the checker included where there are any.
fn warnings(files: &[(String, Vec<u8>)], options: Options) -> Vec<(String, u32, String)> {
    let world = World::new();
    let source = package(&world, "p", files.to_vec(), PackageMode::Full);
    let (pkg, errors) = check_package(&world, source, &mut Disk);
    let found = vet(&world, pkg, options);
    let sources = world.sources.borrow();
    let shown = |d: &vo_syntax::diag::Diagnostic| {
        let at = sources.lookup(d.span.start);
        (at.file.to_string(), at.line, d.message.clone())
    };
    errors
        .iter()
        .map(|d| {
            let (f, l, m) = shown(d);
            (f, l, format!("error: {m}"))
        })
        .chain(found.iter().map(shown))
        .collect()
}

/// The patterns that a file expects, by line.
fn expected(text: &str) -> BTreeMap<u32, Vec<String>> {
    let mut expected: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let quoted = Regex::new("\"((?:[^\"\\\\]|\\\\.)*)\"|`([^`]*)`").expect("a pattern");
    for (i, line) in text.lines().enumerate() {
        let Some((_, rest)) = line.split_once("// ERROR ") else { continue };
        for c in quoted.captures_iter(rest) {
            let pattern = match (c.get(1), c.get(2)) {
                (Some(s), _) => s.as_str().replace("\\\"", "\"").replace("\\\\", "\\"),
                (_, Some(s)) => s.as_str().to_owned(),
                _ => continue,
            };
            expected.entry(i as u32 + 1).or_default().push(pattern);
        }
    }
    expected
}

/// What is found and not expected, or expected and not found.
fn differences(files: &[PathBuf], options: Options) -> Vec<String> {
    let texts: Vec<(String, Vec<u8>)> =
        files.iter().map(|f| (f.display().to_string(), std::fs::read(f).expect("a file"))).collect();
    let mut found = warnings(&texts, options);
    let mut wrong = Vec::new();
    for (name, text) in &texts {
        for (line, patterns) in expected(&String::from_utf8_lossy(text)) {
            for pattern in patterns {
                let literal = || Regex::new(&regex::escape(&pattern.replace('\\', ""))).expect("a pattern");
                let regex = Regex::new(&pattern).unwrap_or_else(|_| literal());
                let here = |(f, l, m): &(String, u32, String)| f == name && *l == line && regex.is_match(m);
                match found.iter().position(here) {
                    Some(i) => drop(found.remove(i)),
                    None => wrong.push(format!("{name}:{line}: nothing like {pattern:?}")),
                }
            }
        }
    }
    wrong.extend(found.iter().map(|(f, l, m)| format!("{f}:{l}: unexpected: {m}")));
    wrong
}

fn programs(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(dir).expect("a directory").flatten().map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "vo" || e == "go"));
    files.sort();
    files
}

#[test]
fn programs_say_what_is_found() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vet");
    let mut wrong = Vec::new();
    for file in programs(&dir) {
        // Only loops of before Go 1.22 share their variables.
        let old = file.file_name().is_some_and(|n| n.to_string_lossy().starts_with("old_"));
        wrong.extend(differences(&[file], Options { loop_variables_per_turn: !old }));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_check_has_an_example_that_shows_it() {
    for &code in Code::ALL.iter().filter(|c| (700..800).contains(&c.number()) && !c.example().is_empty()) {
        let world = World::new();
        let text = vec![("x.vo".to_owned(), code.example().as_bytes().to_vec())];
        let source = package(&world, "p", text, PackageMode::Full);
        let (pkg, errors) = check_package(&world, source, &mut Disk);
        assert!(errors.is_empty(), "{code}: {errors:?}");
        let found: Vec<Code> = vet(&world, pkg, Options::default()).iter().map(|d| d.code).collect();
        assert!(found.contains(&code), "{code}: {found:?}");
    }
}

#[test]
fn the_library_has_no_such_mistakes() {
    let mut wrong = Vec::new();
    for name in ["sync", "context", "fmt", "log", "strings", "bufio", "errors", "sort", "time", "io", "os"] {
        let world = World::new();
        let files = programs(&common::library().join(name));
        let texts =
            files.iter().map(|f| (f.display().to_string(), std::fs::read(f).expect("a file"))).collect();
        let source = package(&world, name, texts, PackageMode::Full);
        let (pkg, _) = check_package(&world, source, &mut Disk);
        for d in vet(&world, pkg, Options::default()) {
            wrong.push(vo_syntax::diag::render(&world.sources.borrow(), &d, false, false));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

/// Go's own test files, where a Go distribution is present: for looking at the differences.
#[test]
#[ignore = "needs a Go distribution"]
fn gos_own_tests() {
    let Some(home) = std::env::home_dir() else { return };
    let dir = home.join(".cache/vo-corpora/go1.27/src/cmd/vet/testdata");
    for check in [
        "copylock",
        "assign",
        "atomic",
        "bool",
        "nilfunc",
        "print",
        "structtag",
        "unused",
        "lostcancel",
        "waitgroup",
        "deadcode",
        "rangeloop",
        "composite",
    ] {
        let files = programs(&dir.join(check));
        let old = check == "rangeloop";
        let wrong = differences(&files, Options { loop_variables_per_turn: !old });
        println!("== {check}: {} differences", wrong.len());
        wrong.iter().for_each(|w| println!("{}", w.rsplit_once("testdata/").map_or(w.as_str(), |(_, w)| w)));
    }
}
