//! Where packages come from: the program's own module, and the library.
//!
//! An import path that the library has is the library's. A path below the module
//! path of the `go.mod` or `vo.mod` that governs the program is a directory of the
//! module. Nothing is ever fetched. A `*_test` file is no part of a package, nor is
//! a file whose build constraints do not hold.

use crate::parallel;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vo_codegen::image::Image;
use vo_syntax::build::{Target, is_test_file};
use vo_syntax::diag::{Diagnostic, render};
use vo_syntax::modfile::{ModFile, Replace, parse_mod_file};
use vo_syntax::outline;
use vo_syntax::parser::{Options, parse_file};
use vo_syntax::source::SourceMap;
use vo_types::embed::EmbeddedFile;
use vo_types::{Importer, PackageMode, PackageSource, World};

/// A module: the directory of its `go.mod` and what stands in it.
#[derive(Clone, Debug)]
pub struct Module {
    pub dir: PathBuf,
    pub file: ModFile,
}

impl Module {
    /// The module that governs a directory: the nearest `vo.mod` or `go.mod` upwards.
    pub fn governing(dir: &Path) -> Result<Option<Module>, String> {
        let start = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
        for dir in start.ancestors() {
            for name in ["vo.mod", "go.mod"] {
                let path = dir.join(name);
                if let Ok(text) = std::fs::read(&path) {
                    let file = read_mod_file(&path, text)?;
                    return Ok(Some(Module { dir: dir.to_path_buf(), file }));
                }
            }
        }
        Ok(None)
    }

    /// The modules that its `replace` lines name by directories. A directory without a module file is one module
    /// without requirements.
    fn replaced(&self) -> Vec<Module> {
        let local = |r: &&Replace| {
            r.new_path.starts_with("./") || r.new_path.starts_with("../") || r.new_path.starts_with('/')
        };
        let modules = self.file.replace.iter().filter(local).map(|r| {
            let dir = self.dir.join(&r.new_path);
            let read = |name: &str| {
                let path = dir.join(name);
                read_mod_file(&path, std::fs::read(&path).ok()?).ok()
            };
            let file = read("vo.mod").or_else(|| read("go.mod")).unwrap_or_default();
            Module { dir, file: ModFile { path: r.path.clone(), ..file } }
        });
        modules.collect()
    }

    /// The directory of an import path inside the module.
    fn directory_of(&self, path: &str) -> Option<PathBuf> {
        let rest = path.strip_prefix(self.file.path.as_str())?;
        match rest.strip_prefix('/') {
            Some(rest) => Some(self.dir.join(rest)),
            None => rest.is_empty().then(|| self.dir.clone()),
        }
    }
}

/// Reads a `go.mod` or `vo.mod` file.
fn read_mod_file(path: &Path, text: Vec<u8>) -> Result<ModFile, String> {
    let mut map = SourceMap::new();
    let id = map.add(&path.to_string_lossy(), text).map_err(|e| format!("{}: {e}", path.display()))?;
    match parse_mod_file(&map, id) {
        (file, diagnostics) if diagnostics.is_empty() => Ok(file),
        (_, diagnostics) => {
            let text: String = diagnostics.iter().map(|d| render(&map, d, false, false)).collect();
            Err(text.trim_end().to_string())
        }
    }
}

/// The sources of packages that an embedding program has made, by import path.
pub type HostSources = HashMap<String, String>;

/// Reads and parses packages for the checker.
pub struct Sources {
    module: Option<Module>,
    /// Modules that `replace` lines name by their directories, under the paths that they replace.
    replaced: Vec<Module>,
    target: Target,
    /// Whether nobody looks at the library's trees as a whole, so that little need be read of them.
    skims: bool,
    /// Import paths of the module's own packages that were loaded.
    pub loaded: Vec<String>,
    /// Texts that stand in place of files, by absolute path: what an editor has not saved.
    pub overlay: HashMap<PathBuf, Vec<u8>>,
    /// Packages that are there already, by import path: those that are tested, with their test files.
    prepared: HashMap<String, PackageSource>,
    /// Whether one of those is a package of the library.
    prepares_library: bool,
    hosts: Arc<HostSources>,
}

