//! Makers of inputs: real programs, changed a little where it hurts; bytes; and things that grow.
//!
//! An input is a function of the corpus and of two numbers, so that any one of them can be made again.

use std::path::{Path, PathBuf};
use vo::Code;

/// The largest input.
const MAX_BYTES: usize = 64 << 10;

/// A generator of numbers (SplitMix64).
pub struct Random(u64);

impl Random {
    /// The generator of an input.
    pub fn new(seed: u64, index: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ index.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, or 0.
    fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

/// Programs to begin with.
pub struct Corpus {
    files: Vec<String>,
}

impl Corpus {
    /// The tests of the language, the library, the examples of the error codes, and what `VO_HOSTILE_CORPUS` names.
    pub fn read() -> Corpus {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let more = std::env::var_os("VO_HOSTILE_CORPUS").map(PathBuf::from);
        let dirs =
            ["tests/lang", "tests/diagnostics", "vo-std/pkg", "vo-types/tests/check"].map(|d| root.join(d));
        let mut paths = Vec::new();
        dirs.into_iter().chain(more).for_each(|dir| walk(&dir, &mut paths));
        paths.sort();
        let read = |path: &PathBuf| std::fs::read_to_string(path).ok().filter(|t| t.len() < MAX_BYTES);
        let mut files: Vec<String> = paths.iter().filter_map(read).collect();
        files.extend(Code::ALL.iter().map(|code| code.example().to_owned()));
        assert!(files.len() > 200, "programs to begin with are missing");
        Corpus { files }
    }

    fn file(&self, random: &mut Random) -> &str {
        &self.files[random.below(self.files.len())]
    }
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()) {
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|e| e == "vo" || e == "go") {
            found.push(path);
        }
    }
}

/// The input's name, whose ending is its dialect, and its text.
pub fn make(corpus: &Corpus, random: &mut Random) -> (&'static str, Vec<u8>) {
    let name = random.pick(&["input.vo", "input.go"]);
    let mut text = match random.below(20) {
        0 => bytes(random),
        1 => damaged(corpus.file(random), random),
        2 => soup(random),
        3 => nested(random),
        _ => mutated(corpus, random),
    };
    text.truncate(MAX_BYTES);
    (name, text)
}

/// Arbitrary bytes.
fn bytes(random: &mut Random) -> Vec<u8> {
    let n = random.below(300);
    (0..n).map(|_| random.next() as u8).collect()
}

/// A program with some of its bytes changed, and its end missing.
fn damaged(file: &str, random: &mut Random) -> Vec<u8> {
    let mut text = file.as_bytes().to_vec();
    for _ in 0..=random.below(8) {
        if text.is_empty() {
            break;
        }
        let at = random.below(text.len());
        match random.below(3) {
            0 => text[at] = random.next() as u8,
            1 => text.insert(at, random.next() as u8),
            _ => drop(text.remove(at)),
        }
    }
    if random.below(4) == 0 {
        text.truncate(random.below(text.len()));
    }
    text
}

/// What stands in programs: each is likely to mean something where it is put.
const TOKENS: &[&str] = &[
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
    "fail",
    "errdefer",
    "island",
    "port",
    "int",
    "string",
    "byte",
    "rune",
    "float64",
    "complex128",
    "uint8",
    "uintptr",
    "bool",
    "error",
    "any",
    "comparable",
    "nil",
    "true",
    "false",
    "iota",
    "_",
    "x",
    "T",
    "P",
    "f",
    "main",
    "init",
    "len",
    "cap",
    "append",
    "make",
    "new",
    "copy",
    "delete",
    "panic",
    "recover",
    "min",
    "max",
    "clear",
    "close",
    "real",
    "imag",
    "complex",
    "print",
    "unsafe.Sizeof",
    "unsafe.Pointer",
    "0",
    "1",
    "-1",
    "1.5",
    "1i",
    "'a'",
    "\"s\"",
    "`r`",
    "0x1p-2",
    "1e1000",
    "1<<62",
    "1<<100",
    "9223372036854775807",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "|",
    "^",
    "<<",
    ">>",
    "&^",
    "+=",
    ":=",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    "&&",
    "||",
    "<-",
    "++",
    "--",
    "!",
    "~",
    "~>",
    "?",
    "...",
    ".",
    ",",
    ";",
    ":",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\n",
    "[]",
    "[]int{}",
    "func() {}",
    "struct{}",
    "interface{}",
    "map[string]int{}",
    "[...]",
    "T[int]",
    "[T any]",
    "[P interface{ ~int }]",
    "x.(type)",
    "type T",
    "*",
    "chan<-",
    "<-chan",
    "//",
    "/*",
    "*/",
    "//line a:1\n",
    "//go:embed x\n",
];

/// Tokens without grammar.
fn soup(random: &mut Random) -> Vec<u8> {
    let mut out = String::from("package main\n");
    for _ in 0..random.below(200) {
        out.push_str(random.pick(TOKENS));
        out.push_str(random.pick(&[" ", " ", "\n", ""]));
    }
    out.into_bytes()
}

