//! `vo run`: compile or load a program and run it.

use crate::cli::{EngineName, EngineOptions, Run, StressName};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use vo::{Config, Engine, Stdio, Stress};

pub fn run(options: &Run) -> ExitCode {
    let config = match config(&options.engine) {
        Ok(config) => config,
        Err(message) => return super::fail_with(message),
    };
    let start = Instant::now();
    let program = match Engine::new().load(&options.program) {
        Ok(program) => program,
        Err(error) => return super::fail(&error),
    };
    let program = if engine(&options.engine) == EngineName::Jit {
        match program.with_native_code() {
            Ok(program) => program,
            Err(message) => return super::fail_with(message),
        }
    } else {
        program
    };
    let compiled = start.elapsed();
    let name = options.program.to_string_lossy().into_owned();
    let args = std::iter::once(name).chain(options.args.iter().cloned()).map(String::into_bytes).collect();
    let end = program.run(&config, Arc::new(Stdio { args }));
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(end.report.as_bytes());
    if options.stats {
        let _ = writeln!(
            stderr,
            "compile: {:.1} ms, run: {:.1} ms",
            ms(compiled),
            ms(start.elapsed() - compiled)
        );
        let machine = &end.stats.machine;
        let _ = writeln!(
            stderr,
            "machine: {} spills of {} words ({} for a full stack), {} thaws, {} native calls, {} panics",
            machine.spills,
            machine.spilled_words,
            machine.stack_spills,
            machine.thaws,
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

fn ms(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Which engine the options name.
fn engine(options: &EngineOptions) -> EngineName {
    match (options.interp, options.jit, options.engine) {
        (true, ..) => EngineName::Interp,
        (_, true, _) => EngineName::Jit,
        (_, _, Some(engine)) => engine,
        _ => EngineName::Interp,
    }
}

/// The machine's configuration from options and environment.
fn config(options: &EngineOptions) -> Result<Config, String> {
    let has = |name| options.stress.contains(&name);
    let stress =
        Stress { gc: has(StressName::Gc), suspend: has(StressName::Suspend), steal: has(StressName::Steal) };
    let workers = options.workers.map_or(0, usize::from);
    Ok(Config { workers, seed: options.seed, stress, ..Config::default() })
}
