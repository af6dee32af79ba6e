//! The embedding API: an [`Engine`] compiles, a [`Program`] runs.
//!
//! A program is immutable and may run many times, also at the same time: each
//! run has its own main island, workers and host.

use crate::driver::{self, CompileError, Text};
use crate::host::Built;
use crate::importer::HostSources;
use crate::{CompilerOptions, HostPackage, Shown, Thresholds};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use vo_bytecode::{disasm, serialize};
use vo_vm::{Config, End, Host, LoadError, Registry, Running, Verified};

/// Compiles and loads programs. Cheap to make; share it or not.
pub struct Engine {
    natives: Registry,
    /// Sources of the packages that the embedding program has added.
    hosts: Arc<HostSources>,
    /// Whether what the compiler knew is left to the end of the process.
    keeps: bool,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl Engine {
    /// An engine with the standard library.
    pub fn new() -> Engine {
        Engine { natives: vo_std::natives(), hosts: Arc::default(), keeps: false }
    }

    /// An engine for a process that ends after its one program: what the compiler knows of the sources is not freed
    /// piece by piece, which takes a sixth of its time, but with the process; or where the program runs for a while,
    /// beside it.
    pub fn for_one_program() -> Engine {
        Engine { keeps: true, ..Engine::new() }
    }

    /// Adds a package of Rust functions, which programs that are compiled or loaded from now on may import.
    ///
    /// # Errors
    /// Its path or a function's name is none, is taken, or a function has too many parameters or results.
    pub fn add_package(&mut self, package: HostPackage) -> Result<(), CompileError> {
        let Built { path, source, natives } = package.build()?;
        if self.hosts.contains_key(&path) {
            return Err(CompileError::Input(format!("host package {path:?}: it is there already")));
        }
        for (name, native) in natives {
            self.natives.add_host(name, native);
        }
        Arc::make_mut(&mut self.hosts).insert(path, source);
        Ok(())
    }

    /// Checks the package that a path names: a `.vo` or `.go` file or a directory.
    ///
    /// # Errors
    /// All errors of the package, or why it cannot be read.
    pub fn check(&self, path: &Path) -> Result<(), CompileError> {
        let checked = driver::check_path(path, &self.hosts)?;
        if self.keeps {
            std::mem::forget(checked);
        }
        Ok(())
    }

    /// Looks for mistakes that compile in the package that a path names.
    ///
    /// # Errors
    /// As [`Engine::check`].
    pub fn vet(&self, path: &Path) -> Result<driver::Diagnostics, CompileError> {
        driver::vet_path(path, &self.hosts)
    }

    /// As [`Engine::vet`], for a file given as text.
    ///
    /// # Errors
    /// As [`Engine::check`].
    pub fn vet_text(&self, text: &Text<'_>) -> Result<driver::Diagnostics, CompileError> {
        driver::vet_text(text, &self.hosts)
    }

    /// Checks a file given as text; it may import the library.
    ///
    /// # Errors
    /// As [`Engine::check`].
    pub fn check_text(&self, text: &Text<'_>) -> Result<(), CompileError> {
        driver::check_text(text, &self.hosts).map(drop)
    }

    /// Compiles the program that a path names.
    ///
    /// # Errors
    /// As [`Engine::check`]; and a package that is no program.
    pub fn compile(&self, path: &Path) -> Result<Program, CompileError> {
        self.program(driver::compile(driver::check_path(path, &self.hosts)?, self.keeps)?)
    }

    /// Compiles the tests of a package into a program, which takes the flags of package testing.
    ///
    /// # Errors
    /// As [`Engine::check`]; and a test function of a wrong signature.
    pub fn compile_tests(&self, package: &crate::TestPackage) -> Result<Program, CompileError> {
        self.program(driver::compile(package.check()?, false)?)
    }

    /// Compiles a program given as text; it may import the library.
    ///
    /// # Errors
    /// As [`Engine::compile`].
    pub fn compile_text(&self, text: &Text<'_>) -> Result<Program, CompileError> {
        self.program(driver::compile(driver::check_text(text, &self.hosts)?, self.keeps)?)
    }

    /// Compiles sources, or reads a `.vob` file.
    ///
    /// # Errors
    /// As [`Engine::compile`]; and a `.vob` file that is damaged or of another version.
    pub fn load(&self, path: &Path) -> Result<Program, CompileError> {
        if path.extension().is_none_or(|e| e != "vob") {
            return self.compile(path);
        }
        let input = |message: String| CompileError::Input(format!("{}: {message}", path.display()));
        let bytes = std::fs::read(path).map_err(|e| input(driver::io_text(&e)))?;
        self.load_vob(&bytes).map_err(|e| input(e.to_string()))
    }

    /// Reads a program that [`Program::to_vob`] has written.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn load_vob(&self, bytes: &[u8]) -> Result<Program, CompileError> {
        let input = |e: &dyn std::fmt::Display| CompileError::Input(e.to_string());
        let module = serialize::read(bytes).map_err(|e| input(&e))?;
        self.program(Verified::check(module).map_err(|e| input(&LoadError::Invalid(e)))?)
    }

