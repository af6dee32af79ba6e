//! The checker against a directory of Go test programs.
//!
//! `VO_CORPUS=DIR cargo test -p vo-types --test corpus -- --nocapture` looks at every file below
//! DIR that begins with `// errorcheck` and imports nothing that DIR/../src lacks: a line with an
//! `// ERROR` comment must have an error, any other line none. It prints how many files agree
//! and fails if that share falls below what has been reached. Without the variable it does
//! nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use vo_syntax::parser::{Options, parse_file};
use vo_types::{NoImports, PackageMode, PackageSource, World, check_package};

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && path.extension().is_none() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "go") {
            out.push(path);
        }
    }
}

/// Lines where the file expects an error.
fn expected(text: &str) -> BTreeSet<u32> {
    let marks = |line: &str| line.contains("// ERROR") && !line.contains("// ERRORAUTO");
    text.lines().enumerate().filter(|(_, l)| marks(l)).map(|(i, _)| i as u32 + 1).collect()
}

/// Lines where the checker finds one; `None` for files outside of this test's scope.
fn found(path: &Path, text: &str) -> Option<BTreeSet<u32>> {
    let world = World::new();
    let name = path.display().to_string();
    let id = world.sources.borrow_mut().add(&name, text).ok()?;
    let parsed = parse_file(&world.sources.borrow(), id, &world.node_ids, Options::default());
    if parsed.file.imports().any(|i| &*i.path.raw != "\"unsafe\"") {
        return None;
    }
    let diagnostics = if parsed.checkable {
        let source = PackageSource {
            path: "p".to_owned(),
            dir: String::new(),
            files: vec![parsed.file],
            mode: PackageMode::Full,
            diagnostics: parsed.diagnostics,
        };
        check_package(&world, source, &mut NoImports).1
    } else {
        parsed.diagnostics
    };
    Some(diagnostics.iter().map(|d| world.sources.borrow().lookup(d.span.start).line).collect())
}

#[test]
fn lines_with_errors_agree() {
    let Some(dir) = std::env::var_os("VO_CORPUS") else { return };
    let mut paths = Vec::new();
    files(Path::new(&dir), &mut paths);
    let (mut total, mut agree) = (0, 0);
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if text.lines().next().is_none_or(|first| first.trim() != "// errorcheck") {
            continue;
        }
        let Some(lines) = found(&path, &text) else { continue };
        total += 1;
        if lines == expected(&text) {
            agree += 1;
        } else {
            println!("differs: {}", path.display());
        }
    }
    println!("{agree} of {total} files agree");
    assert!(agree * 100 >= total * 85, "fewer files agree than before");
}
