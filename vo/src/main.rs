//! The `vo` command.
//!
//! It reads the command line and the environment, asks the library for what is to
//! be done, and is the only place that prints and exits. Exit status: the
//! program's own for `vo run`; 1 for input that is wrong; 2 for a wrong command
//! line; 101 for a fault of ours.

mod cli;
mod cmd;
mod pool;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: pool::Pool = pool::Pool;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(report_bug));
    let cli = Cli::parse();
    // The front end recurses along the program's nesting, whose limit fits this stack.
    let work =
        std::thread::Builder::new().name("vo".into()).stack_size(256 << 20).spawn(move || dispatch(cli));
    match work.map(|thread| thread.join()) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => {
            eprintln!("vo: cannot start a thread: {error}");
            ExitCode::from(1)
        }
    }
}

fn dispatch(cli: Cli) -> ExitCode {
    // Those that run programs or stay for long see to it themselves.
    let compiles = !matches!(cli.command, Command::Run(_) | Command::Test(_) | Command::Lsp(_));
    let _stay = compiles.then(pool::enter);
    match cli.command {
        Command::Run(options) => cmd::run::run(&options),
        Command::Check(options) => cmd::check::check(&options),
        Command::Build(options) => cmd::build::build(&options),
        Command::Test(options) => cmd::test::test(options),
        Command::Lsp(options) => cmd::lsp::lsp(&options),
        Command::Vet(options) => cmd::vet::vet(&options),
        Command::Fmt(options) => cmd::fmt::fmt(&options),
        Command::Disasm(options) => cmd::disasm::disasm(&options),
        Command::Explain(options) => cmd::explain::explain(&options),
        Command::Version => cmd::version(),
    }
}

/// A panic of ours is a bug of ours, and says so.
fn report_bug(info: &std::panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("unknown");
    let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
    eprintln!("vo: internal error: {} ({place})", message.trim_start_matches("internal error: "));
    eprintln!(
        "This is a bug in Vo, not in your program. Please report it with the program, the command line and"
    );
    eprintln!("`{}`; VO_BACKTRACE=1 adds a backtrace.", version_line());
    if std::env::var_os("VO_BACKTRACE").is_some() {
        eprintln!("{}", std::backtrace::Backtrace::force_capture());
    }
}

/// Name, version and platform.
fn version_line() -> String {
    format!("vo {} {}/{}", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH)
}
