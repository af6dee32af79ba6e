//! Which files belong to a build: `//go:build` lines, and the `_GOOS`, `_GOARCH` and `_test` endings of file
//! names.
//!
//! A [`Target`] is what is built for: operating system, architecture, language release, extra tags. A
//! [`Constraint`] is a parsed `//go:build` expression. Both `.go` and `.vo` files follow the same rules.

use std::fmt;

/// The newest Go release whose language and tags this implementation speaks.
pub const GO_RELEASE: (u32, u32) = (1, 27);

/// How deep a constraint may nest.
const MAX_DEPTH: u32 = 100;

/// A `//go:build` expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Constraint {
    /// A tag.
    Tag(String),
    /// `!x`
    Not(Box<Constraint>),
    /// `x && y`
    And(Box<Constraint>, Box<Constraint>),
    /// `x || y`
    Or(Box<Constraint>, Box<Constraint>),
}

/// Why a `//go:build` expression cannot be understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConstraintError {
    /// Byte offset in the expression.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConstraintError {}

impl fmt::Display for Constraint {
    /// The expression in its usual form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_parens = |x: &Constraint, parens: bool| if parens { format!("({x})") } else { x.to_string() };
        let is_or = |x: &Constraint| matches!(x, Constraint::Or(..));
        let is_and = |x: &Constraint| matches!(x, Constraint::And(..));
        match self {
            Constraint::Tag(tag) => f.write_str(tag),
            Constraint::Not(x) => {
                write!(f, "!{}", in_parens(x, is_and(x) || is_or(x)))
            }
            Constraint::And(x, y) => {
                write!(f, "{} && {}", in_parens(x, is_or(x)), in_parens(y, is_or(y)))
            }
            Constraint::Or(x, y) => {
                write!(f, "{} || {}", in_parens(x, is_and(x)), in_parens(y, is_and(y)))
            }
        }
    }
}

impl Constraint {
    /// Parses the text after `//go:build`.
    pub fn parse(text: &str) -> Result<Constraint, ConstraintError> {
        let mut parser = ConstraintParser { text, at: 0, depth: 0 };
        let parsed = parser.or()?;
        match parser.peek() {
            None => Ok(parsed),
            Some(token) => Err(parser.error(format!("unexpected token {token}"))),
        }
    }

    /// Whether the constraint holds, when `tag` says which tags do.
    pub fn eval(&self, tag: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Constraint::Tag(name) => tag(name),
            Constraint::Not(x) => !x.eval(tag),
            Constraint::And(x, y) => x.eval(tag) && y.eval(tag),
            Constraint::Or(x, y) => x.eval(tag) || y.eval(tag),
        }
    }

    /// The oldest release that the constraint admits, if it demands one (`go1.21 && linux` demands 1.21,
    /// `go1.21 || linux` none).
    pub fn go_version(&self) -> Option<(u32, u32)> {
        self.min_version(true)
    }

    /// The release demanded by the constraint (`positive`) or by its negation.
    fn min_version(&self, positive: bool) -> Option<(u32, u32)> {
        match self {
            Constraint::Tag(name) if positive => release_tag(name),
            Constraint::Tag(_) => None,
            Constraint::Not(x) => x.min_version(!positive),
            Constraint::And(x, y) | Constraint::Or(x, y) => {
                let (a, b) = (x.min_version(positive), y.min_version(positive));
                let both = matches!(self, Constraint::And(..)) == positive;
                if both { a.max(b) } else { a.min(b) }
            }
        }
    }
}

