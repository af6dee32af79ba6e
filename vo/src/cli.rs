//! The command line: what `vo` accepts, declared with clap.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Vo: Go's language and Go's concurrency, with islands, in one small runtime.
#[derive(Debug, Parser)]
#[command(name = "vo", version, propagate_version = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compile a program and run it
    Run(Run),
    /// Report every error of a package without running it
    Check(Check),
    /// Compile a program into one .vob file that `vo run` runs
    Build(Build),
    /// Run the tests of packages
    Test(Test),
    /// Serve an editor at standard input and output (the language server protocol)
    Lsp(Lsp),
    /// Report mistakes that compile
    Vet(Check),
    /// Bring source into its usual layout
    Fmt(Fmt),
    /// Show the bytecode of a program, or the machine code of a function
    Disasm(Disasm),
    /// Explain an error code, with an example
    Explain(Explain),
    /// Print the version
    Version,
}

/// `vo run`
#[derive(Debug, Args)]
pub struct Run {
    /// A .vo or .go file, a directory that holds a package, or a .vob file
    pub program: PathBuf,
    /// Arguments of the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<String>,
    #[command(flatten)]
    pub engine: EngineOptions,
    /// When main returns, say which goroutines nothing can wake any more
    #[arg(long)]
    pub leaks: bool,
    /// Print what the run cost on standard error when it ends
    #[arg(long)]
    pub stats: bool,
}

/// `vo test`
#[derive(Debug, Args)]
#[command(
    override_usage = "vo test [ENGINE OPTIONS] [-v] [-run REGEXP] [-bench REGEXP] … [PACKAGES] [-args …]"
)]
#[command(
    after_help = "The flags are those of `go test`, before or behind the packages: -v -run -skip -bench -benchtime\n\
    -benchmem -count -short -timeout -failfast -parallel -list -shuffle; what follows -args is the tests' own.\n\
    A package is a directory; DIR/... is all below it. Without packages: the working directory."
)]
pub struct Test {
    #[command(flatten)]
    pub engine: EngineOptions,
    /// Flags of `go test`, and packages
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<String>,
}

/// Options of the machine.
#[derive(Debug, Args)]
pub struct EngineOptions {
    /// Worker threads that run goroutines; one for each core unless set
    #[arg(long, env = "VO_WORKERS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
    /// Interpret everything
    #[arg(long, conflicts_with_all = ["jit", "tiered"])]
    pub interp: bool,
    /// Compile everything before main
    #[arg(long, conflicts_with = "tiered")]
    pub jit: bool,
    /// Interpret at first and compile what gets hot in the background (the default)
    #[arg(long)]
    pub tiered: bool,
    /// The engine where none of --interp, --jit and --tiered is given
    #[arg(long, env = "VO_ENGINE", value_enum, value_name = "ENGINE", hide = true)]
    pub engine: Option<EngineName>,
    /// Seed of every random choice; with one worker the same seed gives the same run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Bytes that the program's heap may have, as 512MiB; more ends it with an error
    #[arg(long, value_name = "SIZE")]
    pub max_memory: Option<String>,
    /// Bytes of machine code that the program may have; what does not fit is interpreted
    #[arg(long, env = "VO_CODE_LIMIT", value_name = "BYTES")]
    pub code_limit: Option<usize>,
    /// Write the names of machine code to /tmp/perf-PID.map, for perf
    #[arg(long, env = "VO_PERF_MAP", value_parser = clap::builder::FalseyValueParser::new())]
    pub perf_map: bool,
    /// For tests of the compiler: panic when compiling this function
    #[arg(long, env = "VO_FAIL_ON", value_name = "FUNC", hide = true)]
    pub fail_on: Option<String>,
    /// Hostile modes, comma-separated: suspend, gc, verify, steal, tier
    #[arg(long, env = "VO_STRESS", value_enum, value_delimiter = ',', value_name = "MODES", hide = true)]
    pub stress: Vec<StressName>,
}

/// An engine by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    Interp,
    Jit,
    Tiered,
}

/// A stress mode by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StressName {
    /// Take every suspend point
    Suspend,
    /// Collect at every allocation
    Gc,
    /// Check the whole heap after every collection
    Verify,
    /// Send every woken goroutine to another worker
    Steal,
    /// Open the island to all workers, and close it around one, all the time
    Mode,
    /// Compile everything after a few calls and turns
    Tier,
}

/// `vo check`
#[derive(Debug, Args)]
pub struct Check {
    /// A .vo or .go file, or a directory that holds a package
    pub package: PathBuf,
    /// How errors are shown: as text on standard error, or one JSON object a line on standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// How errors are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// `file:line:col: message`; with source lines and carets on a terminal
    Text,
    /// One JSON object a line
    Json,
}

/// `vo explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// A code (V0102) or its name (UnusedVariable); all codes are listed without it
    pub code: Option<String>,
}

/// `vo build`
#[derive(Debug, Args)]
pub struct Build {
    /// A .vo or .go file, or a directory that holds a package
    pub package: PathBuf,
    /// Where to write the program
    #[arg(short, long, value_name = "FILE.vob")]
    pub output: PathBuf,
}

/// `vo lsp`
#[derive(Debug, Args)]
pub struct Lsp {
    /// What some editors ask for; it is the only way there is
    #[arg(long)]
    pub stdio: bool,
}

/// `vo fmt`
#[derive(Debug, Args)]
pub struct Fmt {
    /// Files, or directories for all sources below them; standard input if there is none
    pub paths: Vec<PathBuf>,
    /// Print the names of files whose layout differs
    #[arg(short)]
    pub list: bool,
    /// Write the result to the files instead of printing it
    #[arg(short)]
    pub write: bool,
    /// Print the differences
    #[arg(short)]
    pub diff: bool,
    /// Standard input is Go, not Vo
    #[arg(long)]
    pub go: bool,
}

/// `vo disasm`
#[derive(Debug, Args)]
pub struct Disasm {
    /// A .vo or .go file, a directory that holds a package, or a .vob file
    pub program: PathBuf,
    /// Only this function, as traces name it (main.fib); with --clif or --asm, main.fib@1 is what follows its suspend point 1
    pub function: Option<String>,
    /// Show the function in Cranelift's intermediate representation, optimised
    #[arg(long, requires = "function")]
    pub clif: bool,
    /// Show the function's machine code
    #[arg(long, requires = "function")]
    pub asm: bool,
}
