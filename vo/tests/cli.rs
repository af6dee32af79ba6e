//! The command as a user meets it: exit status, where output goes, and what bad
//! input is answered with.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Sandbox {
    dir: tempfile::TempDir,
}

impl Sandbox {
    fn new() -> Sandbox {
        Sandbox { dir: tempfile::tempdir().expect("a temporary directory") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file has a directory")).expect("created");
        std::fs::write(&path, text).expect("written");
        path
    }

    fn vo(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vo"));
        command.current_dir(self.dir.path()).args(args);
        for name in ["VO_WORKERS", "VO_ENGINE", "VO_STRESS"] {
            command.env_remove(name);
        }
        command.output().expect("vo runs")
    }
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// An error for the user: the status is 1, the message names the file, and nothing
/// of it is a fault of ours.
fn assert_clear_error(output: &Output, needle: &str) {
    let text = err(output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(needle), "{needle:?} is not in {text:?}");
    assert!(!text.contains("internal error") && !text.contains("panicked"), "{text}");
    assert!(text.len() < 20_000, "{} bytes of error text", text.len());
}

const HELLO: &str = "package main\n\nfunc main() { println(\"hello\") }\n";

#[test]
fn a_program_runs_and_its_status_is_the_commands() {
    let s = Sandbox::new();
    s.file("hello.go", "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n");
    let ran = s.vo(&["run", "hello.go"]);
    assert_eq!((out(&ran).as_str(), ran.status.code()), ("hello\n", Some(0)), "{}", err(&ran));
    s.file("exit.go", "package main\n\nimport \"os\"\n\nfunc main() { os.Exit(7) }\n");
    assert_eq!(s.vo(&["run", "exit.go"]).status.code(), Some(7));
}

#[test]
fn arguments_and_environment_reach_the_program() {
    let s = Sandbox::new();
    s.file(
        "args.vo",
        "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() { fmt.Println(len(os.Args), os.Args[1:]) }\n",
    );
    let ran = s.vo(&["run", "args.vo", "a", "--flag", "-x", "--", "b c"]);
    assert_eq!(out(&ran), "6 [a --flag -x -- b c]\n", "{}", err(&ran));
}

#[test]
fn an_uncaught_panic_has_gos_text_and_status() {
    let s = Sandbox::new();
    s.file(
        "boom.go",
        "package main\n\nimport \"fmt\"\n\nfunc f(a []int, i int) int { return a[i] }\n\nfunc main() {\n\tfmt.Println(\"before\")\n\tf(make([]int, 3), 5)\n}\n",
    );
    let ran = s.vo(&["run", "boom.go"]);
    let text = err(&ran);
    assert_eq!(ran.status.code(), Some(2));
    assert_eq!(out(&ran), "before\n", "output before the panic is not lost");
    for line in [
        "panic: runtime error: index out of range [5] with length 3",
        "goroutine 1 [running]:",
        "main.f(",
        "boom.go:5",
        "main.main()",
        "boom.go:9",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn a_deadlock_names_what_each_goroutine_waits_for() {
    let s = Sandbox::new();
    s.file(
        "dead.go",
        "package main\n\nfunc main() {\n\tch := make(chan int)\n\tgo func() { select {} }()\n\t<-ch\n}\n",
    );
    let ran = s.vo(&["run", "dead.go"]);
    let text = err(&ran);
    assert_eq!(ran.status.code(), Some(2));
    for line in [
        "fatal error: all goroutines are asleep - deadlock!",
        "goroutine 1 [chan receive]:",
        "dead.go:6",
        "[select (no cases)]:",
        "dead.go:5",
        "created by main.main",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn check_reports_every_error_with_place_and_status_1() {
    let s = Sandbox::new();
    s.file("bad.go", "package main\n\nimport \"os\"\n\nfunc main() {\n\tvar x int = \"a\"\n\ty := 1\n}\n");
    let checked = s.vo(&["check", "bad.go"]);
    assert_clear_error(&checked, "bad.go:3:8: \"os\" imported and not used");
    assert!(err(&checked).contains("bad.go:6:14: cannot use \"a\""), "{}", err(&checked));
    assert!(err(&checked).contains("bad.go:7:2: declared and not used: y"), "{}", err(&checked));
    s.file("good.go", HELLO);
    let checked = s.vo(&["check", "good.go"]);
    assert_eq!(
        (checked.status.code(), out(&checked), err(&checked)),
        (Some(0), String::new(), String::new())
    );
}

#[test]
fn a_directory_with_go_mod_is_a_module() {
    let s = Sandbox::new();
    s.file("app/go.mod", "module example.org/app\n\ngo 1.27\n");
    s.file("app/main.go", "package main\n\nimport \"example.org/app/inner/greet\"\n\nfunc main() { println(greet.Hello(name)) }\n");
    s.file("app/name.go", "package main\n\nconst name = \"module\"\n");
    s.file("app/name_test.go", "package main\n\nthis is not read\n");
    s.file(
        "app/inner/greet/greet.vo",
        "package greet\n\nfunc Hello(name string) string { return \"hello \" + name }\n",
    );
    let ran = s.vo(&["run", "app"]);
    assert_eq!((err(&ran).as_str(), ran.status.code()), ("hello module\n", Some(0)));
    s.file("lost.go", "package main\n\nimport \"no/such\"\n\nfunc main() { such.F() }\n");
    assert_clear_error(&s.vo(&["run", "lost.go"]), "no/such");
}

#[test]
fn build_writes_a_program_that_runs_the_same() {
    let s = Sandbox::new();
    s.file("hello.go", HELLO);
    let built = s.vo(&["build", "-o", "hello.vob", "hello.go"]);
    assert_eq!(built.status.code(), Some(0), "{}", err(&built));
    let ran = s.vo(&["run", "hello.vob"]);
    assert_eq!((err(&ran).as_str(), ran.status.code()), ("hello\n", Some(0)));
    let text = out(&s.vo(&["disasm", "hello.vob", "main.main"]));
    assert!(text.contains("main.main()") && text.contains("Return"), "{text}");
}

#[test]
fn a_damaged_vob_is_an_error_wherever_the_damage_is() {
    let s = Sandbox::new();
    s.file("hello.go", HELLO);
    s.vo(&["build", "-o", "hello.vob", "hello.go"]);
    let good = std::fs::read(s.path("hello.vob")).expect("built");
    for keep in [0, 3, 10, 19, 21, good.len() / 2, good.len() - 1] {
        s.file("cut.vob", &good[..keep]);
        assert_clear_error(&s.vo(&["run", "cut.vob"]), "cut.vob");
    }
    for at in [0, 5, 9, 17, 25, good.len() / 2, good.len() - 1] {
        let mut altered = good.clone();
        altered[at] ^= 0x55;
        s.file("altered.vob", altered);
        assert_clear_error(&s.vo(&["run", "altered.vob"]), "altered.vob");
    }
}

#[test]
fn sources_that_are_no_programs_are_errors() {
    let s = Sandbox::new();
    s.file("latin.go", b"package main\n\nfunc main() { println(\"caf\xe9\") }\n");
    assert_clear_error(&s.vo(&["run", "latin.go"]), "latin.go:3");
    s.file("nul.go", b"package main\n\nfunc main() { \x00 }\n");
    assert_clear_error(&s.vo(&["run", "nul.go"]), "nul.go:3");
    s.file("empty.go", "");
    assert_clear_error(&s.vo(&["run", "empty.go"]), "empty.go");
    s.file("lib.go", "package lib\n");
    assert_clear_error(&s.vo(&["run", "lib.go"]), "main");
    assert_clear_error(&s.vo(&["run", "absent.go"]), "absent.go");
    std::fs::create_dir(s.path("nothing")).expect("created");
    assert_clear_error(&s.vo(&["run", "nothing"]), "nothing");
    s.file("text.txt", HELLO);
    assert_clear_error(&s.vo(&["run", "text.txt"]), "text.txt");
}

#[test]
fn a_long_line_is_a_program_or_a_short_error() {
    let s = Sandbox::new();
    let mut long = String::from("package main\n\nfunc main() { x := \"");
    long.push_str(&"x".repeat(10 << 20));
    s.file("fine.go", format!("{long}\"; println(len(x)) }}\n"));
    let ran = s.vo(&["run", "fine.go"]);
    assert_eq!((err(&ran).as_str(), ran.status.code()), ("10485760\n", Some(0)));
    s.file("open.go", long);
    assert_clear_error(&s.vo(&["run", "open.go"]), "open.go:3");
}

#[test]
fn nesting_past_all_measure_is_an_error() {
    let s = Sandbox::new();
    let deep = 100_000;
    let wrap = |body: String| format!("package main\n\nfunc main() {{ {body} }}\n");
    let cases = [
        ("parens", wrap(format!("_ = {}1{}", "(".repeat(deep), ")".repeat(deep)))),
        ("blocks", wrap(format!("{}{}", "{".repeat(deep), "}".repeat(deep)))),
        ("types", wrap(format!("var x {}int; _ = x", "[]".repeat(deep)))),
        ("funcs", wrap(format!("{}{}", "func() { ".repeat(deep), "}()".repeat(deep)))),
        ("unary", wrap(format!("x := 1; _ = {}x", "- ".repeat(deep)))),
        ("literals", wrap(format!("_ = []any{{ {} {} }}", "[]any{".repeat(deep), "}".repeat(deep)))),
    ];
    for (name, text) in cases {
        let file = format!("{name}.go");
        s.file(&file, text);
        assert_clear_error(&s.vo(&["run", &file]), &file);
    }
}

#[test]
fn output_is_flushed_whatever_way_the_program_ends() {
    let s = Sandbox::new();
    let ends = [("return", 0), ("os.Exit(3)", 3), ("panic(1)", 2), ("select {}", 2), ("runtime.Goexit()", 2)];
    for (end, status) in ends {
        s.file(
            "end.go",
            format!(
                "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"runtime\"\n)\n\nvar _, _ = os.Exit, runtime.Goexit\n\nfunc main() {{\n\tfmt.Print(\"no newline\")\n\t{end}\n}}\n"
            ),
        );
        let ran = s.vo(&["run", "end.go"]);
        assert_eq!(
            (out(&ran).as_str(), ran.status.code()),
            ("no newline", Some(status)),
            "{end}: {}",
            err(&ran)
        );
    }
}

#[test]
fn standard_input_reaches_the_program() {
    use std::io::Write;
    let s = Sandbox::new();
    let path = s.file(
        "cat.go",
        "package main\n\nimport (\n\t\"io\"\n\t\"os\"\n)\n\nfunc main() { io.Copy(os.Stdout, os.Stdin) }\n",
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_vo"))
        .args([Path::new("run"), &path])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("vo runs");
    child.stdin.take().expect("piped").write_all(b"to and fro\n").expect("written");
    assert_eq!(out(&child.wait_with_output().expect("ends")), "to and fro\n");
}

#[test]
fn every_subcommand_has_help_and_the_version_prints() {
    let s = Sandbox::new();
    for name in ["run", "check", "build", "disasm", "version"] {
        let help = s.vo(&[name, "--help"]);
        assert_eq!(help.status.code(), Some(0));
        assert!(out(&help).contains("Usage: vo"), "{}", out(&help));
    }
    assert!(out(&s.vo(&["version"])).starts_with("vo "));
    assert_eq!(s.vo(&["frobnicate"]).status.code(), Some(2));
}

#[test]
fn workers_and_seed_are_taken() {
    let s = Sandbox::new();
    s.file(
        "procs.go",
        "package main\n\nimport (\n\t\"fmt\"\n\t\"runtime\"\n)\n\nfunc main() { fmt.Println(runtime.GOMAXPROCS(0)) }\n",
    );
    assert_eq!(out(&s.vo(&["run", "--workers", "3", "procs.go"])), "3\n");
    s.file(
        "order.go",
        "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tm := map[int]bool{}\n\tfor i := range 50 {\n\t\tm[i] = true\n\t}\n\tfor k := range m {\n\t\tfmt.Print(k, \" \")\n\t}\n}\n",
    );
    let run = |seed: &str| out(&s.vo(&["run", "--workers", "1", "--seed", seed, "order.go"]));
    assert_eq!(run("1"), run("1"));
    let orders: std::collections::HashSet<String> = (1..8).map(|seed| run(&seed.to_string())).collect();
    assert!(orders.len() > 1, "the start of a map's iteration depends on the seed");
}

#[test]
fn source_is_formatted() {
    let s = Sandbox::new();
    s.file("a/x.vo", "package p\nvar x=1\n");
    s.file("a/b/y.go", "package p\n");
    let listed = s.vo(&["fmt", "-l", "a"]);
    assert_eq!((out(&listed).as_str(), listed.status.code()), ("a/x.vo\n", Some(0)), "{}", err(&listed));
    assert_eq!(out(&s.vo(&["fmt", "a/x.vo"])), "package p\n\nvar x = 1\n");
    let diff = out(&s.vo(&["fmt", "-d", "a/x.vo"]));
    assert!(diff.contains("\n-var x=1\n+\n+var x = 1\n"), "{diff}");
    assert_eq!(out(&s.vo(&["fmt", "-w", "a"])), "");
    assert_eq!(std::fs::read_to_string(s.path("a/x.vo")).expect("there"), "package p\n\nvar x = 1\n");
    assert_eq!(out(&s.vo(&["fmt", "-l", "a"])), "");
}

#[test]
fn broken_source_is_not_formatted() {
    let s = Sandbox::new();
    s.file("x.vo", "package p\nfunc {\n");
    assert_clear_error(&s.vo(&["fmt", "-w", "x.vo"]), "x.vo:2:6: syntax error");
    assert_eq!(std::fs::read_to_string(s.path("x.vo")).expect("there"), "package p\nfunc {\n");
    assert_clear_error(&s.vo(&["fmt", "nowhere"]), "nowhere");
}

#[test]
fn errors_as_json_are_objects_on_lines() {
    let s = Sandbox::new();
    s.file("bad.go", "package main\n\nfunc main() {\n\tcount := 1\n\tprintln(cuont)\n}\n");
    let checked = s.vo(&["check", "--format", "json", "bad.go"]);
    assert_eq!(checked.status.code(), Some(1));
    assert_eq!(err(&checked), "");
    let parse = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    let objects: Vec<_> = out(&checked).lines().map(parse).collect();
    let [unused, undefined] = &objects[..] else { panic!("{objects:?}") };
    assert_eq!(
        (&unused["code"], &unused["line"], &unused["column"]),
        (&"V0102".into(), &4.into(), &2.into())
    );
    assert_eq!((&undefined["name"], &undefined["endColumn"]), (&"UndeclaredName".into(), &15.into()));
    assert_eq!(undefined["suggestion"]["replacement"], "count");
    assert!(s.vo(&["check", "--format", "json", "none.go"]).stdout.is_empty());
}

#[test]
fn codes_are_explained() {
    let s = Sandbox::new();
    for name in ["V0102", "v102", "UnusedVariable"] {
        let text = out(&s.vo(&["explain", name]));
        assert!(text.starts_with("V0102 UnusedVariable\n\nA local variable must be used.\n"), "{text}");
        assert!(text.contains("Example:") && text.contains("declared and not used: x"), "{text}");
    }
    assert!(out(&s.vo(&["explain"])).lines().count() > 150);
    assert_clear_error(&s.vo(&["explain", "V9999"]), "there is no error code V9999");
}

#[test]
fn imported_packages_explain_their_errors() {
    let s = Sandbox::new();
    s.file("go.mod", "module test\n\ngo 1.27\n");
    s.file("main.go", "package main\n\nimport \"test/a\"\n\nfunc main() { a.F() }\n");
    s.file("a/a.go", "package a\n\nimport \"test/b\"\n\nfunc F() { b.F() }\n");
    s.file("b/b.go", "package b\n\nimport \"test/a\"\n\nfunc F() { a.F() }\n");
    let cycle = err(&s.vo(&["check", "."]));
    let way = "\ta/a.go:3:8: test/a imports test/b\n\tb/b.go:3:8: test/b imports test/a\n";
    assert_eq!(cycle, format!("b/b.go:3:8: import cycle not allowed\n{way}"));
    s.file("b/b.go", "package b\n\nimport _ \"test/c/internal/d\"\n\nfunc F() { x }\n");
    s.file("c/internal/d/d.go", "package d\n");
    let broken = err(&s.vo(&["check", "."]));
    let internal = "b/b.go:3:10: use of internal package test/c/internal/d not allowed\n";
    assert_eq!(broken, format!("{internal}b/b.go:5:12: undefined: x\n"));
}

#[test]
fn mistakes_that_compile_are_reported() {
    let s = Sandbox::new();
    s.file("x.vo", "import \"sync\"\n\nfunc f(m sync.Mutex) {}\n\nfunc main() {}\n");
    let vet = s.vo(&["vet", "x.vo"]);
    assert_clear_error(&vet, "x.vo:3:10: warning: f passes lock by value: sync.Mutex");
    let json = out(&s.vo(&["vet", "--format", "json", "x.vo"]));
    assert!(json.contains("\"V0700\""), "{json}");
    s.file("y.vo", "func main() {}\n");
    assert_eq!(s.vo(&["vet", "y.vo"]).status.code(), Some(0));
    s.file("z.vo", "func main() { x }\n");
    assert_clear_error(&s.vo(&["vet", "z.vo"]), "undefined: x");
}

/// A message of the language server protocol.
fn framed(message: &serde_json::Value) -> String {
    let text = message.to_string();
    format!("Content-Length: {}\r\n\r\n{text}", text.len())
}

#[test]
fn the_language_server_serves_an_editor() {
    use serde_json::json;
    let s = Sandbox::new();
    s.file("vo.mod", "module m\n");
    s.file("geo/geo.vo", "package geo\n\n// Len measures.\nfunc Len() int { return 1 }\n");
    let main = s.file("main.vo", "package main\n\nfunc main() {}\n");
    let uri = format!("file://{}", main.display());
    let text = "package main\n\nimport \"m/geo\"\n\nfunc main() {\n\tprintln(geo.Len(), undefined)\n}\n";
    let place = json!({"textDocument": {"uri": uri}, "position": {"line": 5, "character": 14}});
    let messages = [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}),
        json!({"jsonrpc": "2.0", "method": "initialized", "params": {}}),
        json!({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument":
            {"uri": uri, "languageId": "vo", "version": 1, "text": text}}}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "textDocument/hover", "params": place}),
        json!({"jsonrpc": "2.0", "id": 3, "method": "textDocument/definition", "params": place}),
    ];
    let mut server = Command::new(env!("CARGO_BIN_EXE_vo"))
        .arg("lsp")
        .env("XDG_CACHE_HOME", s.dir.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("vo runs");
    let mut stdin = server.stdin.take().expect("a pipe");
    let mut stdout = std::io::BufReader::new(server.stdout.take().expect("a pipe"));
    let mut send = |message: &serde_json::Value| {
        std::io::Write::write_all(&mut stdin, framed(message).as_bytes()).expect("sent");
        std::io::Write::flush(&mut stdin).expect("sent");
    };
    messages.iter().for_each(&mut send);
    let (mut hover, mut definition, mut errors) = (String::new(), String::new(), String::new());
    while hover.is_empty() || definition.is_empty() || errors.is_empty() {
        let mut length = String::new();
        std::io::BufRead::read_line(&mut stdout, &mut length).expect("a header");
        let length: usize = length.trim().rsplit(' ').next().expect("a length").parse().expect("a length");
        let mut body = vec![0; length + 2];
        std::io::Read::read_exact(&mut stdout, &mut body).expect("a body");
        let message: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        match message["id"].as_i64() {
            Some(2) => hover = message["result"].to_string(),
            Some(3) => definition = message["result"].to_string(),
            _ if message["method"] == "textDocument/publishDiagnostics" => {
                errors = message["params"].to_string()
            }
            _ => {}
        }
    }
    assert!(hover.contains("func Len() int") && hover.contains("Len measures."), "{hover}");
    assert!(definition.contains("/geo/geo.vo"), "{definition}");
    assert!(errors.contains("undefined: undefined") && errors.contains("V0100"), "{errors}");
    send(&json!({"jsonrpc": "2.0", "id": 4, "method": "shutdown"}));
    send(&json!({"jsonrpc": "2.0", "method": "exit"}));
    assert!(server.wait().expect("an end").success());
}
