//! Hostile input for the front end: whatever the text, lexer, parser and checker answer with errors, and within
//! bounds of time and memory.
//!
//! ```text
//! cargo test -p vo --test hostile                                    a few seconds, the same inputs each time
//! VO_HOSTILE_SECONDS=600 cargo test -p vo --test hostile -- --nocapture  longer, with other inputs each time
//! ```
//!
//! `VO_HOSTILE_SEED=N` chooses the inputs, `VO_HOSTILE_CORPUS=DIR` adds programs to begin with, `VO_HOSTILE_COMPILE=1` compiles
//! what has no errors as well. An input that fails is kept (the message says where), named by what went wrong.
//!
//! Makers and judge are apart: [`makers`] turn programs into inputs, [`judge`] runs one and knows nothing of how it
//! was made. The inputs run in a child process, which the parent watches: a panic is caught in the child, an
//! overflowing stack ends it, what takes too long or too much memory is ended.

#[path = "hostile/makers.rs"]
mod makers;

use makers::{Corpus, Random};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use vo::{CompileError, Engine, Text};

/// How long one input may take. (A machine may be busy: what is wrong takes for ever.)
const TIME: Duration = Duration::from_secs(20);
/// How much memory the child may hold.
const MEMORY_KIB: u64 = 2 << 20;
/// Where the child says which input it is at, and the input itself.
const PROGRESS: &str = "progress";
const INPUT: &str = "input";

fn env_number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

// ---- judge ----------------------------------------------------------------------------------------------------

/// Runs one input; the panic's place and text if there was one.
fn judge(name: &str, text: &[u8]) -> Result<(), String> {
    let compile = std::env::var_os("VO_HOSTILE_COMPILE").is_some();
    let run = || {
        let engine = Engine::new();
        let source = Text { name, text };
        let result =
            if compile { engine.compile_text(&source).map(drop) } else { engine.check_text(&source) };
        if let Err(CompileError::Source(diagnostics)) = result {
            let shown = diagnostics.render(true, true) + &diagnostics.json();
            assert!(!shown.is_empty(), "rejected without a word");
            for d in &diagnostics.list {
                assert!(d.span.start <= d.span.end, "a place that ends before it begins: {d:?}");
            }
        }
    };
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| PANIC.lock().map(|p| p.clone()).unwrap_or_default())
}

/// Place and text of the last panic.
static PANIC: Mutex<String> = Mutex::new(String::new());

fn keep_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
        if let Ok(mut last) = PANIC.lock() {
            *last = format!("{place}: {}", info.payload_as_str().unwrap_or("?"));
        }
    }));
}

// ---- child ----------------------------------------------------------------------------------------------------

/// The child's work; it does nothing when the parent has not asked for it.
#[test]
#[ignore = "is started by the test of this file"]
fn child() {
    let Some(dir) = std::env::var_os("VO_HOSTILE_DIR").map(PathBuf::from) else { return };
    let seed = env_number("VO_HOSTILE_SEED").unwrap_or(1);
    let from = env_number("VO_HOSTILE_FROM").unwrap_or(0);
    let seconds = env_number("VO_HOSTILE_SECONDS").unwrap_or(3);
    let work = move || inputs(&dir, seed, from, Duration::from_secs(seconds));
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(work).expect("a thread");
    thread.join().expect("the loop itself does not panic");
}

fn inputs(dir: &Path, seed: u64, from: u64, time: Duration) {
    let corpus = Corpus::read();
    let start = Instant::now();
    let mut known = BTreeSet::new();
    keep_panics();
    for index in from.. {
        if start.elapsed() > time {
            fs::write(dir.join(PROGRESS), format!("{index} done")).expect("written");
            return;
        }
        let mut random = Random::new(seed, index);
        let (name, text) = makers::make(&corpus, &mut random);
        fs::write(dir.join(INPUT), &text).expect("written");
        fs::write(dir.join(PROGRESS), format!("{index} {name}")).expect("written");
        if let Err(panic) = judge(name, &text)
            && known.insert(panic.split(": ").next().unwrap_or("").to_owned())
        {
            keep(dir, index, name, "panic", &text, &panic);
        }
    }
}

