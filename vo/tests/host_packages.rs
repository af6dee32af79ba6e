//! Packages of Rust functions, called by programs on every engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use vo::{
    CompileError, CompilerOptions, Config, Engine, HostPackage, Reply, RunOptions, Stdio, Stress, Text,
    Thresholds,
};

/// What a program prints that imports `package`, interpreted and compiled ahead, on one worker and several, plainly and
/// under stress.
fn outputs(package: fn() -> HostPackage, source: &str) -> Vec<(i32, String)> {
    let run = |ahead: bool, workers, stress| {
        let mut engine = Engine::new();
        engine.add_package(package()).expect("the package is in order");
        let program = engine.compile_text(&Text { name: "main.vo", text: source.as_bytes() });
        let program = program.unwrap_or_else(|error| panic!("{error}"));
        if ahead {
            let options = CompilerOptions { ahead: true, ..CompilerOptions::default() };
            program.compile_natively(options, Thresholds::default()).expect("a compiler backend");
        }
        let config = Config { workers, stress, ..Config::default() };
        let run = program.run_captured(RunOptions { config, ..RunOptions::default() });
        (run.exit_code, String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned())
    };
    let stress = [
        Stress::default(),
        Stress { suspend: true, ..Stress::default() },
        Stress { gc: true, ..Stress::default() },
        Stress { steal: true, ..Stress::default() },
    ];
    let runs = [false, true].into_iter().flat_map(|ahead| [1, 4].map(|workers| (ahead, workers)));
    runs.flat_map(|(ahead, workers)| stress.map(|stress| run(ahead, workers, stress))).collect()
}

fn check(package: fn() -> HostPackage, source: &str, wanted: &str) {
    for output in outputs(package, source) {
        assert_eq!(output, (0, wanted.to_owned()));
    }
}

#[test]
fn values_cross_both_ways() {
    fn package() -> HostPackage {
        let mut host = HostPackage::new("my/host");
        host.function("Nothing", || ());
        host.function("Numbers", |a: i8, b: u16, c: isize, d: f32, e: f64| {
            (-a, b + 1, c * 2, (d, e).0 + e as f32)
        });
        host.function("Join", |words: Vec<String>, with: String| words.join(&with));
        host.function("Split", |text: String| text.split(' ').map(String::from).collect::<Vec<_>>());
        host.function("Sum", |numbers: Vec<f64>| numbers.iter().fold(0.0, |sum, n| sum + n));
        host.function("Squares", |n: usize| (0..n as i32).map(|i| i * i).collect::<Vec<i32>>());
        host.function("Reverse", |bytes: Vec<u8>| bytes.into_iter().rev().collect::<Vec<u8>>());
        host.function("Half", |n: isize| (n % 2 == 0).then_some(n / 2));
        host.function("Parse", |text: String| text.parse::<i64>());
        host.function("Check", |ok: bool| if ok { Ok(()) } else { Err("not so") });
        host.function("Find", |n: isize| match n {
            0 => Err("zero"),
            n => Ok((n > 1).then(|| vec![format!("{n}")])),
        });
        host
    }
    let source = r#"
package main

import (
	"fmt"
	"my/host"
)

func main() {
	host.Nothing()
	fmt.Println(host.Numbers(1, 2, 3, 0.5, 4))
	fmt.Printf("%q %q\n", host.Join([]string{"a", "", "c"}, "-"), host.Split("x yz é"))
	fmt.Println(host.Sum([]float64{1, 2.5}), host.Sum(nil), host.Squares(4), host.Squares(0) == nil)
	fmt.Printf("%s %T\n", host.Reverse([]byte("abc")), host.Squares(1))
	fmt.Println(host.Half(8))
	fmt.Println(host.Half(7))
	fmt.Println(host.Parse("-12"))
	fmt.Println(host.Parse("one"))
	fmt.Println(host.Check(true), host.Check(false))
	fmt.Println(host.Find(0))
	fmt.Println(host.Find(1))
	fmt.Println(host.Find(2))
}
"#;
    let wanted = "-1 3 6 4.5\n\"a--c\" [\"x\" \"yz\" \"é\"]\n3.5 0 [0 1 4 9] true\ncba []int32\n4 true\n0 false\n-12 <nil>\n\
                  0 invalid digit found in string\n<nil> not so\n[] false zero\n[] false <nil>\n[2] true <nil>\n";
    check(package, source, wanted);
}

#[test]
fn goroutines_wait_for_answers_without_holding_workers() {
    fn package() -> HostPackage {
        let mut host = HostPackage::new("host");
        host.blocking("Slow", |n: isize| {
            std::thread::sleep(Duration::from_millis(1));
            n + 1
        });
        host.request("Later", |text: String, reply: Reply<Result<String, String>>| {
            std::thread::spawn(move || {
                reply.send(if text.is_empty() { Err("nothing to say".into()) } else { Ok(text + "!") });
            });
        });
        host.request("AtOnce", |n: u8, reply: Reply<u8>| reply.send(n));
        host
    }
    let source = r#"
package main

import (
	"host"
	"sync"
)

func main() {
	var group sync.WaitGroup
	results := make([]int, 100)
	for i := range results {
		group.Go(func() {
			text, err := host.Later("x")
			if err != nil || text != "x!" || host.AtOnce(byte(i)) != byte(i) {
				panic(text)
			}
			results[i] = host.Slow(i)
		})
	}
	group.Wait()
	sum := 0
	for _, r := range results {
		sum += r
	}
	_, err := host.Later("")
	println(sum, err.Error())
}
"#;
    check(package, source, "5050 nothing to say\n");
}

