//! Compiles the library ahead: what the command would otherwise parse, check and lower again in every run of a program
//! becomes an image, which is part of the binary (see `vo_codegen::image`).
//!
//! What must stay true: the packages have the paths, and their files the names and the order, that `src/importer.rs`
//! gives them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vo_syntax::diag::{Diagnostic, render};
use vo_syntax::parser::{Options, parse_file};
use vo_types::{Importer, PackageMode, PackageSource, World, check_package};

fn main() -> ExitCode {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("../vo-std/pkg");
    // Cargo looks for files that are new below it.
    println!("cargo::rerun-if-changed=../vo-std/pkg");
    println!("cargo::rerun-if-changed=build.rs");
    link_at_fixed_address();
    match compile(&root) {
        Ok(image) => {
            let out = PathBuf::from(variable("OUT_DIR")).join("library.image");
            std::fs::write(out, image).expect("cargo's directory can be written");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The command is linked for one address, as Go's programs are. Elsewhere the loader would write to all tables of addresses when
/// the process starts, which takes a part of a millisecond, half a megabyte of memory and what must be read for it.
fn link_at_fixed_address() {
    if variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bin=vo=-no-pie");
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).expect("cargo sets it")
}

/// All packages below a directory, compiled.
fn compile(root: &Path) -> Result<Vec<u8>, String> {
    let world = World::new();
    let mut library = Library { root: root.to_owned() };
    let mut paths = Vec::new();
    collect(root, "", &mut paths);
    let mut packages = Vec::new();
    for path in &paths {
        let known = world.package_by_path(path);
        packages.push(match known {
            Some(package) => package,
            None => {
                let source = library.load(&world, path)?;
                let (package, errors) = check_package(&world, source, &mut library);
                checked(&world, &errors)?;
                package
            }
        });
    }
    let image = vo_codegen::image::build(&world, &packages);
    image.map_err(|errors| text(&world, &errors))
}

fn checked(world: &World, diagnostics: &[Diagnostic]) -> Result<(), String> {
    match diagnostics.iter().any(Diagnostic::is_error) {
        true => Err(text(world, diagnostics)),
        false => Ok(()),
    }
}

fn text(world: &World, diagnostics: &[Diagnostic]) -> String {
    let sources = world.sources.borrow();
    diagnostics.iter().map(|d| render(&sources, d, false, false)).collect()
}

/// The import paths of the packages of a directory and of those below it.
fn collect(dir: &Path, path: &str, paths: &mut Vec<String>) {
    let entries = std::fs::read_dir(dir).expect("the library is there");
    let mut dirs: Vec<PathBuf> = entries.map(|e| e.expect("the library can be read").path()).collect();
    if dirs.iter().any(|file| is_source(file)) {
        paths.push(path.to_owned());
    }
    dirs.retain(|entry| entry.is_dir());
    dirs.sort();
    for dir in dirs {
        let name = name_of(&dir);
        let path = if path.is_empty() { name } else { format!("{path}/{name}") };
        collect(&dir, &path, paths);
    }
}

fn is_source(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "vo")
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().and_then(|name| name.to_str());
    name.expect("names are UTF-8").to_owned()
}

/// The library's sources.
struct Library {
    root: PathBuf,
}

impl Importer for Library {
    fn load(&mut self, world: &World, path: &str) -> Result<PackageSource, String> {
        let entries = std::fs::read_dir(self.root.join(path));
        let entries = entries.map_err(|_| format!("package {path} is not in std"))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| is_source(file));
        files.sort();
        let mut source = PackageSource {
            path: path.to_owned(),
            dir: String::new(),
            files: Vec::new(),
            mode: PackageMode::Lazy,
            diagnostics: Vec::new(),
        };
        for file in files {
            let text = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            let name = format!("<std>/{path}/{}", name_of(&file));
            let id =
                world.sources.borrow_mut().add(&name, text).map_err(|error| format!("{name}: {error}"))?;
            let options = Options { skip_bodies: true, skim: true, ..Options::default() };
            let parsed = parse_file(&world.sources.borrow(), id, &world.node_ids, options);
            source.diagnostics.extend(parsed.diagnostics);
            source.files.push(parsed.file);
        }
        Ok(source)
    }
}