    fn program(&self, module: Verified) -> Result<Program, CompileError> {
        let program = vo_vm::Program::load_verified(module, &self.natives);
        let program = program.map_err(|e| CompileError::Input(e.to_string()))?;
        Ok(Program { program: Arc::new(program) })
    }
}

/// How to run a program.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Workers, seed, limits, stress modes.
    pub config: Config,
    /// The program's arguments, its name first.
    pub args: Vec<String>,
    /// Standard input of a captured run.
    pub stdin: Vec<u8>,
}

/// A program ready to run.
#[derive(Clone)]
pub struct Program {
    program: Arc<vo_vm::Program>,
}

impl Program {
    /// Runs it to its end with the host's streams, arguments and environment.
    pub fn run(&self, config: &Config, host: Arc<dyn Host>) -> End {
        vo_vm::run(self.program.clone(), config, host)
    }

    /// Starts it on workers of its own and comes back: [`Running::wait`] waits for its end, [`Running::stopper`] gives
    /// what ends it from outside.
    pub fn start(&self, config: &Config, host: Arc<dyn Host>) -> Running {
        vo_vm::start(self.program.clone(), config, host)
    }

    /// Runs it with standard input from memory and keeps what it writes.
    pub fn run_captured(&self, options: RunOptions) -> Captured {
        let host = Arc::new(CaptureHost {
            args: options.args.into_iter().map(String::into_bytes).collect(),
            streams: Mutex::new(Streams { stdin: options.stdin, ..Streams::default() }),
        });
        let end = self.run(&options.config, host.clone());
        let mut streams = host.streams.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        streams.stderr.extend_from_slice(end.report.as_bytes());
        Captured {
            exit_code: end.exit_code,
            stdout: std::mem::take(&mut streams.stdout),
            stderr: std::mem::take(&mut streams.stderr),
        }
    }

    /// Gives the program a compiler: one that has compiled everything, or one that compiles what gets hot by
    /// the thresholds, in a thread of its own. Without it, or where this has failed, programs are interpreted. Only the
    /// first call counts; it must come before the program runs.
    ///
    /// # Errors
    /// This machine has no compiler backend.
    pub fn compile_natively(&self, options: CompilerOptions, thresholds: Thresholds) -> Result<(), String> {
        let ahead = options.ahead;
        let compiled = vo_jit::start(self.program.linkage(), self.program.entries(), options)?;
        self.program.set_compiler(Box::new(compiled), thresholds, !ahead);
        Ok(())
    }

    /// Counters of the native code, ready to print.
    pub fn native_stats(&self) -> Vec<String> {
        self.program.compiled().map(|compiled| compiled.stats()).unwrap_or_default()
    }

