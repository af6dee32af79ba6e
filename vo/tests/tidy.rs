//! Manners as tests: the arrows between crates, file headers, the homes of unsafe
//! code, files that have become two thoughts. Each failure says what to do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The arrows of the architecture; a crate depends on these and no others.
const ARROWS: &[(&str, &[&str])] = &[
    ("vo-syntax", &[]),
    ("vo-types", &["vo-syntax"]),
    ("vo-bytecode", &[]),
    ("vo-tools", &["vo-syntax", "vo-types"]),
    ("vo-codegen", &["vo-syntax", "vo-types", "vo-bytecode"]),
    ("vo-sched", &[]),
    ("vo-runtime", &["vo-bytecode", "vo-sched"]),
    ("vo-vm", &["vo-runtime", "vo-sched", "vo-bytecode"]),
    ("vo-jit", &["vo-runtime", "vo-bytecode"]),
    ("vo-std", &["vo-runtime", "vo-vm", "vo-sched", "vo-bytecode"]),
];

/// Crates whose root forbids unsafe code.
const SAFE_CRATES: &[&str] = &["vo-syntax", "vo-types", "vo-bytecode", "vo-codegen", "vo-tools"];

/// Lines past which a file is asked whether it is still one thought.
const LONG_FILE: usize = 1200;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn walk(dir: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|n| n != "target" && n != ".git") {
            walk(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
}

fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&root(), "rs", &mut found);
    found.sort();
    assert!(found.len() > 50, "the walk finds the sources");
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn none(wrong: Vec<String>, lesson: &str) {
    assert!(wrong.is_empty(), "{lesson}\n  {}", wrong.join("\n  "));
}

#[test]
fn crates_depend_only_along_the_arrows() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, allowed) in &allowed {
        let Ok(manifest) = std::fs::read_to_string(root().join(name).join("Cargo.toml")) else { continue };
        let section = manifest.split("\n[dependencies]").nth(1).unwrap_or("");
        let section = section.split("\n[").next().unwrap_or("");
        for line in section.lines() {
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or("");
            if dependency.starts_with("vo-") && !allowed.contains(&dependency) {
                wrong.push(format!("{name} -> {dependency}"));
            }
        }
    }
    none(
        wrong,
        "An arrow that ARCHITECTURE.md does not have; crates meet in contracts, see the table there:",
    );
}

#[test]
fn every_file_opens_with_what_it_is() {
    let opens = |p: &PathBuf| {
        let text = std::fs::read_to_string(p).unwrap_or_default();
        text.starts_with("//!") || text.starts_with("/*!")
    };
    // Build scripts of a few lines say what they are in their only comment.
    let wrong =
        rust_files().iter().filter(|p| !opens(p) && !p.ends_with("build.rs")).map(|p| shown(p)).collect();
    none(wrong, "A file begins with a `//!` header: what it is, the idea, what must stay true:");
}

#[test]
fn safe_crates_forbid_unsafe_code() {
    let forbids = |name: &&&str| {
        let lib = std::fs::read_to_string(root().join(name).join("src/lib.rs")).unwrap_or_default();
        lib.contains("#![forbid(unsafe_code)]")
    };
    let wrong = SAFE_CRATES.iter().filter(|n| !forbids(n)).map(|n| n.to_string()).collect();
    none(wrong, "These crates produce data, and data needs no unsafe; put `#![forbid(unsafe_code)]` back:");
}

#[test]
fn the_lower_crates_neither_print_nor_exit_nor_read_the_environment() {
    let forbidden =
        ["println!(", "eprintln!(", "print!(", "eprint!(", "process::exit", "env::var", "env::args"];
    let mut wrong = Vec::new();
    for path in rust_files() {
        let name = shown(&path);
        let library = name.starts_with("vo-") && name.contains("/src/");
        let library = library && !name.contains("/tests") && !name.contains("/models/");
        if !library {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for (i, line) in code.lines().enumerate() {
            let line = line.trim_start();
            if !line.starts_with("//") && forbidden.iter().any(|f| line.contains(f)) {
                wrong.push(format!("{name}:{}: {line}", i + 1));
            }
        }
    }
    none(wrong, "Only the `vo` command prints, exits and reads the environment; answer data instead:");
}

#[test]
fn files_are_one_thought() {
    let lines = |p: &PathBuf| std::fs::read_to_string(p).unwrap_or_default().lines().count();
    let long = rust_files().into_iter().map(|p| (lines(&p), p)).filter(|(n, _)| *n > LONG_FILE);
    let wrong = long.map(|(n, p)| format!("{} has {n} lines", shown(&p))).collect();
    none(wrong, "A file this long has become two ideas; split it by idea:");
}

#[test]
fn nothing_unfinished_is_left_in_the_sources() {
    let signs = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME")];
    let mut wrong = Vec::new();
    for path in rust_files() {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for (i, line) in text.lines().enumerate() {
            if signs.iter().any(|s| line.contains(s)) {
                wrong.push(format!("{}:{}: {}", shown(&path), i + 1, line.trim()));
            }
        }
    }
    none(wrong, "What is not there yet fails with a clear error that says so:");
}
