//! Programs with their type errors written beside them.
//!
//! Each file in `tests/check` is a package. A line that has errors ends in
//! `// ERROR "column: message" …`, one string per error, and the errors of a file must be exactly
//! these. `VO_BLESS=1` rewrites the comments. The files in Go were first marked with what Go's own
//! compiler says.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use vo_syntax::diag::Diagnostic;
use vo_syntax::parser::{Options, parse_file};
use vo_types::{Importer, PackageMode, PackageSource, World, check_package};

/// What little the tests import.
const PACKAGES: &[(&str, &str)] = &[
    ("fmt", "package fmt\ntype Stringer interface{ String() string }\nfunc Println(a ...any) {}"),
    ("os", "package os\nvar Args []string\nvar hidden int"),
    ("strings", "package strings\nfunc ToUpper(s string) string { return s }"),
    ("time", "package time\ntype Time struct{ sec int }"),
    // What constructs of Vo stand on.
    ("dyn", "package dyn"),
    ("internal/assertion", "package assertion"),
];

struct Fake;

impl Importer for Fake {
    fn load(&mut self, world: &World, path: &str) -> Result<PackageSource, String> {
        match PACKAGES.iter().find(|(p, _)| *p == path) {
            Some((_, text)) => Ok(package(world, path, &format!("{path}.go"), text)),
            None => Err(format!("package {path} is not in std")),
        }
    }
}

fn package(world: &World, path: &str, name: &str, text: &str) -> PackageSource {
    let Ok(id) = world.sources.borrow_mut().add(name, text) else { panic!("source map full") };
    let parsed = parse_file(&world.sources.borrow(), id, &world.node_ids, Options::default());
    let (path, dir) = (path.to_owned(), String::new());
    PackageSource {
        path,
        dir,
        files: vec![parsed.file],
        mode: PackageMode::Full,
        diagnostics: parsed.diagnostics,
    }
}

fn check(name: &str, text: &str) -> (World, Vec<Diagnostic>) {
    let world = World::new();
    let source = package(&world, "p", name, text);
    let (_, diagnostics) = check_package(&world, source, &mut Fake);
    (world, diagnostics)
}

/// The text with its ERROR comments replaced by what the checker reports.
fn marked(name: &str, text: &str) -> String {
    let bare: Vec<&str> = text.lines().map(|l| l.split(" // ERROR ").next().unwrap_or(l)).collect();
    let (world, diagnostics) = check(name, &bare.join("\n"));
    let mut errors: BTreeMap<u32, Vec<(u32, String)>> = BTreeMap::new();
    for d in diagnostics {
        let at = world.sources.borrow().lookup(d.span.start);
        errors.entry(at.line).or_default().push((at.col, d.message));
    }
    let mut out = String::new();
    for (i, line) in bare.iter().enumerate() {
        out.push_str(line);
        let mut here = errors.remove(&(i as u32 + 1)).unwrap_or_default();
        here.sort();
        for (n, (col, message)) in here.into_iter().enumerate() {
            let message = message.replace('\\', "\\\\").replace('"', "\\\"");
            let message = message.replace('\n', "\\n").replace('\t', "\\t");
            let _ = write!(out, "{} \"{col}: {message}\"", if n == 0 { " // ERROR" } else { "" });
        }
        out.push('\n');
    }
    assert!(errors.is_empty(), "errors outside of the file: {errors:?}");
    out
}

fn difference(want: &str, got: &str) -> String {
    let mut out = String::new();
    for (i, (w, g)) in want.lines().zip(got.lines()).enumerate() {
        if w != g {
            let _ = writeln!(out, "  line {}\n  - {w}\n  + {g}", i + 1);
        }
    }
    out
}

#[test]
fn errors_are_as_marked() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check");
    let Ok(entries) = std::fs::read_dir(&dir) else { panic!("no tests/check") };
    let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    let mut failures = String::new();
    for path in &paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(text) = std::fs::read_to_string(path) else { panic!("unreadable {name}") };
        let text = if text.ends_with('\n') { text } else { text + "\n" };
        let got = marked(&name, &text);
        if got == text {
            continue;
        }
        if std::env::var_os("VO_BLESS").is_some() {
            assert!(std::fs::write(path, got).is_ok(), "cannot write {name}");
        } else {
            let _ = writeln!(failures, "{name}:\n{}", difference(&text, &got));
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(paths.len() > 15, "tests are missing");
}

/// Long chains of operators must not exhaust the stack.
#[test]
fn long_chains() {
    let text = format!("package p\nconst s = {}\nvar n = {}\n", vec!["\"a\""; 3000].join(" + "), {
        vec!["x"; 3000].join(" + ") + "\nvar x = 1"
    });
    let (world, diagnostics) = check("chain.go", &text);
    assert!(diagnostics.is_empty(), "{:?}", diagnostics.first());
    let Some(pkg) = world.package_by_path("p") else { panic!("no package") };
    let Some(s) = world.lookup_in_package(pkg, "s") else { panic!("no s") };
    assert_eq!(world.const_of(s).and_then(|c| c.as_bytes()).map(|b| b.len()), Some(3000));
}

/// One type may be part of another in very many ways: walking all of them would take for ever.
#[test]
fn chains_of_types() {
    let shapes = [
        "struct { a, b T# }",
        "G[T#, T#]",
        "= G[T#, T#]",
        "= struct { a, b T# }",
        "func(T#, T#) T#",
        "[2]T#",
    ];
    for shape in shapes {
        let mut text =
            "package p\nimport \"unsafe\"\ntype G[A, B any] struct { a A; b B }\ntype T0 bool\n".to_owned();
        for i in 1..=60 {
            let _ = writeln!(text, "type T{i} {}", shape.replace('#', &(i - 1).to_string()));
        }
        text += "var v T60\nvar _ = unsafe.Sizeof(v)\nvar m map[string]T60\nvar x int = v\n";
        let (_, diagnostics) = check("chain.go", &text);
        let [only] = &diagnostics[..] else { panic!("{shape}: {diagnostics:?}") };
        assert!(
            only.message.starts_with("cannot use v (variable of") && only.message.len() < 10_000,
            "{only:?}"
        );
    }
    let mut deep = "package p\ntype T0 int\n".to_owned();
    for i in 1..=1500 {
        let _ = writeln!(deep, "type T{i} struct {{ t T{} }}", i - 1);
    }
    let (_, diagnostics) = check("deep.go", &deep);
    let messages: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(messages, ["type T1000 contains types more than 1000 levels deep"]);
}
