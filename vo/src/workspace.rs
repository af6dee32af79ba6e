//! Packages as the language server sees them.
//!
//! A file belongs to the package of its directory if a module governs that, otherwise it is a program of its own,
//! unless it makes sense only together with its neighbours. The library's sources, which are in the binary, are
//! written to a directory when an editor wants to show them.

use crate::importer::{LIBRARY_PREFIX, Module, Sources, is_source, library_files, library_package};
use std::path::{Path, PathBuf};
use vo_syntax::diag::{self, Diagnostic};
use vo_tools::lsp::{Analysis, Buffers, Workspace};
use vo_tools::vet::Options as VetOptions;
use vo_types::{PackageMode, PackageSource, World, check_package};

/// See the module's description.
pub struct Project {
    library: PathBuf,
}

impl Project {
    /// A project whose view of the library's sources is kept in the directory `library`.
    pub fn new(library: PathBuf) -> Project {
        Project { library }
    }

    fn sources(dir: &Path, buffers: &Buffers) -> Result<Sources, String> {
        let mut sources = Sources::new(Module::governing(dir)?);
        for path in buffers.paths() {
            let text = buffers.get(path).unwrap_or_default();
            sources.overlay.insert(path.to_path_buf(), text.as_bytes().to_vec());
        }
        Ok(sources)
    }

    fn analyze_library(&self, file: &Path) -> Option<Result<Analysis, String>> {
        let package = file.parent()?.strip_prefix(&self.library).ok()?.to_str()?;
        let world = World::new();
        let source = library_package(&world, package, PackageMode::Full, false)?;
        Some(source.map(|source| {
            let (pkg, _) = check_package(&world, source, &mut Sources::new(None));
            Analysis { world, pkg, diagnostics: Vec::new(), vet: VetOptions::default() }
        }))
    }
}

fn analyze(dir: &Path, files: &[PathBuf], whole: bool, buffers: &Buffers) -> Result<Analysis, String> {
    let mut sources = Project::sources(dir, buffers)?;
    let world = World::new();
    let package = sources.path_of(dir);
    let source: PackageSource = sources.parse_files(&world, &package, dir, files, whole)?;
    if source.files.is_empty() {
        return Err("no file of the package is for this platform".to_owned());
    }
    let broken: Vec<Diagnostic> = source.diagnostics.iter().filter(|d| d.stops_checking()).cloned().collect();
    let (pkg, checked) = check_package(&world, source, &mut sources);
    // What the checker says about broken text is of no use.
    let mut diagnostics = if broken.is_empty() { checked } else { broken };
    for path in &sources.loaded {
        diagnostics.extend(world.package_by_path(path).into_iter().flat_map(|pkg| world.check_rest(pkg)));
    }
    diag::sort_and_dedup(&mut diagnostics);
    crate::suggest::enrich(&mut diagnostics);
    Ok(Analysis { world, pkg, diagnostics, vet: sources.vet_options() })
}

fn errors(analysis: &Result<Analysis, String>) -> usize {
    analysis.as_ref().map_or(usize::MAX, |a| a.diagnostics.iter().filter(|d| d.is_error()).count())
}

impl Workspace for Project {
    fn analyze(&self, file: &Path, buffers: &Buffers) -> Result<Analysis, String> {
        if let Some(analysis) = self.analyze_library(file) {
            return analysis;
        }
        let dir = file.parent().ok_or("a file has a directory")?;
        let sources = Project::sources(dir, buffers)?;
        let mut neighbours = sources.files_of(dir).unwrap_or_default();
        if !neighbours.iter().any(|f| f == file) {
            neighbours.push(file.to_path_buf());
        }
        if sources.has_module() {
            return analyze(dir, &neighbours, true, buffers);
        }
        let alone = analyze(dir, &[file.to_path_buf()], false, buffers);
        if errors(&alone) == 0 || neighbours.len() < 2 {
            return alone;
        }
        let together = analyze(dir, &neighbours, true, buffers);
        if errors(&together) < errors(&alone) { together } else { alone }
    }

    fn packages(&self, file: &Path) -> Vec<PathBuf> {
        let module = file.parent().and_then(|dir| Module::governing(dir).ok().flatten());
        let Some(module) = module.filter(|_| !self.is_library(file)) else { return vec![file.to_path_buf()] };
        let mut first = Vec::new();
        packages_below(&module.dir, &mut first);
        first
    }

    fn path_of(&self, name: &str) -> Option<PathBuf> {
        let Some(rest) = name.strip_prefix(LIBRARY_PREFIX) else { return std::path::absolute(name).ok() };
        let path = self.library.join(rest);
        let (package, file) = rest.rsplit_once('/')?;
        if !path.is_file() {
            let (_, text) = library_files(package)?.into_iter().find(|(name, _)| name == file)?;
            // Without the file, the editor can still show what a name is; only not where.
            std::fs::create_dir_all(path.parent()?).and_then(|()| std::fs::write(&path, text)).ok()?;
        }
        Some(path)
    }

    fn is_library(&self, file: &Path) -> bool {
        file.starts_with(&self.library)
    }
}

/// A source of each directory below, in order.
fn packages_below(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    found.extend(entries.iter().find(|path| is_source(path) && path.is_file()).cloned());
    for path in entries {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let skipped =
            name.starts_with(['.', '_']) || matches!(name.as_str(), "testdata" | "vendor" | "target");
        let own = ["go.mod", "vo.mod"].iter().any(|file| path.join(file).is_file());
        if path.is_dir() && !path.is_symlink() && !skipped && !own {
            packages_below(&path, found);
        }
    }
}
