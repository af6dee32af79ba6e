//! The compiler as an embedder and a user of `vo run` meet it: its limits, its failures, its memory, and that
//! traces do not tell which engine ran.

use std::path::Path;
use vo::{Captured, CompilerOptions, Config, Engine, Program, RunOptions, Text, Thresholds};

const WORK: &str = r#"package main

type shape interface{ area() int }
type square struct{ side int }

func (s square) area() int { return s.side * s.side }

func many(a, b, c, d, e, f, g, h int, x float64) (int, int, int, int, int, int, int, int, float64) {
	return h, g, f, e, d, c, b, a, x / 2
}

func work(n int) int {
	total := 0
	for i := range n {
		var s shape = square{i % 7}
		a, _, _, _, _, _, _, h, x := many(i, 2, 3, 4, 5, 6, 7, 8, 3)
		total += s.area() + a + h + int(x)
	}
	return total
}

func main() {
	ch := make(chan int)
	go func() {
		for i := range 20 {
			ch <- work(i * 10)
		}
		close(ch)
	}()
	total := 0
	for v := range ch {
		total += v
	}
	println(total)
}
"#;

fn compile(text: &str) -> Program {
    let text = Text { name: "main.go", text: text.as_bytes() };
    Engine::new().compile_text(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn options(ahead: bool) -> CompilerOptions {
    CompilerOptions { ahead, ..CompilerOptions::default() }
}

fn run(program: &Program) -> Captured {
    let config = Config { workers: 2, ..Config::default() };
    program.run_captured(RunOptions { config, ..RunOptions::default() })
}

fn with(text: &str, options: CompilerOptions) -> Program {
    let program = compile(text);
    program.compile_natively(options, Thresholds::tiny()).expect("this machine has a backend");
    program
}

fn stderr(captured: &Captured) -> String {
    String::from_utf8_lossy(&captured.stderr).into_owned()
}

/// Resident bytes of this process, and its number of mappings.
fn memory() -> (usize, usize) {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("a Linux system");
    let pages: usize = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("a number");
    let maps = std::fs::read_to_string("/proc/self/maps").expect("a Linux system");
    assert!(!maps.lines().any(|line| line.contains("rwx")), "a page is writable and executable");
    (pages * 4096, maps.lines().count())
}

#[test]
#[cfg(target_os = "linux")]
fn the_code_of_a_dropped_program_is_freed() {
    let vob = compile(WORK).to_vob();
    let expected = run(&compile(WORK));
    let engine = Engine::new();
    let turn = |i: usize| {
        let program = engine.load_vob(&vob).unwrap_or_else(|error| panic!("{error}"));
        program.compile_natively(options(i.is_multiple_of(2)), Thresholds::tiny()).expect("a backend");
        assert_eq!(run(&program), expected);
    };
    (0..100).for_each(turn);
    let (bytes, mappings) = memory();
    (100..1000).for_each(turn);
    let (more_bytes, more_mappings) = memory();
    assert!(more_bytes < bytes + (24 << 20), "{bytes} bytes, then {more_bytes}");
    assert!(more_mappings < mappings + 30, "{mappings} mappings, then {more_mappings}");
}

#[test]
fn without_room_for_code_programs_are_interpreted() {
    let expected = run(&compile(WORK));
    for ahead in [false, true] {
        for code_bytes in [1, 8192, 40_000] {
            let program = with(WORK, CompilerOptions { code_bytes, ..options(ahead) });
            assert_eq!(run(&program), expected, "{code_bytes}");
            if code_bytes == 1 && ahead {
                let warnings = program.native_warnings().join("\n");
                assert!(
                    warnings.contains("functions are interpreted: the limit of 4096 bytes of code"),
                    "{warnings}"
                );
            }
        }
    }
}

#[test]
fn a_compiler_that_panics_is_reported_and_survived() {
    let expected = run(&compile(WORK));
    for ahead in [false, true] {
        for function in ["main.work", "main.many", "main.main"] {
            let program = with(WORK, CompilerOptions { fail_on: Some(function.into()), ..options(ahead) });
            assert_eq!(run(&program), expected, "{function}");
            let warnings = program.native_warnings();
            if ahead {
                let text = format!("vo: internal error: cannot compile {function}, which is interpreted");
                assert!(warnings.len() == 1 && warnings[0].starts_with(&text), "{warnings:?}");
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn perf_finds_names() {
    let path = format!("/tmp/perf-{}.map", std::process::id());
    run(&with(WORK, CompilerOptions { perf_map: true, ..options(true) }));
    let map = std::fs::read_to_string(&path).unwrap_or_default();
    let _ = std::fs::remove_file(Path::new(&path));
    let line = map.lines().find(|line| line.ends_with(" main.work")).expect("the map names the function");
    let fields: Vec<&str> = line.splitn(3, ' ').collect();
    assert!(fields[..2].iter().all(|hex| u64::from_str_radix(hex, 16).is_ok()), "{line}");
}

/// Programs that end with a trace.
const ENDS: &[(&str, &str)] = &[
    (
        "a panic",
        "func f(n int) int { if n == 0 { var p *int; return *p }; return f(n-1) + 1 }\nfunc main() { println(f(5)) }",
    ),
    (
        "a panic in a deferred call of another",
        "func f(n int) { defer func() { panic(n) }(); if n == 0 { panic(\"first\") }; f(n - 1) }\nfunc main() { f(3) }",
    ),
    (
        "a deadlock",
        "func f(ch chan int, n int) int { if n == 0 { return <-ch }; return f(ch, n-1) + 1 }\n\
         func main() { ch := make(chan int); f(ch, 3) }",
    ),
    (
        "a fatal error in a map",
        "func f(m map[int]int, n int) { if n == 0 { for i := 0; ; i++ { m[i] = i } }; f(m, n-1); m[n]++ }\n\
         func make2(n int) []int { return make([]int, n) }\nfunc main() { f(map[int]int{}, 2) }",
    ),
    (
        "no memory",
        "var keep [][]int\nfunc f(n int) { if n == 0 { for { keep = append(keep, make([]int, 1<<20)) } }; f(n - 1); keep = nil }\n\
         func main() { f(3) }",
    ),
    (
        "a panic under interpreted and compiled frames",
        "type I interface { M(int) int }\ntype A int\nfunc (a A) M(n int) int { return g(I(a), n-1) }\n\
         func g(i I, n int) int { if n < 0 { panic(\"deep\") }; return i.M(n) + 1 }\n\
         func main() { for i := range 50 { func() { defer func() { recover() }(); g(A(i), 3) }() }; println(g(A(3), 6)) }",
    ),
];

#[test]
fn traces_do_not_tell_the_engine() {
    for (what, text) in ENDS {
        let text = format!("package main\n\n{text}\n");
        let run = |program: Program| {
            let mut config = Config { workers: 1, ..Config::default() };
            config.limits.heap_bytes = Some(64 << 20);
            let captured = program.run_captured(RunOptions { config, ..RunOptions::default() });
            assert_eq!(captured.exit_code, 2, "{what}");
            // How much memory was in use is not the same each time.
            let text = stderr(&captured);
            text.lines().filter(|line| !line.contains("out of memory")).collect::<Vec<_>>().join("\n")
        };
        let expected = run(compile(&text));
        assert!(expected.contains("main.f(") || expected.contains("main.g("), "{what}: {expected}");
        for ahead in [true, false] {
            assert_eq!(run(with(&text, options(ahead))), expected, "{what}, ahead: {ahead}");
        }
    }
}
