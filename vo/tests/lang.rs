//! The language conformance programs of `tests/lang`, each under the matrix of
//! modes: engines, 1 and 4 workers, and the stress modes.
//!
//! A program's first line says what is expected of it:
//!
//! - `// run`: exit status 0, and the output of the sibling `.out` file (none: no output);
//! - `// exit N`: exit status N and that output;
//! - `// panic "text"`: exit status 2 and the text on standard error;
//! - `// deadlock`: exit status 2 and Go's deadlock message;
//! - `// errorcheck`: `vo check` reports an error on each line with a comment
//!   `// ERROR "regexp" "regexp"`, and nowhere else.
//!
//! A directory with a `main.go` or `main.vo` is one program. `known_failures.txt`
//! lists `name mode` pairs that must keep failing. `VO_BLESS=1` rewrites `.out`
//! files from the plain run. A filter selects by name: `cargo test --test lang -- select`.

use libtest_mimic::{Arguments, Failed, Trial};
use regex::Regex;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A column of the matrix: its name, arguments and environment.
#[derive(Clone)]
struct Mode {
    name: String,
    args: Vec<String>,
    stress: &'static str,
}

const ENGINES: &[&str] = &["interp", "jit", "tiered"];
const WORKERS: &[u32] = &[1, 4];
const STRESS: &[&str] = &["", "suspend", "gc", "steal", "mode", "tier"];
const TIMEOUT: Duration = Duration::from_secs(120);

/// The columns of the matrix that are run where `VO_MATRIX=full` is not set: each engine plainly with both numbers of
/// workers, and with each stress mode once. (A mode that the interpreter shares with the others
/// is run where it finds most.)
const BOUNDED: &[&str] = &[
    "interp-1",
    "interp-4",
    "interp-1-suspend",
    "interp-4-suspend",
    "interp-4-gc",
    "interp-4-steal",
    "jit-1",
    "jit-4",
    "jit-4-suspend",
    "jit-1-gc",
    "tiered-1",
    "tiered-4",
    "tiered-1-suspend",
    "tiered-4-gc",
    "tiered-4-steal",
    "jit-4-mode",
    "tiered-4-mode",
    "tiered-4-tier",
];

fn modes() -> Vec<Mode> {
    let full = std::env::var_os("VO_MATRIX").is_some_and(|value| value == "full");
    let mut modes = Vec::new();
    for engine in ENGINES {
        for workers in WORKERS {
            for stress in STRESS {
                let dash = if stress.is_empty() { "" } else { "-" };
                let name = format!("{engine}-{workers}{dash}{stress}");
                // Only one engine has tiers.
                let makes_sense = *stress != "tier" || *engine == "tiered";
                if makes_sense && (full || BOUNDED.contains(&name.as_str())) {
                    let args = vec![format!("--{engine}"), "--workers".into(), workers.to_string()];
                    modes.push(Mode { name, args, stress });
                }
            }
        }
    }
    modes
}

/// What a program's first line asks for.
enum Expectation {
    Exit(i32),
    Panic(String),
    Deadlock,
    ErrorCheck,
}

