//! The tests of a package as a program: what `vo test` compiles.
//!
//! The test files of the package itself join the package; those of package `p_test` are a package of their own that
//! imports it. A third one is made here: package main, which imports both and hands their functions to package
//! testing.
//!
//! What must stay true: whoever imports the package under test gets it with its test files, so that there is one of it.

use crate::driver::{self, Checked, CompileError, Prepared};
use crate::importer::{Module, Sources};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use vo_syntax::ast::{Decl, Expr, File, FuncDecl};
use vo_syntax::build::is_test_file;
use vo_syntax::source::SourceMap;
use vo_types::{PackageMode, PackageSource, World};

/// A package with its test files.
#[derive(Clone, Debug)]
pub struct TestPackage {
    /// The import path that reports show.
    pub path: String,
    /// Where it lies: the tests run there.
    pub dir: PathBuf,
    files: Vec<PathBuf>,
    module: Option<Module>,
}

impl TestPackage {
    /// The package of a directory; of some of its files only, where `files` names them.
    ///
    /// # Errors
    /// The directory or the module file that governs it cannot be read.
    pub fn new(dir: &Path, files: Vec<PathBuf>) -> Result<TestPackage, CompileError> {
        let module = Module::governing(dir).map_err(CompileError::Input)?;
        let sources = Sources::new(module.clone());
        let path = match module.is_some() && files.is_empty() {
            true => sources.path_of(dir),
            false => "command-line-arguments".to_owned(),
        };
        let files = match files.is_empty() {
            true => sources.files_with_tests(dir).map_err(CompileError::Input)?,
            false => files,
        };
        Ok(TestPackage { path, dir: dir.to_owned(), files, module })
    }

    /// Whether there are sources at all.
    pub fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Whether there are test files.
    pub fn has_tests(&self) -> bool {
        self.files.iter().any(|f| is_test(f))
    }

    /// Reads and checks everything.
    pub(crate) fn check(&self) -> Result<Checked, CompileError> {
        let world = World::new();
        let mut sources = Sources::for_program(self.module.clone());
        let (own, external) = self.parse(&world, &sources)?;
        let text = main_text(&world, &self.path, &own, external.as_ref())?;
        sources.prepare(own);
        if let Some(external) = external {
            sources.prepare(external);
        }
        let main = Prepared { path: format!("{}.test", self.path), name: "_testmain.go", text };
        driver::check_prepared(world, main, sources)
    }

    /// The package with its own test files, and the package of tests beside it.
    fn parse(
        &self,
        world: &World,
        sources: &Sources,
    ) -> Result<(PackageSource, Option<PackageSource>), CompileError> {
        let (tests, plain): (Vec<PathBuf>, Vec<PathBuf>) =
            self.files.iter().cloned().partition(|f| is_test(f));
        let parse = |files: &[PathBuf]| {
            sources.parse_commented(world, &self.path, &self.dir, files).map_err(CompileError::Input)
        };
        let mut own = parse(&plain)?;
        let mut external: Option<PackageSource> = None;
        for file in tests {
            let parsed = parse(&[file])?;
            let beside = parsed.files.first().is_some_and(|f| f.name.name.as_str().ends_with("_test"));
            let package = match beside {
                false => &mut own,
                true => external.get_or_insert_with(|| PackageSource {
                    path: format!("{}_test", self.path),
                    dir: own.dir.clone(),
                    files: Vec::new(),
                    mode: PackageMode::Full,
                    diagnostics: Vec::new(),
                }),
            };
            package.files.extend(parsed.files);
            package.diagnostics.extend(parsed.diagnostics);
        }
        Ok((own, external))
    }
}

fn is_test(file: &Path) -> bool {
    file.file_name().and_then(|n| n.to_str()).is_some_and(is_test_file)
}

/// The functions of one package that package testing is to know, each as an element of a list.
#[derive(Default)]
struct Found {
    tests: String,
    benchmarks: String,
    fuzz_targets: String,
    examples: String,
    main: Option<String>,
}

/// A kind of function that is found by its name.
struct Kind {
    prefix: &'static str,
    /// The type of its parameter, in package testing.
    parameter: &'static str,
    /// How the parameter is called in messages.
    letter: char,
}

const KINDS: [Kind; 3] = [
    Kind { prefix: "Test", parameter: "T", letter: 't' },
    Kind { prefix: "Benchmark", parameter: "B", letter: 'b' },
    Kind { prefix: "Fuzz", parameter: "F", letter: 'f' },
];

impl Found {
    fn is_empty(&self) -> bool {
        let lists = [&self.tests, &self.benchmarks, &self.fuzz_targets, &self.examples];
        lists.iter().all(|list| list.is_empty()) && self.main.is_none()
    }

