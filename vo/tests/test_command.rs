//! `vo test` as a user meets it: the packages under `tests/testing` are tested, and what is printed is compared with
//! what `go test` prints for them (times and traces left out).

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testing")
}

fn vo_test(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vo"));
    command.current_dir(dir).arg("test").args(args);
    for name in ["VO_WORKERS", "VO_ENGINE", "VO_STRESS"] {
        command.env_remove(name);
    }
    command.output().expect("vo runs")
}

/// Standard output without times, and without the traces of panics.
fn shown(output: &Output) -> String {
    let mut text = String::new();
    let mut in_trace = false;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        in_trace = (in_trace || line.starts_with("goroutine ")) && !line.starts_with("FAIL");
        if in_trace {
            continue;
        }
        let is_time = |part: &str| part.strip_suffix('s').is_some_and(|n| n.parse::<f64>().is_ok());
        let kept = match line.rsplit_once(" (") {
            Some((head, time)) if is_time(time.trim_end_matches(')')) => head.to_owned(),
            _ => line.split('\t').filter(|part| !is_time(part)).collect::<Vec<_>>().join("\t"),
        };
        text += &(kept + "\n");
    }
    text
}

const ALL: &str = "\
--- FAIL: TestFails
    tt_test.go:31: first
        second line
    --- FAIL: TestFails/a_b
        tt_test.go:32: bad a
    --- FAIL: TestFails/a_b#01
        tt_test.go:34: helper: oops
    tt_test.go:36: at the end
--- FAIL: TestParallel
    tt_test.go:55: all started
    --- FAIL: TestParallel/1
        tt_test.go:51: one
        tt_test.go:49: cleanup 1
--- FAIL: FuzzAdd
    --- FAIL: FuzzAdd/seed#1
        tt_test.go:142: two y
--- FAIL: ExampleAdd_bad
got:
3
want:
4
FAIL
FAIL\texample.com/tt
FAIL\texample.com/tt/bad [build failed]
ok  \texample.com/tt/cmd
--- FAIL: TestPanic
    --- FAIL: TestPanic/inner
panic: assignment to entry in nil map [recovered, repanicked]

FAIL\texample.com/tt/ext
?   \texample.com/tt/none\t[no test files]
ok  \texample.com/tt/sub
FAIL
";

#[test]
fn all_packages_below_a_directory() {
    for engine in ["--interp", "--tiered"] {
        let output = vo_test(&fixtures(), &[engine, "./..."]);
        assert_eq!(shown(&output), ALL, "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1));
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let expected = "# example.com/tt/bad [example.com/tt/bad.test]\n\
                        bad/b_test.go:6:2: undefined: undefined1\n\
                        bad/b_test.go:7:6: declared and not used: unused\n";
        assert!(errors.contains(expected), "{errors}");
    }
}

const VERBOSE: &str = "\
=== RUN   TestAdd
=== RUN   TestAdd/1+2
    tt_test.go:15: adding 1 and 2
--- PASS: TestAdd
    --- PASS: TestAdd/1+2
=== RUN   TestSkip
    tt_test.go:41: skipped 1
--- SKIP: TestSkip
=== RUN   TestShort
--- SKIP: TestShort
=== RUN   ExampleAdd
--- PASS: ExampleAdd
PASS
ok  \texample.com/tt
";

#[test]
fn flags_choose_tests_and_show_more() {
    let output = vo_test(&fixtures(), &["-v", "-short", "-run", "^Test(Add|Skip|Short)$/1.2|ExampleAdd$"]);
    assert_eq!(shown(&output), VERBOSE, "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn benchmarks_report_turns_and_times() {
    let output = vo_test(&fixtures(), &["-run=NONE", "-bench=Add|Sub/n=10", "-benchtime=20x", "-count=2"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for (name, unit) in [("BenchmarkAdd", "ns/op"), ("BenchmarkSub/n=10", "things")] {
        let lines: Vec<&str> = text.lines().filter(|l| l.starts_with(name)).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines.iter().all(|l| l.contains("\t      20\t") && l.ends_with(unit)), "{text}");
    }
}

#[test]
fn a_main_function_of_tests_runs_them() {
    let output = vo_test(&fixtures().join("sub"), &[]);
    assert_eq!(shown(&output), "PASS\nok  \texample.com/tt/sub\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "setup\nteardown\n");
}

#[test]
fn what_cannot_be_done_is_said() {
    let unknown = vo_test(&fixtures(), &["-cover"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no flag -cover"));

    let dir = tempfile::tempdir().expect("a temporary directory");
    let text = "package p\n\nimport \"testing\"\n\nfunc TestX(x int, t *testing.T) {}\n";
    std::fs::write(dir.path().join("p_test.go"), text).expect("written");
    let wrong = vo_test(dir.path(), &[]);
    assert_eq!(wrong.status.code(), Some(1));
    assert_eq!(shown(&wrong), "FAIL\tcommand-line-arguments [setup failed]\n");
    let errors = String::from_utf8_lossy(&wrong.stderr).into_owned();
    let expected = "p_test.go:5:6: wrong signature for TestX, must be: func TestX(t *testing.T)";
    assert!(errors.contains(expected), "{errors}");
}