fn expectation(text: &str) -> Result<Expectation, String> {
    let first = text.lines().next().unwrap_or("").trim();
    let words = first.strip_prefix("//").map(str::trim).unwrap_or("");
    let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
    Ok(match word {
        "run" => Expectation::Exit(0),
        "exit" => Expectation::Exit(rest.trim().parse().map_err(|_| format!("bad status in {first:?}"))?),
        "panic" => Expectation::Panic(rest.trim().trim_matches('"').to_string()),
        "deadlock" => Expectation::Deadlock,
        "errorcheck" => Expectation::ErrorCheck,
        _ => return Err(format!("the first line {first:?} says not what is expected")),
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/lang")
}

/// Every program under a directory, with its name relative to `tests/lang`.
fn programs(dir: &Path, prefix: &str, found: &mut Vec<(String, PathBuf)>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        let stem = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = if prefix.is_empty() { stem.clone() } else { format!("{prefix}/{stem}") };
        if path.is_dir() {
            if main_file(&path).is_some() {
                found.push((name, path));
            } else {
                programs(&path, &name, found);
            }
        } else if path.extension().is_some_and(|e| e == "vo" || e == "go") {
            found.push((name, path));
        }
    }
}

fn main_file(dir: &Path) -> Option<PathBuf> {
    ["main.vo", "main.go"].iter().map(|n| dir.join(n)).find(|p| p.exists())
}

fn run(mode: Option<&Mode>, verb: &str, program: &Path) -> Result<Output, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vo"));
    command.arg(verb).env_remove("VO_STRESS").env_remove("VO_WORKERS").env_remove("VO_ENGINE");
    if let Some(mode) = mode {
        command.args(&mode.args);
        if !mode.stress.is_empty() {
            command.env("VO_STRESS", mode.stress);
        }
    }
    // Traces name files, so programs are run by their bare name.
    command.current_dir(program.parent().expect("a program has a directory"));
    command.arg(program.file_name().expect("a program has a name"));
    let dir = tempfile::tempdir()?;
    let (out, err) = (dir.path().join("out"), dir.path().join("err"));
    command.stdin(Stdio::null()).stdout(std::fs::File::create(&out)?).stderr(std::fs::File::create(&err)?);
    let mut child = command.spawn()?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > TIMEOUT {
            child.kill()?;
            child.wait()?;
            return Err(format!("still running after {TIMEOUT:?}").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Ok(Output { status, stdout: std::fs::read(&out)?, stderr: std::fs::read(&err)? })
}

fn check_run(mode: &Mode, program: &Path, expected: Expectation) -> Result<(), Failed> {
    let output = run(Some(mode), "run", program)?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let code = output.status.code();
    let want_code = match &expected {
        Expectation::Exit(code) => *code,
        _ => 2,
    };
    if code != Some(want_code) {
        return Err(format!("{}, expected status {want_code}\n{}", output.status, tail(&stderr)).into());
    }
    let want_text = match &expected {
        Expectation::Panic(text) => text.as_str(),
        Expectation::Deadlock => "fatal error: all goroutines are asleep - deadlock!",
        _ => "",
    };
    if !stderr.contains(want_text) {
        return Err(format!("standard error lacks {want_text:?}:\n{}", tail(&stderr)).into());
    }
    let out_file = program.with_extension("out");
    if std::env::var_os("VO_BLESS").is_some() && mode.stress.is_empty() {
        if !output.stdout.is_empty() || out_file.exists() {
            std::fs::write(&out_file, &output.stdout)?;
        }
        return Ok(());
    }
    // Programs may print any bytes.
    let want = std::fs::read(&out_file).unwrap_or_default();
    if output.stdout != want {
        let want = String::from_utf8_lossy(&want);
        return Err(difference(&stdout, &want).into());
    }
    Ok(())
}

fn difference(got: &str, want: &str) -> String {
    let line = got.lines().zip(want.lines()).position(|(g, w)| g != w);
    let n = line.unwrap_or_else(|| got.lines().count().min(want.lines().count()));
    let at = |text: &str| text.lines().nth(n).unwrap_or("<the end>").to_string();
    format!("output differs in line {}\n got: {}\nwant: {}", n + 1, at(got), at(want))
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

fn check_errors(program: &Path) -> Result<(), Failed> {
    let output = run(None, "check", program)?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() != Some(1) {
        return Err(format!("{}, expected status 1\n{}", output.status, tail(&stderr)).into());
    }
    let head = Regex::new(r"^([^:\s]+):(\d+):(\d+): (.*)$").expect("a good pattern");
    let files = if program.is_dir() {
        std::fs::read_dir(program)?.flatten().map(|e| e.path()).collect()
    } else {
        vec![program.to_path_buf()]
    };
    let mut reported: Vec<(String, usize, String)> = Vec::new();
    for line in stderr.lines() {
        if let Some(found) = head.captures(line) {
            let file = Path::new(&found[1]).file_name().unwrap_or_default().to_string_lossy().into_owned();
            reported.push((file, found[2].parse().unwrap_or(0), found[4].to_string()));
        } else if line.starts_with('\t')
            && let Some(last) = reported.last_mut()
        {
            last.2.push('\n');
            last.2.push_str(line);
        }
    }
    let mut wrong = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        for (i, line) in text.lines().enumerate() {
            let here = |r: &&(String, usize, String)| r.0 == name && r.1 == i + 1;
            let patterns = error_patterns(line);
            for pattern in &patterns {
                let pattern = Regex::new(pattern).map_err(|e| e.to_string())?;
                if !reported.iter().filter(here).any(|r| pattern.is_match(&r.2)) {
                    wrong.push(format!("{name}:{}: no error matches {pattern}", i + 1));
                }
            }
            if patterns.is_empty() {
                wrong.extend(
                    reported.iter().filter(here).map(|r| format!("{name}:{}: unexpected: {}", r.1, r.2)),
                );
            }
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("{}\n--- reported:\n{stderr}", wrong.join("\n")).into())
    }
}

/// The patterns of a line's `// ERROR "…" "…"` comment.
fn error_patterns(line: &str) -> Vec<String> {
    let Some((_, comment)) = line.split_once("// ERROR ") else { return Vec::new() };
    let quoted = Regex::new(r#""((?:[^"\\]|\\.)*)"|`([^`]*)`"#).expect("a good pattern");
    quoted
        .captures_iter(comment)
        .map(|c| match (c.get(1), c.get(2)) {
            (Some(text), _) => text.as_str().replace("\\\"", "\""),
            (_, text) => text.map_or("", |t| t.as_str()).to_string(),
        })
        .collect()
}

fn trial(name: String, known: bool, check: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::test(name, move || match (check(), known) {
        (Ok(()), true) => Err("passes, but known_failures.txt lists it: take it off the list".into()),
        (Err(_), true) => Ok(()),
        (result, false) => result,
    })
}

fn main() {
    let arguments = Arguments::from_args();
    let list = std::fs::read_to_string(root().join("known_failures.txt")).unwrap_or_default();
    let known: HashSet<String> = list
        .lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let mut found = Vec::new();
    programs(&root(), "", &mut found);
    let mut trials = Vec::new();
    for (name, path) in found {
        let main = if path.is_dir() { main_file(&path).expect("has a main file") } else { path.clone() };
        let text = std::fs::read_to_string(main).unwrap_or_default();
        let is_known =
            |mode: &str| known.contains(&format!("{name} {mode}")) || known.contains(&format!("{name} *"));
        match expectation(&text) {
            Err(error) => trials.push(Trial::test(name.clone(), move || Err(error.into()))),
            Ok(Expectation::ErrorCheck) => {
                trials.push(trial(format!("{name} check"), is_known("check"), move || check_errors(&path)));
            }
            Ok(_) => {
                for mode in modes() {
                    let (path, text) = (path.clone(), text.clone());
                    let known = is_known(&mode.name);
                    trials.push(trial(format!("{name} {}", mode.name), known, move || {
                        check_run(&mode, &path, expectation(&text)?)
                    }));
                }
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
