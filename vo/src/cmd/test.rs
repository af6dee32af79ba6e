//! `vo test`: compile the tests of packages and run them, one package after the other.
//!
//! Flags and output are those of `go test`. Without packages, the tests of the working directory write to the terminal
//! as they run. With packages, what a package writes is shown where it fails, or where -v, -bench or -list asks for it.

use super::run;
use crate::cli::{EngineOptions, Test};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use vo::{CompileError, Config, Engine, Host, TestPackage};

/// Flags of package testing that take a value.
const VALUES: [&str; 9] =
    ["run", "skip", "bench", "benchtime", "count", "parallel", "list", "shuffle", "timeout"];

/// Those that take none.
const SWITCHES: [&str; 4] = ["v", "short", "failfast", "benchmem"];

/// What the command line asks for.
#[derive(Default)]
struct Request {
    /// Arguments of the test programs.
    flags: Vec<String>,
    packages: Vec<String>,
    /// The output is shown at once.
    streams: bool,
    has_timeout: bool,
}

pub fn test(options: Test) -> ExitCode {
    let Test { mut engine, args } = options;
    let request = match parse(args, &mut engine) {
        Ok(request) => request,
        Err(message) => {
            eprintln!("vo test: {message}");
            return ExitCode::from(2);
        }
    };
    let config = match run::config(&engine) {
        Ok(config) => config,
        Err(message) => return super::fail_with(message),
    };
    let packages = match packages(&request.packages) {
        Ok(packages) => packages,
        Err(error) => return super::fail(&error),
    };
    let mut ok = true;
    for package in &packages {
        ok &= test_package(package, &request, &engine, &config);
    }
    if !ok && !request.packages.is_empty() {
        println!("FAIL");
    }
    ExitCode::from(u8::from(!ok))
}

/// Reads the flags, which may stand anywhere, with one dash or two.
fn parse(args: Vec<String>, engine: &mut EngineOptions) -> Result<Request, String> {
    let mut request = Request::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        if arg == "-args" || arg == "--args" {
            request.flags.extend(args.by_ref());
            break;
        }
        let Some(flag) = arg.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            request.packages.push(arg);
            continue;
        };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let flag = flag.strip_prefix("test.").unwrap_or(flag);
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag, None),
        };
        request.streams |= matches!(name, "v" | "bench" | "list");
        request.has_timeout |= name == "timeout";
        match name {
            "interp" => engine.interp = true,
            "jit" => engine.jit = true,
            "tiered" => engine.tiered = true,
            _ if SWITCHES.contains(&name) => {
                request.flags.push(format!("-test.{name}={}", value.as_deref().unwrap_or("true")));
            }
            _ if VALUES.contains(&name) => {
                let value = value.or_else(|| args.next()).ok_or_else(|| format!("-{name} needs a value"))?;
                request.flags.push(format!("-test.{name}={value}"));
            }
            _ => return Err(format!("there is no flag -{name}; `vo test --help` lists those there are")),
        }
    }
    if !request.has_timeout {
        request.flags.insert(0, "-test.timeout=10m0s".into());
    }
    Ok(request)
}

/// The packages that the arguments name: directories, DIR/... for all below one, or files of one package.
fn packages(names: &[String]) -> Result<Vec<TestPackage>, CompileError> {
    let is_file = |name: &String| name.ends_with(".go") || name.ends_with(".vo");
    if !names.is_empty() && names.iter().all(is_file) {
        let files: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        let first = files[0].clone();
        let dir = first.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return Ok(vec![TestPackage::new(dir, files)?]);
    }
    if names.is_empty() {
        return Ok(vec![TestPackage::new(Path::new("."), Vec::new())?]);
    }
    let mut found = Vec::new();
    for name in names {
        match name.strip_suffix("/...").or((name == "...").then_some(".")) {
            Some(root) => below(Path::new(root), true, &mut found)?,
            None => found.push(TestPackage::new(Path::new(name), Vec::new())?),
        }
    }
    Ok(found)
}

