//! A Rust program that runs Vo programs: one from text, several runs at a time,
//! each with its own input, output and limits, functions of the host that programs
//! call, and errors as data.
//!
//! ```sh
//! cargo run -p vo --example embed
//! ```

use std::sync::Arc;
use std::time::Duration;
use vo::{CompileError, Config, Engine, Host, HostPackage, Reply, RunOptions, Text};

const GREET: &str = r#"
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"
)

func main() {
	var group sync.WaitGroup
	greetings := make(chan string)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name := strings.TrimSpace(lines.Text())
		group.Go(func() { greetings <- os.Args[1] + ", " + name })
	}
	go func() { group.Wait(); close(greetings) }()
	n := 0
	for greeting := range greetings {
		n++
		_ = greeting
	}
	fmt.Println(n, "greetings that begin with", os.Args[1])
}
"#;

const ORDERS: &str = r#"
package main

import (
	"fmt"
	"shop/stock"
	"sync"
)

func main() {
	var group sync.WaitGroup
	for _, article := range []string{"tea", "tar"} {
		group.Go(func() {
			cents, err := stock.Price(article)
			if err != nil {
				fmt.Println("no order:", err)
				return
			}
			fmt.Println(article, "for", cents, "is under way:", stock.Order(article, 2))
		})
	}
	group.Wait()
}
"#;

/// What programs may ask of this one: a table, and somebody who takes his time.
fn stock() -> HostPackage {
    let mut stock = HostPackage::new("shop/stock");
    stock.function("Price", |article: String| match article.as_str() {
        "tea" => Ok(350_isize),
        _ => Err(format!("no article {article}")),
    });
    stock.request("Order", |_article: String, pieces: u32, reply: Reply<bool>| {
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            reply.send(pieces < 10);
        });
    });
    stock
}

/// A host of one's own: standard output goes to a closure.
struct Lines<F>(F);

impl<F: Fn(&str) + Send + Sync + 'static> Host for Lines<F> {
    fn write(&self, fd: i32, bytes: &[u8]) -> Option<std::io::Result<usize>> {
        (self.0)(&format!("[{fd}] {}", String::from_utf8_lossy(bytes)));
        Some(Ok(bytes.len()))
    }
}

fn main() -> Result<(), CompileError> {
    let mut engine = Engine::new();
    engine.add_package(stock())?;

    // Compile once, run many times, also at the same time.
    let program = engine.compile_text(&Text { name: "greet.vo", text: GREET.as_bytes() })?;
    let runs: Vec<_> = ["hello", "salut", "ciao"]
        .into_iter()
        .map(|word| {
            let program = program.clone();
            std::thread::spawn(move || {
                program.run_captured(RunOptions {
                    args: vec!["greet".into(), word.into()],
                    stdin: b"Ada\nGrace\nBarbara\n".to_vec(),
                    config: Config { workers: 2, ..Config::default() },
                })
            })
        })
        .collect();
    for run in runs {
        let run = run.join().expect("the run's thread ends");
        print!("{}", String::from_utf8_lossy(&run.stdout));
        assert_eq!(run.exit_code, 0);
    }

    // A program that calls this one.
    let program = engine.compile_text(&Text { name: "orders.vo", text: ORDERS.as_bytes() })?;
    let run = program.run_captured(RunOptions::default());
    print!("{}", String::from_utf8_lossy(&run.stdout));
    assert_eq!(run.exit_code, 0);

    // A program that fails, and a host of one's own.
    let failing = "package main\n\nfunc main() {\n\tprint(\"about to fail\")\n\tvar m map[string]int\n\tm[\"x\"] = 1\n}\n";
    let program = engine.compile_text(&Text { name: "fail.vo", text: failing.as_bytes() })?;
    let end = program.run(&Config::default(), Arc::new(Lines(|line: &str| println!("host got {line}"))));
    println!("exit code {}, report:\n{}", end.exit_code, end.report);

    // A program that is wrong: its errors with their places.
    let wrong = "package main\n\nfunc main() { x := 1 }\n";
    match engine.compile_text(&Text { name: "wrong.vo", text: wrong.as_bytes() }) {
        Err(error) => println!("{error}"),
        Ok(_) => unreachable!("x is not used"),
    }
    Ok(())
}
