//! `go.mod` and `vo.mod`: the module's path, language version, requirements and replacements.
//!
//! A line is a directive and its arguments; several lines with the same directive can stand in parentheses.
//! Directives that this implementation has no use for (`exclude`, `retract`, `toolchain`, …) are read over;
//! unknown ones are errors.

use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, SourceFile, SourceMap, Span};

/// A module that this one needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Require {
    /// Its path.
    pub path: String,
    /// Its version, as written.
    pub version: String,
}

/// A `replace` line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replace {
    /// The module that is replaced.
    pub path: String,
    /// The version that is replaced; none for all.
    pub version: Option<String>,
    /// A directory (begins with `./`, `../` or `/`) or a module path.
    pub new_path: String,
    /// The version of a replacing module.
    pub new_version: Option<String>,
}

/// A module file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ModFile {
    /// The module's path; empty when the file does not say.
    pub path: String,
    /// The language version, as (major, minor).
    pub go: Option<(u32, u32)>,
    /// What it needs.
    pub require: Vec<Require>,
    /// What stands for what.
    pub replace: Vec<Replace>,
}

/// Parses a module file of the map.
pub fn parse_mod_file(map: &SourceMap, file: FileId) -> (ModFile, Vec<Diagnostic>) {
    let file = map.file(file);
    let mut parser = ModParser { file, module: ModFile::default(), diagnostics: Vec::new() };
    parser.run();
    (parser.module, parser.diagnostics)
}

struct ModParser<'a> {
    file: &'a SourceFile,
    module: ModFile,
    diagnostics: Vec<Diagnostic>,
}

impl ModParser<'_> {
    fn run(&mut self) {
        let mut block: Option<String> = None;
        let mut at = 0;
        for line in self.file.bytes().split(|&b| b == b'\n') {
            let span = self.span(at, line.len());
            at += line.len() + 1;
            let Ok(text) = std::str::from_utf8(line) else {
                self.error(span, "invalid UTF-8 encoding");
                continue;
            };
            let Some(words) = split_words(text) else {
                self.error(span, "unterminated string");
                continue;
            };
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match (&block, &words[..]) {
                (_, []) => {}
                (Some(_), [")"]) => block = None,
                (None, [directive, "("]) => block = Some((*directive).to_owned()),
                (Some(directive), args) => {
                    let directive = directive.clone();
                    self.directive(span, &directive, args);
                }
                (None, [directive, args @ ..]) => self.directive(span, directive, args),
            }
        }
        if block.is_some() {
            let end = self.file.end();
            self.error(Span::new(end, end), "missing )");
        }
    }

    fn span(&self, at: usize, length: usize) -> Span {
        Span::new(self.file.pos(at as u32), self.file.pos((at + length) as u32))
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(Code::InvalidModFile, span, message));
    }

    fn directive(&mut self, span: Span, directive: &str, args: &[&str]) {
        match (directive, args) {
            ("module", [path]) if self.module.path.is_empty() => self.module.path = (*path).to_owned(),
            ("module", [_]) => self.error(span, "repeated module statement"),
            ("go", [version]) => match parse_version(version) {
                Some(version) => self.module.go = Some(version),
                None => self.error(span, format!("invalid go version '{version}': must match format 1.23")),
            },
            ("require", [path, version]) => {
                let (path, version) = ((*path).to_owned(), (*version).to_owned());
                self.module.require.push(Require { path, version });
            }
            ("replace", args) => self.replace(span, args),
            ("exclude" | "retract" | "toolchain" | "godebug" | "tool" | "ignore", _) => {}
            ("module" | "go" | "require", _) => self.error(span, format!("usage: {}", usage(directive))),
            _ => self.error(span, format!("unknown directive: {directive}")),
        }
    }

    fn replace(&mut self, span: Span, args: &[&str]) {
        let owned = |s: &str| s.to_owned();
        let arrow = args.iter().position(|&a| a == "=>");
        let (old, new) = args.split_at(arrow.unwrap_or(args.len()));
        let (path, version) = match old {
            [path] => (owned(path), None),
            [path, version] => (owned(path), Some(owned(version))),
            _ => return self.error(span, format!("usage: {}", usage("replace"))),
        };
        let (new_path, new_version) = match new {
            [_, path] => (owned(path), None),
            [_, path, version] => (owned(path), Some(owned(version))),
            _ => return self.error(span, format!("usage: {}", usage("replace"))),
        };
        self.module.replace.push(Replace { path, version, new_path, new_version });
    }
}

fn usage(directive: &str) -> &'static str {
    match directive {
        "module" => "module module/path",
        "go" => "go 1.23",
        "require" => "require module/path v1.2.3",
        _ => "replace module/path [v1.2.3] => other/module v1.4 (or => ../local/directory)",
    }
}

/// `1.23`, `1.23.4` or `1.23rc1`: the first two numbers.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.split_once('.')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((major.parse().ok()?, rest[..digits].parse().ok()?))
}

/// The words of a line without its comment; words may be quoted. None when a quote is not closed.
fn split_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() && !rest.starts_with("//") {
        let (word, after) = match rest.chars().next() {
            Some(quote @ ('"' | '`')) => rest[1..].split_once(quote)?,
            Some('(' | ')') => rest.split_at(1),
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || c == '(' || c == ')');
                rest.split_at(end.unwrap_or(rest.len()))
            }
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (ModFile, Vec<String>) {
        let mut map = SourceMap::new();
        let id = map.add("go.mod", text).unwrap();
        let (module, diagnostics) = parse_mod_file(&map, id);
        let shown = diagnostics.iter().map(|d| format!("{}: {}", map.lookup(d.span.start).line, d.message));
        (module, shown.collect())
    }

    #[test]
    fn all_directives() {
        let (module, errors) = parse(
            "// A module.\nmodule \"example.com/a\"\n\ngo 1.27.1 // newest\ntoolchain go1.27.1\n\
             require (\n\texample.com/b v1.2.3 // indirect\n)\nexclude x v1\n\
             replace example.com/b => ../b\nreplace example.com/c v1 => example.com/d v2\n",
        );
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!((module.path.as_str(), module.go), ("example.com/a", Some((1, 27))));
        assert_eq!(module.require, [Require { path: "example.com/b".into(), version: "v1.2.3".into() }]);
        assert_eq!(module.replace.len(), 2);
        assert_eq!(module.replace[0].new_path, "../b");
        assert_eq!(module.replace[1].new_version.as_deref(), Some("v2"));
    }

    #[test]
    fn errors() {
        let (_, errors) = parse("module a\nmodule b\ngo one\nnonsense x\nreplace a\nrequire (\n");
        assert_eq!(errors.len(), 5, "{errors:?}");
    }
}