/// The packages of a directory and of those below it, but for other modules, `testdata`, and names that begin with
/// `.` or `_`.
fn below(dir: &Path, root: bool, found: &mut Vec<TestPackage>) -> Result<(), CompileError> {
    if !root && ["go.mod", "vo.mod"].iter().any(|name| dir.join(name).exists()) {
        return Ok(());
    }
    let package = TestPackage::new(dir, Vec::new())?;
    if package.has_files() {
        found.push(package);
    }
    let entries =
        std::fs::read_dir(dir).map_err(|e| CompileError::Input(format!("{}: {e}", dir.display())))?;
    let mut dirs: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect();
    dirs.sort();
    for dir in dirs {
        let name = dir.file_name().and_then(|n| n.to_str()).unwrap_or("_");
        if !name.starts_with(['.', '_']) && name != "testdata" && name != "vendor" {
            below(&dir, false, found)?;
        }
    }
    Ok(())
}

/// Compiles and runs the tests of one package, and tells how that went.
fn test_package(package: &TestPackage, request: &Request, engine: &EngineOptions, config: &Config) -> bool {
    let path = &package.path;
    if !package.has_tests() {
        println!("?   \t{path}\t[no test files]");
        return true;
    }
    let program = match Engine::new().compile_tests(package) {
        Ok(program) => program,
        Err(error) => {
            eprintln!("# {path} [{path}.test]");
            let stage = match &error {
                CompileError::Source(diagnostics) => {
                    super::show(diagnostics);
                    "build"
                }
                CompileError::Input(message) => {
                    eprintln!("{message}");
                    "setup"
                }
            };
            println!("FAIL\t{path} [{stage} failed]");
            return false;
        }
    };
    if let Err(message) = run::compile_natively(&program, engine) {
        eprintln!("vo: {message}");
        return false;
    }
    let at_once = request.streams || request.packages.is_empty();
    let host = Arc::new(TestHost {
        args: std::iter::once(format!("{path}.test")).chain(request.flags.iter().cloned()).collect(),
        kept: (!at_once).then(Mutex::default),
        warned: Mutex::new(false),
    });
    let start = Instant::now();
    let end = match inside(&package.dir, || program.run(config, host.clone())) {
        Ok(end) => end,
        Err(error) => {
            eprintln!("vo: {}: {error}", package.dir.display());
            return false;
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    let mut output = host.take();
    output.extend_from_slice(end.report.as_bytes());
    let ok = end.exit_code == 0;
    if at_once || !ok {
        let _ = io::stdout().write_all(&output);
    }
    if ok {
        let note = if host.warned() { " [no tests to run]" } else { "" };
        println!("ok  \t{path}\t{seconds:.3}s{note}");
    } else {
        if at_once || output.is_empty() {
            println!("exit status {}", end.exit_code);
        }
        println!("FAIL\t{path}\t{seconds:.3}s");
    }
    ok
}

/// Does something with another working directory.
fn inside<T>(dir: &Path, work: impl FnOnce() -> T) -> io::Result<T> {
    let here = std::env::current_dir()?;
    std::env::set_current_dir(dir)?;
    let result = work();
    std::env::set_current_dir(here)?;
    Ok(result)
}

/// A host that keeps what a package's tests write, unless it is shown at once.
struct TestHost {
    args: Vec<String>,
    kept: Option<Mutex<Vec<u8>>>,
    /// Whether the program said that there were no tests to run.
    warned: Mutex<bool>,
}

const NO_TESTS: &[u8] = b"testing: warning: no tests to run";

impl TestHost {
    fn take(&self) -> Vec<u8> {
        let kept =
            self.kept.as_ref().map(|kept| kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        kept.map(|mut kept| std::mem::take(&mut *kept)).unwrap_or_default()
    }

    fn warned(&self) -> bool {
        *self.warned.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Host for TestHost {
    fn write(&self, fd: i32, bytes: &[u8]) -> Option<io::Result<usize>> {
        if bytes.starts_with(NO_TESTS) {
            *self.warned.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = true;
        }
        let kept = self.kept.as_ref().filter(|_| fd == 1 || fd == 2)?;
        kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend_from_slice(bytes);
        Some(Ok(bytes.len()))
    }

    fn args(&self) -> Vec<Vec<u8>> {
        self.args.iter().map(|arg| arg.clone().into_bytes()).collect()
    }

    fn environ(&self) -> Vec<Vec<u8>> {
        vo::Stdio { args: Vec::new() }.environ()
    }
}
