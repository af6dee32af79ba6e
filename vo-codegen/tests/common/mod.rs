//! A small driver for tests: parses, checks and compiles one file of source with the library's packages, and
//! verifies what comes out.

#![allow(dead_code)]

use std::path::{Path, PathBuf};

use vo_bytecode::Module;
use vo_codegen::image::Image;
use vo_syntax::diag::{Diagnostic, render};
use vo_syntax::parser::{Options, parse_file};
use vo_types::{Importer, PackageMode, PackageSource, World, check_package};

/// The library's sources.
struct Library;

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vo-std/pkg")
}

fn add_file(world: &World, source: &mut PackageSource, name: &str, text: Vec<u8>) {
    let id = world.sources.borrow_mut().add(name, text).expect("source fits");
    let parsed = parse_file(&world.sources.borrow(), id, &world.node_ids, Options::default());
    source.diagnostics.extend(parsed.diagnostics);
    source.files.push(parsed.file);
}

fn empty(path: &str, mode: PackageMode) -> PackageSource {
    PackageSource { path: path.into(), dir: String::new(), files: Vec::new(), mode, diagnostics: Vec::new() }
}

impl Importer for Library {
    fn load(&mut self, world: &World, path: &str) -> Result<PackageSource, String> {
        let dir = library().join(path);
        let entries = std::fs::read_dir(&dir).map_err(|_| format!("package {path} is not in std"))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        files.retain(|f| {
            f.extension().is_some_and(|e| e == "vo") && !f.to_string_lossy().ends_with("_test.vo")
        });
        files.sort();
        let mut source = empty(path, PackageMode::Lazy);
        for file in files {
            let text = std::fs::read(&file).map_err(|e| e.to_string())?;
            let name = format!("<std>/{path}/{}", file.file_name().unwrap_or_default().to_string_lossy());
            add_file(world, &mut source, &name, text);
        }
        Ok(source)
    }
}

fn text(world: &World, diagnostics: &[Diagnostic]) -> String {
    let map = world.sources.borrow();
    diagnostics.iter().map(|d| render(&map, d, false, false)).collect()
}

/// Compiles packages of the library, and all that they import, to an image.
pub fn library_image(paths: &[&str]) -> Vec<u8> {
    let (world, mut library) = (World::new(), Library);
    for path in paths {
        if world.package_by_path(path).is_none() {
            let source = library.load(&world, path).expect("the library has the package");
            let (_, errors) = check_package(&world, source, &mut library);
            assert!(errors.is_empty(), "{}", text(&world, &errors));
        }
    }
    let packages: Vec<_> = world.packages().filter(|&pkg| !world.package(pkg).files.is_empty()).collect();
    let image = vo_codegen::image::build(&world, &packages);
    image.unwrap_or_else(|errors| panic!("{}", text(&world, &errors)))
}

/// Compiles one file; the text of the errors otherwise.
pub fn try_compile(name: &str, source: &str) -> Result<Module, String> {
    compile_with(name, source, None)
}

/// As [`try_compile`], with an image of the library.
pub fn compile_with(name: &str, source: &str, image: Option<&[u8]>) -> Result<Module, String> {
    let world = World::new();
    let mut library = Library;
    let runtime = library.load(&world, "runtime")?;
    let (_, errors) = check_package(&world, runtime, &mut library);
    if !errors.is_empty() {
        return Err(text(&world, &errors));
    }
    let mut main = empty("main", PackageMode::Full);
    add_file(&world, &mut main, name, source.as_bytes().to_vec());
    let (main, errors) = check_package(&world, main, &mut library);
    if errors.iter().any(Diagnostic::is_error) {
        return Err(text(&world, &errors));
    }
    let image = image.map(|bytes| Image::new(bytes).expect("an image"));
    vo_codegen::compile_with(&world, main, image).map_err(|errors| text(&world, &errors))
}

/// Compiles and verifies one file.
pub fn compile(source: &str) -> Module {
    let module = match try_compile("main.go", source) {
        Ok(module) => module,
        Err(text) => panic!("does not compile:\n{text}"),
    };
    if let Err(error) = vo_bytecode::verify::verify(&module) {
        let listing = functions(&module, &[&error.function]);
        panic!("not accepted by the verifier: {error}\n{listing}");
    }
    module
}

/// The listings of the functions with these names.
pub fn functions(module: &Module, names: &[&str]) -> String {
    let all = module.functions.iter().enumerate();
    let wanted = all.filter(|(_, f)| names.contains(&f.name.as_str()));
    wanted.map(|(i, _)| vo_bytecode::disasm::function(module, i as u32)).collect()
}

/// The listings of functions of one file of source.
pub fn listing(source: &str, names: &[&str]) -> String {
    functions(&compile(source), names)
}