/// Keeps an input that failed, with the reason beside it.
fn keep(dir: &Path, index: u64, name: &str, kind: &str, text: &[u8], why: &str) {
    fs::write(dir.join(format!("{kind}-{index}-{name}")), text).expect("written");
    fs::write(dir.join(format!("{kind}-{index}.why")), why).expect("written");
}

// ---- parent ---------------------------------------------------------------------------------------------------

#[test]
fn no_input_breaks_the_front_end() {
    let dir = std::env::temp_dir().join(format!("vo-hostile-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("a directory");
    let long = env_number("VO_HOSTILE_SECONDS");
    let seconds = long.unwrap_or(3);
    let by_clock = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |t| t.as_secs());
    let seed = env_number("VO_HOSTILE_SEED").unwrap_or(if long.is_some() { by_clock } else { 1 });
    let start = Instant::now();
    let mut from = 0;
    while start.elapsed() < Duration::from_secs(seconds) {
        let left = seconds.saturating_sub(start.elapsed().as_secs()).max(1);
        let ended = watch(start_child(&dir, seed, from, left), &dir);
        let (index, name) = progress(&dir).unwrap_or((from, "done".into()));
        from = index + 1;
        if let Err((kind, why)) = ended {
            let text = fs::read(dir.join(INPUT)).unwrap_or_default();
            keep(&dir, index, &name, kind, &text, &why);
        }
    }
    let mut failed: Vec<String> = Vec::new();
    for path in fs::read_dir(&dir).expect("readable").flatten().map(|e| e.path()) {
        if path.extension().is_some_and(|e| e == "why") {
            failed.push(format!("{}: {}", path.display(), fs::read_to_string(&path).unwrap_or_default()));
        }
    }
    failed.sort();
    println!("{from} inputs, seed {seed}, {} failures", failed.len());
    assert!(failed.is_empty(), "inputs that break the front end (seed {seed}):\n{}", failed.join("\n"));
    let _ = fs::remove_dir_all(&dir);
}

fn start_child(dir: &Path, seed: u64, from: u64, seconds: u64) -> Child {
    let _ = fs::remove_file(dir.join(PROGRESS));
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(["--exact", "child", "--ignored", "--quiet"]).env("VO_HOSTILE_DIR", dir);
    command.env("VO_HOSTILE_SEED", seed.to_string()).env("VO_HOSTILE_FROM", from.to_string());
    command.env("VO_HOSTILE_SECONDS", seconds.to_string()).stdout(Stdio::null());
    command.spawn().expect("the child starts")
}

/// Waits for the child; `Err` if it ended badly or was ended, with what was wrong.
fn watch(mut child: Child, dir: &Path) -> Result<(), (&'static str, String)> {
    let mut last = (None, Instant::now());
    loop {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return if status.success() { Ok(()) } else { Err(("crash", status.to_string())) };
        }
        let now = progress(dir);
        if now != last.0 {
            last = (now, Instant::now());
        }
        let wrong = if last.1.elapsed() > TIME {
            Some(("hang", format!("no end after {TIME:?}")))
        } else {
            resident_kib(child.id()).filter(|&k| k > MEMORY_KIB).map(|k| ("memory", format!("{k} KiB")))
        };
        if let Some(wrong) = wrong {
            let _ = child.kill();
            let _ = child.wait();
            return Err(wrong);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn progress(dir: &Path) -> Option<(u64, String)> {
    let text = fs::read_to_string(dir.join(PROGRESS)).ok()?;
    let (index, name) = text.split_once(' ')?;
    Some((index.parse().ok()?, name.to_owned()))
}

/// The memory that a process holds, where the system tells.
fn resident_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
