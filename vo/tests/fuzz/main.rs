//! A differential fuzzer: random well-typed programs, run on every engine, and by Go where it is present; output and
//! exit status must be the same.
//!
//! The makers are `program`, `stmt`, `expr` and `ty`: a program is a function of a seed. The judge is here. A
//! program always ends, never depends on an order that Go leaves open, and prints what it computes.
//!
//! ```text
//! cargo test -p vo --test fuzz                                      about a minute, other seeds each day
//! VO_FUZZ_SECONDS=7200 cargo test -p vo --test fuzz                 two hours
//! VO_FUZZ_SEED=17 VO_FUZZ_SECONDS=0 cargo test -p vo --test fuzz    one program; it is left in VO_FUZZ_DIR
//! ```
//!
//! What it finds is made small and put under `tests/lang/`.

mod expr;
mod program;
mod rng;
mod stmt;
mod ty;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// The engines, with their arguments and environment; the first is the reference.
const JUDGES: &[(&str, &[&str], &str)] = &[
    ("interp", &["--interp", "--workers", "1"], ""),
    ("jit", &["--jit", "--workers", "2"], ""),
    ("tiered", &["--tiered", "--workers", "2"], ""),
    ("tiered, hot at once", &["--tiered", "--workers", "2"], "tier"),
    ("tiered, suspending", &["--tiered", "--workers", "1"], "suspend"),
    ("jit, suspending", &["--jit", "--workers", "1"], "suspend"),
];

/// One program in so many is shown to Go, which takes longer than all engines.
const GO_EVERY: u64 = 8;

const TIMEOUT: Duration = Duration::from_secs(60);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What a run did: exit status, standard error.
#[derive(PartialEq)]
struct Outcome {
    code: Option<i32>,
    text: String,
}

fn run(command: &mut Command, dir: &Path, name: &str) -> Outcome {
    let err = dir.join(format!("{name}.err"));
    let file = std::fs::File::create(&err).expect("a temporary file");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
    let mut child = command.spawn().expect("the program starts");
    let begun = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            use std::os::unix::process::ExitStatusExt;
            break status.code().or(status.signal().map(|signal| -signal));
        }
        if begun.elapsed() > TIMEOUT {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let text = std::fs::read(&err).unwrap_or_default();
    Outcome { code, text: String::from_utf8_lossy(&text).into_owned() }
}

fn vo(program: &Path, (name, args, stress): (&str, &[&str], &str), dir: &Path) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vo"));
    command.arg("run").args(args).arg(program).env_remove("VO_ENGINE").env_remove("VO_WORKERS");
    if stress.is_empty() {
        command.env_remove("VO_STRESS");
    } else {
        command.env("VO_STRESS", stress);
    }
    run(&mut command, dir, &name.replace([' ', ','], "-"))
}

/// Go's command, in `VO_GO`, beside the conformance corpus or in the path.
fn go() -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let named = std::env::var_os("VO_GO").map(PathBuf::from);
    let candidates = [named, Some(home.join(".cache/vo-corpora/go1.27/bin/go"))];
    candidates.into_iter().flatten().find(|path| path.exists())
}

/// What Go's runtime and ours say alike: all before the first trace, but for what only one of them says.
fn comparable(text: &str) -> String {
    let before = text.split("\ngoroutine ").next().unwrap_or("");
    let said = |line: &&str| !line.starts_with("exit status") && !line.starts_with("[signal ");
    before.lines().filter(said).collect::<Vec<_>>().join("\n").trim_end().to_string()
}

fn against_go(go: &Path, program: &Path, reference: &Outcome, dir: &Path) -> Result<(), String> {
    let binary = dir.join("program");
    let built = Command::new(go)
        .args(["build", "-o"])
        .arg(&binary)
        .arg(program)
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "-mod=mod")
        .env("GO111MODULE", "off")
        .output()
        .map_err(|error| error.to_string())?;
    if !built.status.success() {
        return Err(format!("Go does not compile it:\n{}", String::from_utf8_lossy(&built.stderr)));
    }
    let outcome = run(&mut Command::new(&binary), dir, "go");
    if (outcome.code, comparable(&outcome.text)) == (reference.code, comparable(&reference.text)) {
        return Ok(());
    }
    Err(difference("Go", &outcome, reference))
}

fn difference(name: &str, got: &Outcome, want: &Outcome) -> String {
    let line = got.text.lines().zip(want.text.lines()).position(|(a, b)| a != b);
    let n = line.unwrap_or_else(|| got.text.lines().count().min(want.text.lines().count()));
    let at = |text: &str| text.lines().nth(n).unwrap_or("<the end>").to_string();
    format!(
        "{name} differs from interp: status {:?} and {:?}; line {}\n  {name}: {}\n  interp: {}",
        got.code,
        want.code,
        n + 1,
        at(&got.text),
        at(&want.text)
    )
}

/// Makes the program of a seed and shows it to the judges.
fn judge(seed: u64, go: Option<&Path>, dir: &Path) -> Result<(), String> {
    std::fs::create_dir_all(dir).map_err(|error| error.to_string())?;
    let program = dir.join("main.go");
    std::fs::write(&program, program::generate(seed)).map_err(|error| error.to_string())?;
    let reference = vo(&program, JUDGES[0], dir);
    if !matches!(reference.code, Some(0 | 2)) {
        let tail: Vec<&str> = reference.text.lines().take(5).collect();
        return Err(format!("interp ends with status {:?}:\n{}", reference.code, tail.join("\n")));
    }
    for &other in &JUDGES[1..] {
        let outcome = vo(&program, other, dir);
        if outcome != reference {
            return Err(difference(other.0, &outcome, &reference));
        }
    }
    match go {
        Some(go) => against_go(go, &program, &reference, dir),
        None => Ok(()),
    }
}

#[test]
fn engines_agree() {
    let today = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |t| t.as_secs() / 86_400);
    let first = number("VO_FUZZ_SEED").unwrap_or(today * 1_000_000);
    let seconds = number("VO_FUZZ_SECONDS").unwrap_or(50);
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let base = std::env::var_os("VO_FUZZ_DIR").map_or(temporary.path().to_path_buf(), PathBuf::from);
    let (go, end) = (go(), Instant::now() + Duration::from_secs(seconds));
    let (next, failed) = (AtomicU64::new(first), AtomicBool::new(false));
    let found = std::sync::Mutex::new(Vec::new());
    let work = |worker: usize| {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let over = seed != first && (seconds == 0 || Instant::now() > end);
            if over || (failed.load(Ordering::Relaxed) && number("VO_FUZZ_GO_ON").is_none()) {
                return;
            }
            let go = go.as_deref().filter(|_| seed % GO_EVERY == 0);
            let dir = base.join(format!("worker-{worker}"));
            if let Err(error) = judge(seed, go, &dir) {
                failed.store(true, Ordering::Relaxed);
                let kept = std::env::temp_dir().join(format!("vo-fuzz-{seed}.go"));
                let _ = std::fs::copy(dir.join("main.go"), &kept);
                eprintln!("seed {seed} ({}): {error}", kept.display());
                found.lock().unwrap().push(seed);
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    std::thread::scope(|scope| {
        (0..workers).for_each(|worker| {
            scope.spawn(move || work(worker));
        });
    });
    let found = found.into_inner().unwrap();
    println!("{} programs", next.load(Ordering::Relaxed) - first - workers as u64);
    assert!(found.is_empty(), "engines differ on seeds {found:?}; see above, and docs/testing.md");
}
