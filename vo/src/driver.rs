//! The pipeline from a path to a module, top to bottom: find the files, parse,
//! check, compile.

use crate::importer::{HostSources, Module, Sources, has_errors, is_source};
use std::cell::RefCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vo_codegen::image::Image;
use vo_syntax::diag::{self, Code, Diagnostic};
use vo_syntax::source::SourceMap;
use vo_types::{Importer, PackageMode, PackageSource, PkgId, World, check_package};
use vo_vm::Verified;

/// Why there is no program.
#[derive(Debug)]
pub enum CompileError {
    /// The sources are wrong: what, and where.
    Source(Diagnostics),
    /// They cannot be read, or are no sources.
    Input(String),
}

/// Errors with the sources that they point into.
#[derive(Debug)]
pub struct Diagnostics {
    pub list: Vec<Diagnostic>,
    pub sources: SourceMap,
}

impl Diagnostics {
    /// As text: `file:line:col: message`, with source lines and carets where `snippets` is set.
    pub fn render(&self, color: bool, snippets: bool) -> String {
        self.list.iter().map(|d| diag::render(&self.sources, d, color, snippets)).collect()
    }

    /// As JSON: one object a line. Its keys are described in docs/diagnostics.md.
    pub fn json(&self) -> String {
        self.list.iter().map(|d| diag::to_json(&self.sources, d) + "\n").collect()
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Source(diagnostics) => f.write_str(diagnostics.render(false, false).trim_end()),
            CompileError::Input(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for CompileError {}

/// A checked program.
pub struct Checked {
    pub world: World,
    pub main: PkgId,
    /// The image of the library that it was checked against, if there is one.
    pub(crate) image: Option<Image<'static>>,
}

/// Source text by another way than the file system.
pub struct Text<'a> {
    /// The name that messages show; its extension says whether it is Go or Vo.
    pub name: &'a str,
    pub text: &'a [u8],
}

/// Checks the package that a path names: a source file, or a directory; it may import `hosts`.
pub fn check_path(path: &Path, hosts: &Arc<HostSources>) -> Result<Checked, CompileError> {
    let (dir, files) = package_files(path)?;
    let module = Module::governing(&dir).map_err(CompileError::Input)?;
    let sources = Sources::for_program(module).with_hosts(hosts.clone());
    let files = match files {
        Some(file) => vec![file],
        None => sources.files_of(&dir).map_err(CompileError::Input)?,
    };
    let whole_directory = path.is_dir();
    let world = World::new();
    let package = sources.path_of(&dir);
    let source =
        sources.parse_files(&world, &package, &dir, &files, whole_directory).map_err(CompileError::Input)?;
    if source.files.is_empty() {
        return Err(CompileError::Input(format!("{}: no Go or Vo files", path.display())));
    }
    check(world, source, sources)
}

/// Looks for mistakes in the package that a path names, which must compile.
pub fn vet_path(path: &Path, hosts: &Arc<HostSources>) -> Result<Diagnostics, CompileError> {
    let (dir, _) = package_files(path)?;
    let module = Module::governing(&dir).map_err(CompileError::Input)?;
    let options = Sources::new(module).vet_options();
    Ok(vet(check_path(path, hosts)?, options))
}

/// Looks for mistakes in a program given as text.
pub fn vet_text(text: &Text<'_>, hosts: &Arc<HostSources>) -> Result<Diagnostics, CompileError> {
    Ok(vet(check_text(text, hosts)?, vo_tools::vet::Options::default()))
}

fn vet(checked: Checked, options: vo_tools::vet::Options) -> Diagnostics {
    let Checked { world, main, .. } = checked;
    let list = vo_tools::vet::vet(&world, main, options);
    Diagnostics { list, sources: world.sources.into_inner() }
}

/// Checks a program given as text.
pub fn check_text(text: &Text<'_>, hosts: &Arc<HostSources>) -> Result<Checked, CompileError> {
    let world = World::new();
    let source = parse_text(&world, "main".into(), text)?;
    check(world, source, Sources::for_program(None).with_hosts(hosts.clone()))
}

/// A package of one file given as text.
fn parse_text(world: &World, path: String, text: &Text<'_>) -> Result<PackageSource, CompileError> {
    let id = world.sources.borrow_mut().add(text.name, text.text.to_vec());
    let id = id.map_err(|e| CompileError::Input(format!("{}: {e}", text.name)))?;
    let options = vo_syntax::parser::Options::default();
    let parsed = vo_syntax::parser::parse_file(&world.sources.borrow(), id, &world.node_ids, options);
    let diagnostics = parsed.diagnostics;
    Ok(PackageSource {
        path,
        dir: String::new(),
        files: vec![parsed.file],
        mode: PackageMode::Full,
        diagnostics,
    })
}

/// A package main that is made here.
pub(crate) struct Prepared {
    /// Its import path.
    pub path: String,
    /// The name of its file.
    pub name: &'static str,
    pub text: String,
}

/// Checks a program whose package main is made here; the other packages are those of `sources`.
pub(crate) fn check_prepared(
    world: World,
    main: Prepared,
    sources: Sources,
) -> Result<Checked, CompileError> {
    let source = parse_text(&world, main.path, &Text { name: main.name, text: main.text.as_bytes() })?;
    check(world, source, sources)
}

/// The directory of the package that a path names, and the file where it names one.
fn package_files(path: &Path) -> Result<(PathBuf, Option<PathBuf>), CompileError> {
    let input = |message: String| CompileError::Input(format!("{}: {message}", path.display()));
    let meta = std::fs::metadata(path).map_err(|e| input(io_text(&e)))?;
    if meta.is_dir() {
        return Ok((path.to_path_buf(), None));
    }
    if !is_source(path) {
        return Err(input("not a Vo program (expected a .vo, .go or .vob file, or a directory)".into()));
    }
    let dir = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    Ok((dir, Some(path.to_path_buf())))
}

/// An I/O error without the number that Rust puts behind it.
pub fn io_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}

fn check(world: World, source: PackageSource, mut sources: Sources) -> Result<Checked, CompileError> {
    if source.diagnostics.iter().any(Diagnostic::stops_checking) {
        let list = source.diagnostics;
        return Err(CompileError::Source(finish(world, list)));
    }
    // The machine panics with values of package runtime, whether the program imports it or not.
    let runtime = sources.load(&world, "runtime").map_err(CompileError::Input)?;
    check_package(&world, runtime, &mut sources);
    let (main, own) = check_package(&world, source, &mut sources);
    // The machine makes values of this package's types, whoever imports it.
    if world.package_by_path("runtime").is_none() {
        let runtime = sources.load(&world, "runtime").map_err(CompileError::Input)?;
        check_package(&world, runtime, &mut sources);
    }
    let mut list = Vec::new();
    for path in &sources.loaded {
        if let Some(pkg) = world.package_by_path(path) {
            list.extend(world.check_rest(pkg));
        }
    }
    // As a build goes on only once the packages it needs are in order, theirs come alone.
    if !has_errors(&list) {
        list.extend(own);
    }
    if !has_errors(&list) {
        list.extend(missing_main(&world, main));
    }
    if has_errors(&list) {
        return Err(CompileError::Source(finish(world, list)));
    }
    Ok(Checked { world, main, image: sources.image() })
}

/// The error of a package main without function main, at its package clause.
fn missing_main(world: &World, pkg: PkgId) -> Option<Diagnostic> {
    let package = world.package(pkg);
    if package.name.as_str() != "main" || world.lookup_in_package(pkg, "main").is_some() {
        return None;
    }
    let file = world.file(*package.files.first()?);
    let message = "function main is undeclared in the main package";
    let start = if file.package_pos.is_valid() { file.name.span } else { file.span.start.span() };
    Some(Diagnostic::error(Code::MissingMain, start, message))
}

fn finish(world: World, mut list: Vec<Diagnostic>) -> Diagnostics {
    diag::sort_and_dedup(&mut list);
    crate::suggest::enrich(&mut list);
    Diagnostics { list, sources: world.sources.into_inner() }
}

thread_local! {
    /// What this thread's compilations knew, unfreed: also when the thread ends.
    static KEPT: RefCell<Vec<ManuallyDrop<World>>> = const { RefCell::new(Vec::new()) };
}

/// Frees what compilations on this thread have kept; whether there was anything.
pub fn free_kept() -> bool {
    let kept = KEPT.take();
    let any = !kept.is_empty();
    kept.into_iter().for_each(|world| drop(ManuallyDrop::into_inner(world)));
    any
}

/// Compiles a checked program; it must be package main with a function main.
/// What the checker knows is left unfreed where `keeps` says that the process will end soon.
pub fn compile(checked: Checked, keeps: bool) -> Result<Verified, CompileError> {
    if keeps {
        // The parser and the checker have done their part.
        vo_runtime::process::drop_code();
    }
    let Checked { world, main, image } = checked;
    let name = world.package(main).name;
    if name.as_str() != "main" {
        let message = format!("package {} is not a program: only package main is run", name.as_str());
        return Err(CompileError::Input(message));
    }
    match vo_codegen::compile_with(&world, main, image) {
        Ok(module) => {
            if keeps {
                KEPT.with_borrow_mut(|kept| kept.push(ManuallyDrop::new(world)));
            }
            Ok(Verified::compiled(module))
        }
        Err(list) => Err(CompileError::Source(finish(world, list))),
    }
}
