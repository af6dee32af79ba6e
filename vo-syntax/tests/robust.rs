//! Hostile input: whatever the bytes, the parser answers with a tree and clear errors, within a small stack
//! and in time that is proportional to the input.

use std::time::{Duration, Instant};
use vo_syntax::ast::{NodeIds, Visitor, walk_file};
use vo_syntax::diag::{Code, render};
use vo_syntax::parser::{MAX_HEIGHT, MAX_NESTING, Options, Parsed, parse_file};
use vo_syntax::source::SourceMap;

/// The stack that parsing, walking, printing and dropping a tree must fit: what Rust gives a new thread.
const STACK: usize = 2 << 20;

struct Everything;
impl Visitor for Everything {}

/// Parses, renders, walks and drops in a thread with a small stack; answers the messages.
fn messages(name: &'static str, text: impl Into<Vec<u8>>) -> Vec<(Code, String)> {
    let text = text.into();
    let work = move || {
        let mut map = SourceMap::new();
        let id = map.add(name, text).unwrap();
        let Parsed { file, diagnostics, .. } = parse_file(&map, id, &NodeIds::new(), Options::default());
        walk_file(&mut Everything, &file);
        diagnostics
            .iter()
            .map(|d| {
                assert!(render(&map, d, true, true).len() < 10_000);
                (d.code, d.message.clone())
            })
            .collect()
    };
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap()
}

fn only_code(text: impl Into<Vec<u8>>) -> Option<Code> {
    let found = messages("t.vo", text);
    assert!(found.len() <= 1, "{found:?}");
    found.first().map(|f| f.0)
}

/// Every way to nest, `n` deep.
fn nestings(n: usize) -> Vec<(&'static str, String)> {
    let wrap = |open: &str, middle: &str, close: &str| {
        format!("package p\nvar x = {}{middle}{}\n", open.repeat(n), close.repeat(n))
    };
    let inside = |open: &str, middle: &str, close: &str| {
        format!("package p\nfunc f() {{ {}{middle}{} }}\n", open.repeat(n), close.repeat(n))
    };
    vec![
        ("parentheses", wrap("(", "1", ")")),
        ("unary", wrap("- ", "1", "")),
        ("not", wrap("!", "1", "")),
        ("receive", wrap("<-", "c", "")),
        ("star", wrap("*", "c", "")),
        ("index", wrap("a[", "1", "]")),
        ("slice", wrap("a[:", "1", "]")),
        ("call", wrap("f(", "1", ")")),
        ("literal", wrap("T{", "1", "}")),
        ("bare literal", wrap("{", "", "}").replacen("= {", "= T{", 1)),
        ("key", wrap("T{1: ", "1", "}")),
        ("func literal", wrap("func() { x := ", "1", " }")),
        ("func result", wrap("func() ", "int", "")),
        ("func params", wrap("func(func(", "int", "))")),
        ("slice type", wrap("[]", "int", "{}")),
        ("array type", wrap("[1]", "int", "{}")),
        ("array length", wrap("[1][", "1", "]int{}")),
        ("map", wrap("map[int]", "int", "{}")),
        ("map key", wrap("map[", "int", "]int{}")),
        ("chan", wrap("chan ", "int", "(nil)")),
        ("port", wrap("port<- ", "int", "(nil)")),
        ("struct", wrap("struct { a ", "int", "}")),
        ("interface", wrap("interface { m() ", "int", "}")),
        ("instance", wrap("T[", "int", "]{}")),
        ("type parens", format!("package p\nvar x {}int{}\n", "(".repeat(n), ")".repeat(n))),
        ("type instance", format!("package p\nvar x {}int{}\n", "T[".repeat(n), "]".repeat(n))),
        (
            "constraint",
            format!("package p\nfunc f[T {}int{}]() {{}}\n", "interface{".repeat(n), "}".repeat(n)),
        ),
        ("type params", format!("package p\ntype T[P {}int{}] int\n", "*(".repeat(n), ")".repeat(n))),
        ("block", inside("{", "", "}")),
        ("if", inside("if a {", "", "}")),
        ("if init", inside("if func() bool {", "", "}() {}")),
        ("else", inside("if a {} else {", "", "}")),
        ("for", inside("for {", "", "}")),
        ("range", inside("for range x {", "", "}")),
        ("switch", inside("switch { case a: ", "", "}")),
        ("type switch", inside("switch a.(type) { default: ", "", "}")),
        ("select", inside("select { default: ", "", "}")),
        ("label", inside("l: ", "f()", "")),
        ("go", inside("go func() {", "", "}()")),
        ("dyn index", wrap("a~>[", "1", "]")),
        ("dyn call", wrap("a~>b(", "1", ")")),
        ("island target", inside("go @(func() island {", "", "}()) f()")),
    ]
}

#[test]
fn nesting_within_the_limit_is_fine() {
    // Some constructs count for several levels.
    for (what, text) in nestings(MAX_NESTING as usize / 5) {
        let found = messages("t.vo", text);
        assert!(found.iter().all(|(code, _)| *code != Code::TooDeep), "{what}: {found:?}");
    }
}