impl Sources {
    /// Sources of a program that belongs to a module, or to none.
    pub fn new(module: Option<Module>) -> Sources {
        let replaced = module.as_ref().map(Module::replaced).unwrap_or_default();
        Sources {
            module,
            replaced,
            target: Target::host(),
            skims: false,
            loaded: Vec::new(),
            overlay: HashMap::new(),
            prepared: HashMap::new(),
            prepares_library: false,
            hosts: Arc::default(),
        }
    }

    /// Gives out these packages of the embedding program too.
    pub fn with_hosts(self, hosts: Arc<HostSources>) -> Sources {
        Sources { hosts, ..self }
    }

    /// The image of the library, unless it gives out packages of the library that are not as the binary has them.
    pub fn image(&self) -> Option<Image<'static>> {
        if self.prepares_library { None } else { library_image() }
    }

    /// As [`Sources::new`], for a program that is checked or compiled, and of whose imports nobody wants to see more
    /// than what it needs.
    pub fn for_program(module: Option<Module>) -> Sources {
        Sources { skims: true, ..Sources::new(module) }
    }

    /// What the module's language version means for vet.
    pub fn vet_options(&self) -> vo_tools::vet::Options {
        let version = self.module.as_ref().and_then(|m| m.file.go);
        vo_tools::vet::Options { loop_variables_per_turn: version.is_none_or(|version| version >= (1, 22)) }
    }

    /// Whether a module governs the program.
    pub fn has_module(&self) -> bool {
        self.module.is_some()
    }

    /// The module that a package's path belongs to: of several, that with the longest path.
    fn module_of(&self, path: &str) -> Option<&Module> {
        let all = self.replaced.iter().chain(&self.module);
        all.filter(|m| m.directory_of(path).is_some()).max_by_key(|m| m.file.path.len())
    }

    /// The import path of a directory of the module, or its name.
    pub fn path_of(&self, dir: &Path) -> String {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
        let inside = self.module.as_ref().and_then(|m| {
            let rest = dir.strip_prefix(&m.dir).ok()?.to_str()?;
            Some(if rest.is_empty() { m.file.path.clone() } else { format!("{}/{rest}", m.file.path) })
        });
        inside.unwrap_or_else(|| "main".to_string())
    }

    /// Gives out a package by its path from now on, instead of reading it.
    pub fn prepare(&mut self, package: PackageSource) {
        self.prepares_library |= has_library_package(&package.path);
        self.prepared.insert(package.path.clone(), package);
    }

    /// The source files of a directory that belong to its package, sorted.
    pub fn files_of(&self, dir: &Path) -> Result<Vec<PathBuf>, String> {
        let mut files = self.files_with_tests(dir)?;
        files.retain(|path| !path.file_name().and_then(|n| n.to_str()).is_some_and(is_test_file));
        Ok(files)
    }

    /// The source files of a directory, test files too, sorted.
    pub fn files_with_tests(&self, dir: &Path) -> Result<Vec<PathBuf>, String> {
        let target = Target { tests: true, ..self.target.clone() };
        let entries = std::fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        files.retain(|path| {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
            is_source(path) && target.admits_name(name)
        });
        files.sort();
        Ok(files)
    }

    /// Reads and parses files into a package; those that a build constraint keeps out are left out.
    pub fn parse_files(
        &self,
        world: &World,
        path: &str,
        dir: &Path,
        files: &[PathBuf],
        constrained: bool,
    ) -> Result<PackageSource, String> {
        self.parse_with(world, (path, dir), files, constrained, Options::default())
    }

    /// As [`Sources::parse_files`], with the comments kept; build constraints count.
    pub fn parse_commented(
        &self,
        world: &World,
        path: &str,
        dir: &Path,
        files: &[PathBuf],
    ) -> Result<PackageSource, String> {
        let options = Options { comments: true, ..Options::default() };
        self.parse_with(world, (path, dir), files, true, options)
    }

    fn parse_with(
        &self,
        world: &World,
        (path, dir): (&str, &Path),
        files: &[PathBuf],
        constrained: bool,
        options: Options,
    ) -> Result<PackageSource, String> {
        let mut source = empty_source(path, dir, PackageMode::Full);
        let mut ids = Vec::with_capacity(files.len());
        for file in files {
            let text = self.read(file).map_err(|e| format!("{}: {e}", file.display()))?;
            let admitted = !constrained
                || self.target.admits_text(&text).map_err(|e| format!("{}: {e}", file.display()))?;
            if !admitted {
                continue;
            }
            let name = file.to_string_lossy();
            let name = name.strip_prefix("./").unwrap_or(&name);
            let id = world.sources.borrow_mut().add(name, text).map_err(|e| format!("{name}: {e}"))?;
            ids.push(id);
        }
        for parsed in parallel::parse_files(&world.sources.borrow(), &ids, &world.node_ids, options) {
            source.diagnostics.extend(parsed.diagnostics);
            source.files.push(parsed.file);
        }
        Ok(source)
    }

    fn read(&self, file: &Path) -> std::io::Result<Vec<u8>> {
        if self.overlay.is_empty() {
            return std::fs::read(file);
        }
        let unsaved = self.overlay.get(&std::path::absolute(file)?);
        unsaved.map_or_else(|| std::fs::read(file), |text| Ok(text.clone()))
    }

    /// A package of the embedding program. Its functions may lack bodies, as the library's may.
    fn host(&self, world: &World, path: &str) -> Option<Result<PackageSource, String>> {
        let text = self.hosts.get(path)?.clone().into_bytes();
        let mut source = empty_source(path, Path::new(""), PackageMode::Lazy);
        let name = format!("<host>/{path}.vo");
        Some(add_file(world, &mut source, &name, text.into(), Options::default()).map(|()| source))
    }

    fn library(&self, world: &World, path: &str) -> Option<Result<PackageSource, String>> {
        library_package(world, path, PackageMode::Lazy, self.skims)
    }
}