/// The release of a tag `go1.N`.
fn release_tag(tag: &str) -> Option<(u32, u32)> {
    let (major, minor) = tag.strip_prefix("go")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

struct ConstraintParser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> ConstraintParser<'a> {
    fn error(&self, message: impl Into<String>) -> ConstraintError {
        ConstraintError { offset: self.at, message: message.into() }
    }

    /// The next token: an operator, a parenthesis or a tag.
    fn peek(&mut self) -> Option<&'a str> {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        let first = rest.chars().next()?;
        let length = match first {
            '(' | ')' | '!' => 1,
            '&' | '|' if rest[1..].starts_with(first) => 2,
            c if is_tag_char(c) => rest.find(|c| !is_tag_char(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        Some(&rest[..length])
    }

    fn got(&mut self, token: &str) -> bool {
        let found = self.peek() == Some(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn or(&mut self) -> Result<Constraint, ConstraintError> {
        let mut x = self.and()?;
        while self.got("||") {
            x = Constraint::Or(Box::new(x), Box::new(self.and()?));
        }
        Ok(x)
    }

    fn and(&mut self) -> Result<Constraint, ConstraintError> {
        let mut x = self.not()?;
        while self.got("&&") {
            x = Constraint::And(Box::new(x), Box::new(self.not()?));
        }
        Ok(x)
    }

    fn not(&mut self) -> Result<Constraint, ConstraintError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("expression nests too deep"));
        }
        let parsed = if self.got("!") {
            if self.peek() == Some("!") {
                return Err(self.error("double negation not allowed"));
            }
            Constraint::Not(Box::new(self.not()?))
        } else {
            self.atom()?
        };
        self.depth -= 1;
        Ok(parsed)
    }

    fn atom(&mut self) -> Result<Constraint, ConstraintError> {
        if self.got("(") {
            let x = self.or()?;
            if !self.got(")") {
                return Err(self.error("missing close paren"));
            }
            return Ok(x);
        }
        match self.peek() {
            None => Err(self.error("unexpected end of expression")),
            Some(tag) if tag.starts_with(is_tag_char) => {
                self.at += tag.len();
                Ok(Constraint::Tag(tag.to_owned()))
            }
            Some(token) => Err(self.error(format!("unexpected token {token}"))),
        }
    }
}

fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// What is built for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Operating system, as in `GOOS`.
    pub os: String,
    /// Architecture, as in `GOARCH`.
    pub arch: String,
    /// Tags beyond those that follow from the rest.
    pub tags: Vec<String>,
    /// Whether files ending in `_test` belong to the build.
    pub tests: bool,
}

impl Target {
    /// The platform that this program itself was compiled for.
    pub fn host() -> Target {
        let os = match std::env::consts::OS {
            "macos" => "darwin",
            os => os,
        };
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            "loongarch64" => "loong64",
            "powerpc64" => "ppc64",
            arch => arch,
        };
        Target { os: os.into(), arch: arch.into(), tags: Vec::new(), tests: false }
    }

    /// Whether a tag holds for this target.
    pub fn has_tag(&self, tag: &str) -> bool {
        if tag == "vo" || tag == self.os || tag == self.arch || self.tags.iter().any(|t| t == tag) {
            return true;
        }
        match tag {
            "unix" => UNIX.contains(&self.os.as_str()),
            "linux" => self.os == "android",
            "solaris" => self.os == "illumos",
            "darwin" => self.os == "ios",
            _ => release_tag(tag).is_some_and(|version| version <= GO_RELEASE),
        }
    }

    /// Whether a file name's endings admit the file: `x_linux.go`, `x_amd64.go`, `x_linux_amd64.go`, and
    /// `x_test.go` in test builds only. Names that begin with `_` or `.` never belong to a build.
    pub fn admits_name(&self, name: &str) -> bool {
        if name.starts_with(['_', '.']) {
            return false;
        }
        let stem = name.split('.').next().unwrap_or(name);
        let (stem, test) = match stem.strip_suffix("_test") {
            Some(stem) => (stem, true),
            None => (stem, false),
        };
        if test && !self.tests {
            return false;
        }
        // What stands before the first underscore is never an ending.
        let Some((_, endings)) = stem.split_once('_') else { return true };
        let mut parts = endings.rsplit('_');
        let (last, before) = (parts.next().unwrap_or(""), parts.next());
        if ARCHES.contains(&last) {
            let os_fits = before.filter(|b| OSES.contains(b)).is_none_or(|os| self.has_tag(os));
            return os_fits && self.has_tag(last);
        }
        !OSES.contains(&last) || self.has_tag(last)
    }

    /// Whether a file's `//go:build` line (if it has one) admits it.
    pub fn admits_text(&self, text: &[u8]) -> Result<bool, ConstraintError> {
        match build_line(text) {
            None => Ok(true),
            Some((_, line)) => Ok(Constraint::parse(line)?.eval(&|tag| self.has_tag(tag))),
        }
    }
}