    /// Takes in the functions of the test files of a package that is imported under a name.
    fn add(&mut self, map: &SourceMap, package: &PackageSource, name: &str) -> Result<(), CompileError> {
        for file in &package.files {
            if is_test_file(map.file(file.file).name()) {
                for decl in &file.decls {
                    if let Decl::Func(func) = decl {
                        self.add_func(map, file, func, name)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add_func(
        &mut self,
        map: &SourceMap,
        file: &File,
        func: &FuncDecl,
        package: &str,
    ) -> Result<(), CompileError> {
        if func.is_method() {
            return Ok(());
        }
        let name = func.name.name.as_str();
        if name == "TestMain" && takes_pointer(func, "M") {
            self.main = Some(package.to_owned());
            return Ok(());
        }
        if has_prefix(name, "Example") && func.ty.params.count() == 0 && func.ty.results.count() == 0 {
            if let Some((output, unordered)) = expected_output(map, file, func) {
                let output = string_literal(&output);
                let _ = writeln!(self.examples, "\t{{{name:?}, {package}.{name}, {output}, {unordered}}},");
            }
            return Ok(());
        }
        let Some(kind) = KINDS.iter().find(|k| has_prefix(name, k.prefix)) else { return Ok(()) };
        if !takes_pointer(func, kind.parameter) || func.type_params.is_some() {
            let at = map.lookup(func.name.span.start);
            let (letter, parameter) = (kind.letter, kind.parameter);
            return Err(CompileError::Input(format!(
                "{}:{}:{}: wrong signature for {name}, must be: func {name}({letter} *testing.{parameter})",
                at.file, at.line, at.col
            )));
        }
        let list = match kind.parameter {
            "T" => &mut self.tests,
            "B" => &mut self.benchmarks,
            _ => &mut self.fuzz_targets,
        };
        let _ = writeln!(list, "\t{{{name:?}, {package}.{name}}},");
        Ok(())
    }
}

/// Whether a name is the prefix, or the prefix with something behind it that does not begin with a small letter.
fn has_prefix(name: &str, prefix: &str) -> bool {
    let Some(rest) = name.strip_prefix(prefix) else { return false };
    rest.chars().next().is_none_or(|c| !c.is_lowercase())
}

/// Whether the only parameter is of type *name or *testing.name, and there are no results.
fn takes_pointer(func: &FuncDecl, name: &str) -> bool {
    let [field] = &func.ty.params.fields[..] else { return false };
    let Expr::Star(star) = &field.ty else { return false };
    let named = match &star.x {
        Expr::Ident(ident) => ident.name.as_str() == name,
        Expr::Selector(selector) => selector.sel.name.as_str() == name,
        _ => false,
    };
    named && func.ty.params.count() <= 1 && func.ty.results.count() == 0
}

/// What an example says that it prints, and whether the order of the lines is open: the last comment in its body,
/// where that begins with "Output:" or "Unordered output:".
fn expected_output(map: &SourceMap, file: &File, func: &FuncDecl) -> Option<(String, bool)> {
    let body = func.body.as_ref()?.span();
    let inside = |c: &&vo_syntax::ast::Comment| c.span.start >= body.start && c.span.end <= body.end;
    let comments: Vec<_> = file.comments.iter().filter(inside).collect();
    let line = |pos| map.lookup(pos).line;
    let mut first = comments.len().checked_sub(1)?;
    while first > 0 && line(comments[first - 1].span.end) + 1 == line(comments[first].span.start) {
        first -= 1;
    }
    let lines = comments[first..].iter().map(|c| comment_text(&map.text(c.span)));
    let text = lines.collect::<Vec<String>>().join("\n");
    let text = text.trim_start();
    let (unordered, rest) = match strip_ignoring_case(text, "unordered ") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    Some((strip_ignoring_case(rest, "output:")?.trim().to_owned(), unordered))
}

fn strip_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// A comment without its marks.
fn comment_text(comment: &str) -> String {
    match comment.strip_prefix("//") {
        Some(rest) => rest.strip_prefix(' ').unwrap_or(rest).trim_end().to_owned(),
        None => comment.trim_start_matches("/*").trim_end_matches("*/").to_owned(),
    }
}

/// A string literal of the language. Rust's escapes are others.
fn string_literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            c if c.is_control() || c == '\u{feff}' => {
                let _ = write!(literal, "\\U{:08x}", u32::from(c));
            }
            c => literal.push(c),
        }
    }
    literal + "\""
}

/// The source of package main.
fn main_text(
    world: &World,
    path: &str,
    own: &PackageSource,
    external: Option<&PackageSource>,
) -> Result<String, CompileError> {
    let map = world.sources.borrow();
    let mut found = Found::default();
    found.add(&map, own, "_test")?;
    let own_name = if found.is_empty() { "_" } else { "_test" };
    let mut imports = String::new();
    if !own.files.is_empty() {
        let _ = writeln!(imports, "\t{own_name} {path:?}");
    }
    if let Some(external) = external {
        let mut beside = Found::default();
        beside.add(&map, external, "_xtest")?;
        let name = if beside.is_empty() { "_" } else { "_xtest" };
        let _ = writeln!(imports, "\t{name} {:?}", external.path);
        found.tests += &beside.tests;
        found.benchmarks += &beside.benchmarks;
        found.fuzz_targets += &beside.fuzz_targets;
        found.examples += &beside.examples;
        found.main = found.main.or(beside.main);
    }
    let Found { tests, benchmarks, fuzz_targets, examples, main } = found;
    let run = match main {
        // TestMain may leave the exit to us.
        Some(package) => format!("{package}.TestMain(m)\n\tos.Exit(m.ExitCode())"),
        None => "os.Exit(m.Run())".to_owned(),
    };
    Ok(format!(
        "package main\n\nimport (\n\t\"os\"\n\t\"testing\"\n\n{imports})\n\n\
         var tests = []testing.InternalTest{{\n{tests}}}\n\n\
         var benchmarks = []testing.InternalBenchmark{{\n{benchmarks}}}\n\n\
         var fuzzTargets = []testing.InternalFuzzTarget{{\n{fuzz_targets}}}\n\n\
         var examples = []testing.InternalExample{{\n{examples}}}\n\n\
         func main() {{\n\tm := testing.MainStart({path:?}, tests, benchmarks, fuzzTargets, examples)\n\t{run}\n}}\n"
    ))
}
