//! The formatter against Go's own sources, which are formatted with gofmt: how many files it would change.
//! Runs where a Go distribution is: `VO_GO_SOURCES` names its `src` directory.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use vo_syntax::format::{FormatError, format_source};
use vo_syntax::lexer::Lexer;
use vo_syntax::source::SourceMap;
use vo_syntax::token::Token;

/// The sources of the distribution, if there is one.
fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("VO_GO_SOURCES").map(PathBuf::from);
    let usual = std::env::home_dir().map(|home| home.join(".cache/vo-corpora/go1.27/src"));
    named.or(usual).filter(|dir| dir.is_dir())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "testdata" {
                collect(&path, files);
            }
        } else if name.to_string_lossy().ends_with(".go") {
            files.push(path);
        }
    }
}

/// Calls `check` for all files, on several threads with room for deep recursion.
fn for_all(files: &[PathBuf], check: impl Fn(&Path) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let work = || {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(file);
                }
            };
            let builder = std::thread::Builder::new().stack_size(64 << 20);
            builder.spawn_scoped(scope, work).expect("a thread");
        }
    });
}

#[test]
#[ignore = "reads the whole of Go's library: cargo test -p vo-syntax --test format_corpus -- --ignored"]
fn gos_library_does_not_change() {
    let Some(dir) = corpus() else { return };
    let mut files = Vec::new();
    collect(&dir, &mut files);
    files.sort();
    let changed = Mutex::new(Vec::new());
    for_all(&files, |path| {
        let text = std::fs::read(path).expect("a source");
        let verdict = match format_source(&path.to_string_lossy(), &text) {
            Ok(new) if new.as_bytes() == text => return,
            Ok(new) => {
                let line = text.split(|&b| b == b'\n').zip(new.as_bytes().split(|&b| b == b'\n'));
                let line = line.take_while(|(a, b)| a == b).count() + 1;
                format!("{}:{line}: differs", path.display())
            }
            // Some files are meant not to compile.
            Err(FormatError::Syntax { .. }) => return,
            Err(error) => format!("{}: {error}", path.display()),
        };
        changed.lock().unwrap().push(verdict);
    });
    let mut changed = changed.into_inner().unwrap();
    changed.sort();
    changed.iter().take(200).for_each(|line| println!("{line}"));
    println!("{} of {} files differ", changed.len(), files.len());
    assert!(changed.len() * 100 <= files.len(), "{} of {} files differ", changed.len(), files.len());
}

/// Source with its layout spoilt: indentation, the blanks between tokens and alignment, but not its lines.
fn mangle(text: &str) -> String {
    let mut map = SourceMap::new();
    let id = map.add("x.go", text).expect("fits");
    let mut lexer = Lexer::new(map.file(id));
    lexer.keep_comments = true;
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    let file = map.file(id);
    loop {
        lexer.next();
        for comment in std::mem::take(&mut lexer.comments) {
            pieces.push((file.offset(comment.span.start) as usize, file.offset(comment.span.end) as usize));
        }
        if lexer.token == Token::Eof {
            break;
        }
        if lexer.end > lexer.start && text.as_bytes()[lexer.start] != b'\n' {
            pieces.push((lexer.start, lexer.end));
        }
    }
    pieces.sort();
    let mut out = String::new();
    let mut at = 0;
    let mut seed = 1u32;
    for (start, end) in pieces {
        // An inserted semicolon may cover a comment that has been kept already.
        if start < at {
            continue;
        }
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let gap = &text[at..start];
        let newlines = gap.matches('\n').count();
        if newlines > 0 {
            out.push_str(&"\n".repeat(newlines));
            // What stands in the first column may be documentation: its column has a meaning.
            let first_column = gap.ends_with('\n');
            out.push_str(if first_column {
                ""
            } else {
                [" ", "\t", "   ", "\t\t\t"][(seed >> 16) as usize % 4]
            });
        } else if !gap.is_empty() {
            out.push_str([" ", "  ", "\t"][(seed >> 16) as usize % 3]);
        }
        out.push_str(&text[start..end]);
        at = end;
    }
    out.push('\n');
    out
}

/// What gofmt makes of a text, if gofmt is there.
fn gofmt(dir: &Path, text: &str) -> Option<Option<String>> {
    use std::process::{Command, Stdio};
    let program = dir.parent()?.join("bin/gofmt");
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let text = text.to_owned();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, text.as_bytes()));
    let output = child.wait_with_output().ok()?;
    let _ = writer.join();
    Some(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[test]
#[ignore = "reads a part of Go's library: cargo test -p vo-syntax --test format_corpus -- --ignored"]
fn a_spoilt_layout_is_restored_as_gofmt_does() {
    let Some(dir) = corpus() else { return };
    let mut files = Vec::new();
    collect(&dir, &mut files);
    files.sort();
    let step = std::env::var("VO_FMT_STEP").ok().and_then(|s| s.parse().ok()).unwrap_or(23);
    let files: Vec<PathBuf> = files.into_iter().step_by(step).collect();
    let (differing, compared) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    for_all(&files, |path| {
        let Ok(text) = std::fs::read_to_string(path) else { return };
        let mangled = mangle(&text);
        let Ok(ours) = format_source("x.go", mangled.as_bytes()) else { return };
        let theirs = match gofmt(&dir, &mangled) {
            Some(Some(theirs)) => theirs,
            Some(None) => return,
            None => text,
        };
        compared.fetch_add(1, Ordering::Relaxed);
        let again = format_source("x.go", ours.as_bytes()).expect("our own layout");
        // gofmt itself sometimes needs two turns for a comment; where it needs one, so do we.
        let stable = again == ours || gofmt(&dir, &theirs).flatten().is_some_and(|g| g != theirs);
        if ours != theirs || !stable {
            let line = ours.lines().zip(theirs.lines()).take_while(|(a, b)| a == b).count() + 1;
            differing.lock().unwrap().push(format!("{}:{line} {stable}", path.display()));
        }
    });
    let differing = differing.into_inner().unwrap();
    differing.iter().take(100).for_each(|line| println!("{line}"));
    let compared = compared.into_inner();
    println!("{} of {compared} files differ", differing.len());
    assert!(differing.len() * 50 <= compared, "{} of {compared} files differ", differing.len());
}
