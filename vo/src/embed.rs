//! The files that patterns of `//go:embed` mean.
//!
//! A pattern is a path with wildcards below the package's directory. A directory stands for all files in it, but
//! for those whose names begin with `.` or `_` (unless the pattern begins with `all:`) and for other modules.

use std::collections::BTreeMap;
use std::path::Path;

use vo_types::embed::EmbeddedFile;

/// The files that the patterns mean, with the directories that they lie in, sorted by name.
///
/// # Errors
/// `pattern PATTERN: …`
pub fn files(dir: &Path, patterns: &[String]) -> Result<Vec<EmbeddedFile>, String> {
    let mut found: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    for pattern in patterns {
        let wrong = |why: &str| format!("pattern {pattern}: {why}");
        let (all, glob) = match pattern.strip_prefix("all:") {
            Some(glob) => (true, glob),
            None => (false, pattern.as_str()),
        };
        if !is_valid(glob) {
            return Err(wrong("invalid pattern syntax"));
        }
        let mut matched = Vec::new();
        matches(dir, "", &glob.split('/').collect::<Vec<_>>(), &mut matched);
        if matched.is_empty() {
            return Err(wrong("no matching files found"));
        }
        for name in matched {
            let before = found.len();
            let path = dir.join(&name);
            if path.is_dir() {
                tree(&path, &name, all, &mut found);
                if found.len() == before && !found.keys().any(|k| k.starts_with(&format!("{name}/"))) {
                    return Err(wrong(&format!(
                        "cannot embed directory {name}: contains no embeddable files"
                    )));
                }
            } else if path.is_symlink() || !path.is_file() {
                return Err(wrong(&format!("cannot embed irregular file {name}")));
            } else {
                let text = std::fs::read(&path).map_err(|e| wrong(&e.to_string()))?;
                found.insert(name, Some(text));
            }
        }
    }
    let names: Vec<String> = found.keys().cloned().collect();
    for name in names {
        for (at, _) in name.match_indices('/') {
            found.entry(name[..at].to_owned()).or_insert(None);
        }
    }
    Ok(found.into_iter().map(|(name, text)| EmbeddedFile { name, text }).collect())
}

/// Whether a pattern is a clean relative path.
fn is_valid(glob: &str) -> bool {
    glob != "." && glob.split('/').all(|part| !matches!(part, "" | "." | "..")) && !unbalanced(glob)
}

fn unbalanced(glob: &str) -> bool {
    glob.matches('[').count() != glob.matches(']').count() || glob.ends_with('\\')
}

/// Goes along a pattern, one directory per part.
fn matches(dir: &Path, prefix: &str, parts: &[&str], found: &mut Vec<String>) {
    let [part, rest @ ..] = parts else { return };
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    for name in names {
        if !matches_part(part.as_bytes(), name.as_bytes()) {
            continue;
        }
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if rest.is_empty() {
            found.push(path);
        } else {
            matches(&dir.join(&name), &path, rest, found);
        }
    }
}

/// Whether a name matches a part of a pattern: `*`, `?`, `[a-z]`, `[^a]`, `\c`.
fn matches_part(glob: &[u8], name: &[u8]) -> bool {
    match (glob, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=name.len()).any(|skip| matches_part(rest, &name[skip..])),
        ([b'?', rest @ ..], [_, ..]) => {
            let width = name.iter().skip(1).take_while(|&&b| b & 0xc0 == 0x80).count() + 1;
            matches_part(rest, &name[width..])
        }
        ([b'[', rest @ ..], [c, tail @ ..]) => match class(rest, *c) {
            Some((hit, rest)) => hit && matches_part(rest, tail),
            None => false,
        },
        ([b'\\', c, rest @ ..], [d, tail @ ..]) => c == d && matches_part(rest, tail),
        ([c, rest @ ..], [d, tail @ ..]) => c == d && matches_part(rest, tail),
        _ => false,
    }
}

/// Whether a character is of the class whose text begins after `[`; and what follows the class.
fn class(glob: &[u8], c: u8) -> Option<(bool, &[u8])> {
    let (negated, mut rest) = match glob {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, glob),
    };
    let mut hit = false;
    loop {
        match rest {
            [b']', after @ ..] => return Some((hit != negated, after)),
            [low, b'-', high, after @ ..] if *high != b']' => {
                hit |= (*low..=*high).contains(&c);
                rest = after;
            }
            [one, after @ ..] => {
                hit |= *one == c;
                rest = after;
            }
            [] => return None,
        }
    }
}

fn tree(dir: &Path, name: &str, all: bool, found: &mut BTreeMap<String, Option<Vec<u8>>>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let Ok(file) = entry.file_name().into_string() else { continue };
        if !all && file.starts_with(['.', '_']) {
            continue;
        }
        let path = entry.path();
        let inner = format!("{name}/{file}");
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            let other_module = ["go.mod", "vo.mod"].iter().any(|m| path.join(m).exists());
            if !other_module {
                tree(&path, &inner, all, found);
            }
        } else if kind.is_file()
            && let Ok(text) = std::fs::read(&path)
        {
            found.insert(inner, Some(text));
        }
    }
}