/// A package of the library. Where it is checked lazily, bodies are read when they are needed; where it is skimmed,
/// functions are.
pub fn library_package(
    world: &World,
    path: &str,
    mode: PackageMode,
    skim: bool,
) -> Option<Result<PackageSource, String>> {
    let files = library_files(path)?;
    let mut source = empty_source(path, Path::new(""), mode);
    let outlines = if skim { outlines(path) } else { None };
    for (at, (name, text)) in files.into_iter().enumerate() {
        let name = format!("{LIBRARY_PREFIX}{path}/{name}");
        if let Some(outlines) = &outlines {
            let id = world.sources.borrow_mut().add_text(&name, text);
            let tree = |id| outline::read(outlines[at], &world.sources.borrow(), id, &world.node_ids);
            match id {
                Ok(id) => source.files.push(tree(id)),
                Err(error) => return Some(Err(format!("{name}: {error}"))),
            }
            continue;
        }
        let options = Options { skip_bodies: mode == PackageMode::Lazy, skim, ..Options::default() };
        if let Err(error) = add_file(world, &mut source, &name, text, options) {
            return Some(Err(error));
        }
    }
    Some(Ok(source))
}

/// The library, compiled when the binary was built.
static LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.image"));

/// The image of the library, unless its sources are not those of the binary.
pub fn library_image() -> Option<Image<'static>> {
    std::env::var_os(LIBRARY_DIR).is_none().then(|| Image::new(LIBRARY)).flatten()
}

/// The outlines of a library package's files.
fn outlines(path: &str) -> Option<Vec<&'static [u8]>> {
    library_image()?.outlines(path)
}

/// What the names of the library's files begin with; the rest is `import path/file`.
pub const LIBRARY_PREFIX: &str = "<std>/";

/// Names a directory to read the library's sources from instead of the binary: for work on the library, which
/// then needs no new binary for each change.
const LIBRARY_DIR: &str = "VO_STD";

fn has_library_package(path: &str) -> bool {
    match std::env::var_os(LIBRARY_DIR) {
        Some(_) => library_files(path).is_some(),
        None => vo_std::has_package(path),
    }
}

/// Name and text of a source file of the library, which are part of the binary or were read.
pub type LibraryFile = (Cow<'static, str>, Cow<'static, [u8]>);

/// The source files of a library package.
pub fn library_files(path: &str) -> Option<Vec<LibraryFile>> {
    let Some(dir) = std::env::var_os(LIBRARY_DIR) else {
        let files = vo_std::package_files(path)?;
        return Some(files.iter().map(|f| (f.name.into(), f.text.into())).collect());
    };
    let entries = std::fs::read_dir(Path::new(&dir).join(path)).ok()?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "vo"));
    paths.sort();
    let read = |p: &PathBuf| -> Option<LibraryFile> {
        Some((p.file_name()?.to_str()?.to_owned().into(), std::fs::read(p).ok()?.into()))
    };
    let files: Vec<_> = paths.iter().filter_map(read).collect();
    (!files.is_empty()).then_some(files)
}