#[test]
fn nesting_far_beyond_the_limit_is_one_clear_error() {
    for (what, text) in nestings(100_000) {
        let found = messages("t.vo", text);
        let deep = found.iter().filter(|(code, _)| *code == Code::TooDeep).count();
        assert!(deep == 1 && found.len() <= 2, "{what}: {found:?}");
    }
}

/// Chains: things as deep as they are long, though nothing nests.
fn chains(n: usize) -> Vec<(&'static str, String)> {
    let times = |s: &str| s.repeat(n);
    vec![
        ("sum", format!("var x = a{}\n", times(" + a"))),
        ("precedences", format!("var x = a{}\n", times(" + a * b && c"))),
        ("selectors", format!("var x = a{}\n", times(".b"))),
        ("calls", format!("var x = a{}\n", times("()"))),
        ("indices", format!("var x = a{}\n", times("[0]"))),
        ("tries", format!("var x = a{}\n", times("?"))),
        ("dyn", format!("var x = a{}\n", times("~>b"))),
        ("constraint", format!("type T[P *a{}] int\n", times(" | b"))),
        ("else if", format!("func f() {{ if a {{ }}{} }}\n", times(" else if b { }"))),
    ]
}

#[test]
fn chains_within_the_limit_are_fine() {
    for (what, text) in chains(MAX_HEIGHT as usize / 4) {
        assert_eq!(messages("t.vo", text), [], "{what}");
    }
}

#[test]
fn chains_beyond_the_limit_are_one_clear_error() {
    for (what, text) in chains(100_000) {
        let found = messages("t.vo", text);
        assert!(found.len() == 1 && found[0].0 == Code::TooDeep, "{what}: {found:?}");
    }
}

#[test]
fn long_lists_are_no_chains() {
    for text in [
        format!("func f() {{ {} }}\n", "g(a + b.c());\n".repeat(50_000)),
        format!("var x = []int{{{}}}\n", "1 + 2,".repeat(50_000)),
        format!("func f() {{ switch {{ {} }} }}\n", "case a: b()\n".repeat(50_000)),
        format!("func f({}) {{}}\n", "a int,".repeat(50_000)),
        format!("type T interface {{ {} }}\n", "~int|".repeat(50_000) + "string"),
    ] {
        assert_eq!(messages("t.vo", text), []);
    }
}

#[test]
fn encodings() {
    assert_eq!(only_code(b"\xEF\xBB\xBFvar x = 1\n".to_vec()), None);
    let cases: &[(&[u8], &str)] = &[
        (b"var x\xFF = 1\n", "invalid UTF-8 encoding"),
        (b"var x = \"\xC3\"\n", "invalid UTF-8 encoding"),
        (b"// \xF0\x28\x8C\x28\n", "invalid UTF-8 encoding"),
        (b"var x = 1\0\n", "invalid NUL character"),
        (b"var x = `\xEF\xBB\xBF`\n", "invalid BOM in the middle of the file"),
        (b"var x = '\0'\n", "invalid NUL character"),
    ];
    for (text, message) in cases {
        let found = messages("t.vo", *text);
        assert!(found.iter().any(|f| f.1 == *message), "{text:?}: {found:?}");
    }
    for noise in [vec![0; 1 << 20], vec![0xFF; 1 << 20], b"#".repeat(1 << 20), b"\"\n".repeat(1 << 18)] {
        assert!(!messages("t.go", noise).is_empty());
    }
}

#[test]
fn long_lines_take_linear_time() {
    let start = Instant::now();
    let megabytes = 10 << 20;
    assert_eq!(messages("t.vo", format!("var x = \"{}\"\n", "a".repeat(megabytes))), []);
    assert_eq!(messages("t.vo", format!("var {} = 1\n", "a".repeat(megabytes))), []);
    assert_eq!(messages("t.vo", format!("/*{}*/ var x = 1\n", " ".repeat(megabytes))), []);
    let terms = "f(a, b); ".repeat(megabytes / 9);
    assert_eq!(messages("t.vo", format!("func f() {{ {terms} }}\n")), []);
    let broken = messages("t.vo", format!("var x = \"{}\n", "a\\q".repeat(megabytes / 3)));
    assert!(!broken.is_empty());
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn every_prefix_of_a_program() {
    let text = include_str!("data/everything.vo");
    for end in (0..text.len()).filter(|&i| text.is_char_boundary(i)) {
        messages("t.vo", &text[..end]);
    }
}

/// Programs with bytes changed, tokens moved and pieces left out, at random but the same each time.
#[test]
fn mutated_programs() {
    let text = include_bytes!("data/everything.vo");
    let words: Vec<&[u8]> = text.split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty()).collect();
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    for _ in 0..2_000 {
        let mut bytes = text.to_vec();
        for _ in 0..1 + random(6) {
            let at = random(bytes.len());
            let end = (at + random(40)).min(bytes.len());
            match random(4) {
                0 => bytes[at] = random(256) as u8,
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, words[random(words.len())].iter().copied())),
                _ => drop(bytes.splice(at..end, words[random(words.len())].iter().copied())),
            }
        }
        messages("t.vo", bytes);
    }
}
