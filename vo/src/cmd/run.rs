//! `vo run`: compile or load a program and run it.

use crate::cli::{EngineName, EngineOptions, Run, StressName};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use vo::{CompilerOptions, Config, Engine, Host, Program, Stdio, Stress, Thresholds};

pub fn run(options: &Run) -> ExitCode {
    let mut config = match config(&options.engine) {
        Ok(config) => config,
        Err(message) => return super::fail_with(message),
    };
    config.report_leaks = options.leaks;
    let start = Instant::now();
    vo_runtime::process::single_pages();
    let stay = crate::pool::enter();
    let program = match Engine::for_one_program().load(&options.program) {
        Ok(program) => program,
        Err(error) => return super::fail(&error),
    };
    if let Err(message) = compile_natively(&program, &options.engine) {
        return super::fail_with(message);
    }
    drop(stay);
    // What runs now is something else.
    vo_runtime::process::drop_code();
    let compiled = start.elapsed();
    let name = options.program.to_string_lossy().into_owned();
    let args = std::iter::once(name).chain(options.args.iter().cloned()).map(String::into_bytes).collect();
    let host = Process { stdio: Stdio { args }, wants_stats: options.stats };
    let end = program.run(&config, Arc::new(host));
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(end.report.as_bytes());
    if !options.stats {
        for line in program.native_warnings() {
            let _ = writeln!(stderr, "{line}");
        }
    } else {
        let _ = writeln!(
            stderr,
            "compile: {:.1} ms, run: {:.1} ms",
            ms(compiled),
            ms(start.elapsed() - compiled)
        );
        let machine = &end.stats.machine;
        let _ = writeln!(
            stderr,
            "machine: {} spills of {} words ({} for a full stack), {} thaws, {} on-stack replacements, {} native calls, {} panics",
            machine.spills,
            machine.spilled_words,
            machine.stack_spills,
            machine.thaws,
            machine.replaced,
            machine.native_calls,
            machine.panics
        );
        for line in program.native_stats().iter().chain(&end.stats.lines) {
            let _ = writeln!(stderr, "{line}");
        }
    }
    // A program's status is its own, also where it is more than eight bits wide.
    std::process::exit(end.exit_code);
}

/// The process's own streams; and its pool, which the front end leaves behind.
struct Process {
    stdio: Stdio,
    wants_stats: bool,
}

impl Host for Process {
    fn has_settled(&self) {
        self.stdio.has_settled();
        crate::pool::give_back();
    }

    fn write(&self, fd: i32, bytes: &[u8]) -> Option<std::io::Result<usize>> {
        self.stdio.write(fd, bytes)
    }

    fn ends_the_process(&self) -> bool {
        !self.wants_stats
    }

    fn args(&self) -> Vec<Vec<u8>> {
        self.stdio.args()
    }

    fn environ(&self) -> Vec<Vec<u8>> {
        self.stdio.environ()
    }
}

fn ms(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Which engine the options name.
fn engine(options: &EngineOptions) -> EngineName {
    match options {
        EngineOptions { interp: true, .. } => EngineName::Interp,
        EngineOptions { jit: true, .. } => EngineName::Jit,
        EngineOptions { tiered: true, .. } => EngineName::Tiered,
        EngineOptions { engine: Some(engine), .. } => *engine,
        _ => EngineName::Tiered,
    }
}

/// Gives the program the compiler that the options name, if any.
pub(super) fn compile_natively(program: &Program, options: &EngineOptions) -> Result<(), String> {
    let engine = engine(options);
    if engine == EngineName::Interp {
        return Ok(());
    }
    let defaults = CompilerOptions::default();
    let compiler = CompilerOptions {
        ahead: engine == EngineName::Jit,
        code_bytes: options.code_limit.unwrap_or(defaults.code_bytes),
        perf_map: options.perf_map,
        fail_on: options.fail_on.clone(),
        owns_process: true,
    };
    let thresholds = if options.stress.is_empty() { Thresholds::default() } else { Thresholds::tiny() };
    program.compile_natively(compiler, thresholds)
}

/// The machine's configuration from options and environment.
pub(super) fn config(options: &EngineOptions) -> Result<Config, String> {
    let has = |name| options.stress.contains(&name);
    let stress = Stress {
        gc: has(StressName::Gc),
        verify: has(StressName::Verify),
        suspend: has(StressName::Suspend),
        steal: has(StressName::Steal),
        mode: has(StressName::Mode),
    };
    let workers = options.workers.map_or(0, usize::from);
    let mut config = Config { workers, seed: options.seed, stress, ..Config::default() };
    config.gc_percent = gc_percent(&variable("GOGC"))?;
    config.soft_memory_limit = memory_size("GOMEMLIMIT", &variable("GOMEMLIMIT"))?;
    config.limits.heap_bytes = match &options.max_memory {
        Some(size) => memory_size("--max-memory", size)?,
        None => None,
    };
    config.trace_gc = variable("VO_TRACE").split(',').any(|name| name == "gc");
    Ok(config)
}

/// An environment variable, empty where it is not set.
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// `GOGC`: a percentage, or "off".
fn gc_percent(text: &str) -> Result<Option<u32>, String> {
    match text {
        "" => Ok(Some(100)),
        "off" => Ok(None),
        _ => match text.parse::<i64>() {
            Ok(percent) => Ok(u32::try_from(percent).ok()),
            Err(_) => Err(format!("GOGC: \"{text}\" is neither a number nor \"off\"")),
        },
    }
}

/// A number of bytes as `GOMEMLIMIT` has it: with B, KiB, MiB, GiB or TiB behind it, or "off".
fn memory_size(what: &str, text: &str) -> Result<Option<u64>, String> {
    if text.is_empty() || text == "off" {
        return Ok(None);
    }
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("B", 0)];
    let found = units.iter().find_map(|&(unit, shift)| Some((text.strip_suffix(unit)?, shift)));
    let (digits, shift) = found.unwrap_or((text, 0));
    let bytes = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(1 << shift));
    bytes.map(Some).ok_or_else(|| format!("{what}: \"{text}\" is no number of bytes such as 512MiB"))
}