#[test]
fn a_panic_of_a_host_function_is_one_of_the_caller() {
    fn package() -> HostPackage {
        let mut host = HostPackage::new("host");
        host.function("Now", |index: usize| [1_u8, 2][index]);
        host.blocking("Slow", |text: String| -> String { panic!("no {text}") });
        host.request("Dropped", |_: Reply<u8>| ());
        host.request("Lost", |_: Reply<Result<u8, String>>| panic!("lost"));
        host
    }
    let source = r#"
package main

import "host"

func try(f func()) {
	defer func() { println(recover().(string)) }()
	f()
}

func main() {
	try(func() { host.Now(2) })
	try(func() { host.Slow("way") })
	try(func() { host.Dropped() })
	try(func() { host.Lost() })
	println(host.Now(1))
}
"#;
    let wanted = "host function host.Now panicked: index out of bounds: the len is 2 but the index is 2\n\
                  host function host.Slow panicked: no way\nhost function host.Dropped gave no answer\n\
                  host function host.Lost gave no answer\n2\n";
    check(package, source, wanted);
}

#[test]
fn programs_are_checked_against_the_functions() {
    let mut engine = Engine::new();
    let mut host = HostPackage::new("my/host");
    host.function("Twice", |n: i64| 2 * n);
    engine.add_package(host).expect("the package is in order");
    let wrong = "package main\n\nimport \"my/host\"\n\nfunc main() { host.Twice(\"x\") }\n";
    let Err(error) = engine.compile_text(&Text { name: "main.vo", text: wrong.as_bytes() }) else {
        panic!("it compiles")
    };
    assert!(error.to_string().starts_with("main.vo:5:26: cannot use \"x\""), "{error}");
    // A program that was compiled elsewhere needs the function too.
    let right = "package main\n\nimport \"my/host\"\n\nfunc main() { println(host.Twice(2)) }\n";
    let program =
        engine.compile_text(&Text { name: "main.vo", text: right.as_bytes() }).expect("it compiles");
    let Err(error) = Engine::new().load_vob(&program.to_vob()) else { panic!("it is loaded") };
    assert!(error.to_string().contains("my/host.Twice"), "{error}");
}

#[test]
fn a_package_that_is_not_in_order_is_refused() {
    let refused = |path: &str, names: &[&str]| -> String {
        let mut host = HostPackage::new(path);
        for name in names {
            host.function(name, || ());
        }
        let error = Engine::new().add_package(host).expect_err("it is refused");
        assert!(matches!(error, CompileError::Input(_)));
        error.to_string()
    };
    assert_eq!(refused("fmt", &[]), "host package \"fmt\": the library has a package of this path");
    for path in ["", "a//b", "a/b-c", "../x", "a b"] {
        assert!(refused(path, &[]).ends_with("not an import path that ends in a package name"));
    }
    assert!(refused("h", &["lower"]).ends_with("\"lower\" is not the name of an exported function"));
    assert!(refused("h", &["Two", "Two"]).ends_with("function Two is there twice"));
}

#[test]
fn a_running_program_is_stopped_from_outside() {
    let mut engine = Engine::new();
    let mut host = HostPackage::new("host");
    let begun = Arc::new(AtomicUsize::new(0));
    let (began, late) = (begun.clone(), Arc::new(std::sync::Mutex::new(None)));
    let keeps = late.clone();
    host.function("Begun", move || {
        began.fetch_add(1, Ordering::SeqCst);
    });
    host.request("Never", move |reply: Reply<u8>| *keeps.lock().expect("not poisoned") = Some(reply));
    engine.add_package(host).expect("the package is in order");
    let source = "package main\n\nimport \"host\"\n\nfunc main() {\n\tgo host.Never()\n\thost.Begun()\n\tfor {\n\t}\n}\n";
    let program =
        engine.compile_text(&Text { name: "main.vo", text: source.as_bytes() }).expect("it compiles");
    let running = program.start(&Config::default(), Arc::new(Stdio { args: Vec::new() }));
    let stopper = running.stopper();
    let waiter = std::thread::spawn(move || running.wait());
    while begun.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    stopper.stop(7, "enough");
    let end = waiter.join().expect("the run ends");
    assert_eq!((end.exit_code, end.report.as_str()), (7, "enough"));
    // Nobody hears what comes now, and nobody minds.
    stopper.stop(8, "");
    if let Some(reply) = late.lock().expect("not poisoned").take() {
        reply.send(1);
    }
    // A run that is dropped is stopped.
    drop(program.start(&Config::default(), Arc::new(Stdio { args: Vec::new() })));
}
