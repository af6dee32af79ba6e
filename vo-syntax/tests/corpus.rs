//! The parser over all of Go's own sources, where they are present.
//!
//! The corpora are looked for in `$VO_CORPORA`, else in `~/.cache/vo-corpora`: `go1.27/src` (the library and
//! the tools, every file of which parses) and `test1.19` (Go's test programs, many of which are wrong on
//! purpose, and must only not break the parser). Without them the tests pass and say so.

use std::path::{Path, PathBuf};
use std::time::Instant;
use vo_syntax::ast::NodeIds;
use vo_syntax::diag::render;
use vo_syntax::parser::{Options, parse_file};
use vo_syntax::source::{Dialect, SourceMap};

fn corpus(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("VO_CORPORA").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/vo-corpora"));
    let dir = root.or(home)?.join(name);
    if !dir.is_dir() {
        eprintln!("corpus {name} is not here; nothing tested");
        return None;
    }
    Some(dir)
}

fn go_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            go_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "go") {
            out.push(path);
        }
    }
}

/// Files that are there to be refused.
fn is_meant_to_fail(path: &Path, text: &[u8]) -> bool {
    let testdata = path.components().any(|c| c.as_os_str() == "testdata");
    let says_so = text.windows(5).any(|w| w == b"ERROR");
    testdata || says_so
}

#[test]
fn library_parses() {
    let Some(dir) = corpus("go1.27/src") else { return };
    let mut paths = Vec::new();
    go_files(&dir, &mut paths);
    let mut map = SourceMap::new();
    let mut ids = Vec::new();
    for path in &paths {
        let text = std::fs::read(path).unwrap();
        if !is_meant_to_fail(path, &text) {
            ids.push(map.add(&path.to_string_lossy(), text).unwrap());
        }
    }
    let nodes = NodeIds::new();
    let start = Instant::now();
    let mut failures = String::new();
    for &id in &ids {
        for d in parse_file(&map, id, &nodes, Options::default()).diagnostics {
            failures.push_str(&render(&map, &d, false, true));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let lines: u32 = map.files().iter().map(|f| f.line_count()).sum();
    let rate = f64::from(lines) / seconds / 1e6;
    eprintln!("{} files, {lines} lines, {} nodes, {rate:.2} M lines/s", ids.len(), nodes.bound());
    assert!(failures.is_empty(), "{failures}");
}

/// Every file of the test programs, in both dialects, whole and cut off in the middle: no panic.
#[test]
fn nothing_breaks_the_parser() {
    let Some(dir) = corpus("test1.19") else { return };
    let mut paths = Vec::new();
    go_files(&dir, &mut paths);
    for path in &paths {
        let text = std::fs::read(path).unwrap();
        let cut = text[..text.len() * 2 / 3].to_vec();
        for (text, dialect) in [(text.clone(), Dialect::Go), (text, Dialect::Vo), (cut, Dialect::Go)] {
            let mut map = SourceMap::new();
            let id = map.add_with_dialect(&path.to_string_lossy(), text, dialect).unwrap();
            let parsed =
                parse_file(&map, id, &NodeIds::new(), Options { comments: true, ..Options::default() });
            for d in &parsed.diagnostics {
                render(&map, d, true, true);
            }
        }
    }
}