/// Something that nests, or goes on, more deeply than a person would write.
fn nested(random: &mut Random) -> Vec<u8> {
    let n = 1 << random.below(14);
    let (open, middle, close) = match random.below(16) {
        0 => ("var x = (", "1", ")"),
        1 => ("var x = f(", "1", ")"),
        2 => ("func f() { if true {", "", "}}"),
        3 => ("type T struct { a ", "int", "}"),
        4 => ("type T ", "[]int", ""),
        5 => ("var x = []any{", "1", "}"),
        6 => ("var x = func() any { return ", "1", "}()"),
        7 => ("type T interface { m() ", "int", "}"),
        8 => ("var x = !", "true", ""),
        9 => ("var x = 1 + ", "1", ""),
        10 => ("var x T[", "int", "]"),
        11 => ("func f() { L: for { ", "break L", "}}"),
        12 => ("const c = 2 * ", "2", ""),
        13 => ("const c = \"a\" + ", "\"b\"", ""),
        14 => return chain_of_types(n.min(2000), random),
        _ => return chain_of_constants(n.min(2000), random),
    };
    // The word that declares stands once; the rest of the opening is repeated.
    let at = open
        .find("= ")
        .map_or_else(|| open.rfind(' ').map_or(0, |i| open[..i].rfind(' ').map_or(0, |j| j + 1)), |i| i + 2);
    let body = format!("{}{middle}{}", open[at..].repeat(n), close.repeat(n));
    format!("package p\n{}{body}\n", &open[..at]).into_bytes()
}

/// Types of which each contains the one before, twice.
fn chain_of_types(n: usize, random: &mut Random) -> Vec<u8> {
    let shape = random.pick(&[
        "struct { a, b T# }",
        "[2]T#",
        "interface { T#; m#() }",
        "func(T#, T#) T#",
        "map[string]T#",
        "G[T#, T#]",
        "struct { T# }",
        "*T#",
        "interface { m(T#) T# }",
    ]);
    let word = random.pick(&["", "", "= "]);
    let base = random.pick(&["int", "[]int", "interface{}", "struct{ x []int }", "struct{ f func() }"]);
    let mut out =
        format!("package p\nimport \"unsafe\"\ntype G[A, B any] struct {{ a A; b B }}\ntype T0 {base}\n");
    for i in 1..n {
        out += &format!("type T{i} {word}{}\n", shape.replace('#', &(i - 1).to_string()));
    }
    let last = n.saturating_sub(1);
    out += &format!(
        "var v T{last}\nvar _ = v == v\nvar _ = unsafe.Sizeof(v)\nvar m map[T{last}]int\nvar _ any = v\n"
    );
    out.into_bytes()
}

/// Constants of which each is made of the one before, twice.
fn chain_of_constants(n: usize, random: &mut Random) -> Vec<u8> {
    let op = random.pick(&["*", "+", "<<", "/"]);
    let first = random.pick(&["1", "2", "\"ab\"", "1.5", "1i", "3"]);
    let mut out = format!("package p\nconst c0 = {first}\n");
    for i in 1..n {
        out += &format!("const c{i} = c{0} {op} c{0}\n", i - 1);
    }
    out += &format!("var _ = c{}\n", n.saturating_sub(1));
    out.into_bytes()
}

/// A program with some tokens missing, doubled, swapped, replaced, or come from another program.
fn mutated(corpus: &Corpus, random: &mut Random) -> Vec<u8> {
    let file = corpus.file(random);
    let mut tokens = split(file);
    let names: Vec<&str> = tokens.iter().copied().filter(|t| is_name(t)).collect();
    for _ in 0..=random.below(6) {
        let at = random.below(tokens.len());
        let end = (at + 1 + random.below(12)).min(tokens.len());
        match random.below(10) {
            0 => drop(tokens.drain(at..end)),
            1 => {
                let copy = tokens[at..end].to_vec();
                let to = random.below(tokens.len());
                tokens.splice(to..to, copy);
            }
            2 => {
                let other = random.below(tokens.len());
                if at < tokens.len() {
                    tokens.swap(at, other);
                }
            }
            3 => tokens.insert(at, random.pick(TOKENS)),
            4 | 5 if at < tokens.len() => tokens[at] = random.pick(TOKENS),
            6 => {
                let other = split(corpus.file(random));
                let from = random.below(other.len());
                let to = (from + random.below(60)).min(other.len());
                tokens.splice(at..at, other[from..to].iter().copied());
            }
            _ => replace_name(&mut tokens, &names, random),
        }
    }
    tokens.concat().into_bytes()
}

/// Puts one name of the program in the place of another.
fn replace_name<'a>(tokens: &mut [&'a str], names: &[&'a str], random: &mut Random) {
    let places: Vec<usize> = (0..tokens.len()).filter(|&i| is_name(tokens[i])).collect();
    if let Some(&place) = places.get(random.below(places.len())) {
        tokens[place] = if names.is_empty() { "x" } else { random.pick(names) };
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// A text as words, spaces and single marks; joined they are the text again.
fn split(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 1,
        c if c.is_whitespace() => 2,
        _ => 0,
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (i, c) in text.char_indices() {
        let now = class(c);
        if last.is_some_and(|l| l != now || now == 0) {
            tokens.push(&text[start..i]);
            start = i;
        }
        last = Some(now);
    }
    tokens.push(&text[start..]);
    tokens
}