/// Whether a file holds tests, by its name.
pub fn is_test_file(name: &str) -> bool {
    name.ends_with("_test.go") || name.ends_with("_test.vo")
}

/// The expression of a file's `//go:build` line and its offset. The line stands before the package clause,
/// with nothing but blank lines and comments before it.
pub fn build_line(text: &[u8]) -> Option<(usize, &str)> {
    const MARK: &[u8] = b"//go:build";
    let mut at = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    while at < text.len() {
        let rest = &text[at..];
        let length = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        let line = &rest[..length];
        let body = line.trim_ascii();
        if body.starts_with(b"/*") {
            let close = rest.windows(2).position(|w| w == b"*/")?;
            at += close + 2;
            continue;
        }
        if let Some(expr) = body.strip_prefix(MARK)
            && expr.first().is_none_or(u8::is_ascii_whitespace)
        {
            let expr = std::str::from_utf8(expr).ok()?;
            let offset = expr.as_ptr() as usize - text.as_ptr() as usize;
            return Some((offset, expr));
        }
        if !body.is_empty() && !body.starts_with(b"//") {
            return None;
        }
        at += length + 1;
    }
    None
}

const UNIX: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
];

const OSES: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];

const ARCHES: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn linux() -> Target {
        Target { os: "linux".into(), arch: "amd64".into(), tags: vec!["extra".into()], tests: false }
    }

    fn holds(text: &str) -> bool {
        Constraint::parse(text).unwrap().eval(&|t| linux().has_tag(t))
    }

    #[test]
    fn expressions() {
        assert!(holds("linux && amd64 || never"));
        assert!(holds("!(windows || darwin) && unix && extra && go1.27 && vo"));
        assert!(!holds("go1.28"));
        assert!(!holds("linux && (arm64 || !extra)"));
        assert!(!holds("ignore"));
    }

    #[test]
    fn errors() {
        for text in ["", "(a", "a b", "a &&", "!!a", "a & b", "a)", "#", &"(".repeat(10_000)] {
            assert!(Constraint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn versions() {
        let version = |text: &str| Constraint::parse(text).unwrap().go_version();
        assert_eq!(version("go1.21"), Some((1, 21)));
        assert_eq!(version("linux && go1.20 && go1.22"), Some((1, 22)));
        assert_eq!(version("go1.20 || go1.22"), Some((1, 20)));
        assert_eq!(version("linux || go1.22"), None);
        assert_eq!(version("!go1.22"), None);
    }

    #[test]
    fn names() {
        let target = linux();
        for name in
            ["a.go", "a_linux.go", "a_linux_amd64.vo", "linux.go", "a_b.go", "a_amd64.go", "x_unix.go"]
        {
            assert!(target.admits_name(name), "{name}");
        }
        for name in ["a_windows.go", "a_arm64.go", "a_windows_amd64.go", "a_test.go", "_a.go", ".a.go"] {
            assert!(!target.admits_name(name), "{name}");
        }
        let tests = Target { tests: true, ..linux() };
        assert!(tests.admits_name("a_linux_test.go") && !tests.admits_name("a_windows_test.go"));
    }

    #[test]
    fn lines() {
        let text = b"// Comment.\n\n/* more\n*/\n//go:build linux\n\npackage p\n";
        assert_eq!(build_line(text), Some((34, " linux")));
        assert_eq!(build_line(b"package p\n//go:build linux\n"), None);
        assert_eq!(linux().admits_text(b"//go:build !linux\npackage p"), Ok(false));
    }
}