    /// What went wrong in the compiler, for the user to see.
    pub fn native_warnings(&self) -> Vec<String> {
        self.program.compiled().map(|compiled| compiled.warnings()).unwrap_or_default()
    }

    /// The program as a `.vob` file.
    pub fn to_vob(&self) -> Vec<u8> {
        serialize::write(self.program.module())
    }

    /// Its bytecode as text.
    pub fn disassemble(&self) -> String {
        disasm::module(self.program.module())
    }

    /// What the compiler makes of the functions with a name, or `None` where there is none. `NAME@POINT` names what
    /// follows a suspend point.
    ///
    /// # Errors
    /// There is no such suspend point, this machine has no compiler backend, or the compiler failed.
    pub fn disassemble_native(&self, name: &str, shown: Shown) -> Result<Option<String>, String> {
        let link = self.program.linkage();
        let (name, point) = match name.rsplit_once('@').map(|(name, point)| (name, point.parse())) {
            Some((name, Ok(point))) => (name, Some(point)),
            _ => (name, None),
        };
        let functions = link.module.functions.iter().enumerate().filter(|(_, f)| f.name == name);
        let texts = functions.map(|(i, _)| vo_jit::dump(link.get(), i as u32, point, shown));
        let texts = texts.collect::<Result<Vec<String>, String>>()?;
        Ok((!texts.is_empty()).then(|| texts.join("\n")))
    }

    /// The bytecode of the functions with a name, or `None` where there is none.
    pub fn disassemble_function(&self, name: &str) -> Option<String> {
        let module = self.program.module();
        let named = module.functions.iter().enumerate().filter(|(_, f)| f.name == name);
        let texts: Vec<String> = named.map(|(i, _)| disasm::function(module, i as u32)).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }
}

/// What a captured run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    pub exit_code: i32,
    pub stdout: Vec<u8>,
    /// What the program wrote, then the report of a panic or fatal error, if any.
    pub stderr: Vec<u8>,
}

/// A host that hands a program the process's own streams and environment.
#[derive(Debug)]
pub struct Stdio {
    /// The program's arguments, its name first.
    pub args: Vec<Vec<u8>>,
}

impl Host for Stdio {
    fn has_settled(&self) {
        if driver::free_kept() {
            vo_runtime::process::give_back();
        }
    }

    fn write(&self, _fd: i32, _bytes: &[u8]) -> Option<io::Result<usize>> {
        None
    }

    fn args(&self) -> Vec<Vec<u8>> {
        self.args.clone()
    }

    fn environ(&self) -> Vec<Vec<u8>> {
        use std::os::unix::ffi::OsStringExt;
        std::env::vars_os().map(|(name, value)| [name.into_vec(), value.into_vec()].join(&b'=')).collect()
    }
}

#[derive(Debug, Default)]
struct Streams {
    stdin: Vec<u8>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Streams in memory.
struct CaptureHost {
    args: Vec<Vec<u8>>,
    streams: Mutex<Streams>,
}

impl Host for CaptureHost {
    fn write(&self, fd: i32, bytes: &[u8]) -> Option<io::Result<usize>> {
        let mut streams = self.streams.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match fd {
            1 => streams.stdout.extend_from_slice(bytes),
            2 => streams.stderr.extend_from_slice(bytes),
            _ => return None,
        }
        Some(Ok(bytes.len()))
    }

    fn read(&self, fd: i32, into: &mut [u8]) -> Option<io::Result<usize>> {
        if fd != 0 {
            return None;
        }
        let mut streams = self.streams.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let n = into.len().min(streams.stdin.len());
        into[..n].copy_from_slice(&streams.stdin[..n]);
        streams.stdin.drain(..n);
        Some(Ok(n))
    }

    fn args(&self) -> Vec<Vec<u8>> {
        self.args.clone()
    }
}