fn empty_source(path: &str, dir: &Path, mode: PackageMode) -> PackageSource {
    let dir = dir.to_string_lossy().into_owned();
    PackageSource { path: path.to_string(), dir, files: Vec::new(), mode, diagnostics: Vec::new() }
}

fn add_file(
    world: &World,
    source: &mut PackageSource,
    name: &str,
    text: Cow<'static, [u8]>,
    options: Options,
) -> Result<(), String> {
    let id = world.sources.borrow_mut().add_text(name, text).map_err(|e| format!("{name}: {e}"))?;
    let parsed = parse_file(&world.sources.borrow(), id, &world.node_ids, options);
    source.diagnostics.extend(parsed.diagnostics);
    source.files.push(parsed.file);
    Ok(())
}

/// Whether a path is named like a source file.
pub fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "vo" || e == "go")
}

impl Importer for Sources {
    fn language_version(&mut self, path: &str) -> Option<(u32, u32)> {
        if has_library_package(path) || self.hosts.contains_key(path) {
            return None;
        }
        let module = self.module_of(path).or(self.module.as_ref())?;
        // Where a module file names no version, it is older than the directive.
        Some(module.file.go.unwrap_or((1, 16)))
    }

    fn may_import_program(&self, from: &str) -> bool {
        !has_library_package(from) && (from.ends_with(".test") || from.ends_with("_test"))
    }

    fn embed(&mut self, dir: &str, patterns: &[String]) -> Result<Vec<EmbeddedFile>, String> {
        let dir = if dir.is_empty() { Path::new(".") } else { Path::new(dir) };
        crate::embed::files(dir, patterns)
    }

    fn resolve(&mut self, path: &str, _from_dir: &str) -> Result<String, String> {
        let known = has_library_package(path) || self.hosts.contains_key(path);
        if known || self.prepared.contains_key(path) {
            return Ok(path.to_string());
        }
        match self.module_of(path).and_then(|m| m.directory_of(path)) {
            Some(dir) if dir.is_dir() => Ok(path.to_string()),
            Some(dir) => Err(format!("no directory {}", dir.display())),
            None if path.starts_with("./") || path.starts_with("../") => {
                Err("relative import paths are not supported; use a module".to_string())
            }
            None => Err(format!("package {path} is not in std")),
        }
    }

    fn load(&mut self, world: &World, path: &str) -> Result<PackageSource, String> {
        if let Some(source) = self.prepared.remove(path) {
            self.loaded.push(path.to_string());
            return Ok(source);
        }
        if let Some(source) = self.library(world, path).or_else(|| self.host(world, path)) {
            return source;
        }
        let dir = self.module_of(path).and_then(|m| m.directory_of(path));
        let dir = dir.ok_or_else(|| format!("package {path} is not in std"))?;
        let files = self.files_of(&dir)?;
        let shown: Vec<PathBuf> = files.iter().map(|f| shorten(f)).collect();
        let source = self.parse_files(world, path, &dir, &shown, true)?;
        if source.files.is_empty() {
            return Err(format!("no Go or Vo files in {}", dir.display()));
        }
        self.loaded.push(path.to_string());
        Ok(source)
    }
}

/// A path as seen from the working directory, where it lies below it.
fn shorten(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    below.unwrap_or_else(|| path.to_path_buf())
}

/// Errors of a package's files before checking: nothing to check, or mixed package names.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_of_the_library_that_is_in_the_binary() {
        let world = World::new();
        for path in vo_std::packages() {
            let outlines = outlines(&path).unwrap_or_else(|| panic!("the image lacks package {path}"));
            let files = vo_std::package_files(&path).unwrap_or_default();
            assert_eq!(files.len(), outlines.len(), "files of package {path}");
            for (file, outline) in files.iter().zip(outlines) {
                let id = world.sources.borrow_mut().add_text(file.name, file.text.into()).expect("it fits");
                let options = Options { skip_bodies: true, skim: true, ..Options::default() };
                let sources = world.sources.borrow();
                let parsed = parse_file(&sources, id, &world.node_ids, options);
                let written = outline::write(&sources, &parsed.file);
                assert_eq!(written.as_deref(), Some(outline), "{path}/{}", file.name);
            }
        }
    }
}
