//! Where imported packages come from.

use vo_syntax::ast::File;
use vo_syntax::diag::Diagnostic;

use crate::World;
use crate::embed::EmbeddedFile;
use crate::package::PackageMode;
use crate::version::Version;

/// The parsed files of a package.
pub struct PackageSource {
    /// The import path, after resolution: the identity of the package in the program.
    pub path: String,
    /// The directory that its own imports are resolved from.
    pub dir: String,
    /// The files, sorted by name, parsed with the world's node ids and source map.
    pub files: Vec<File>,
    /// How much of it is to be checked at once.
    pub mode: PackageMode,
    /// Errors met on the way (syntax errors); they are reported before the checker's own.
    pub diagnostics: Vec<Diagnostic>,
}

/// Finds, reads and parses packages. It is asked once per import path and importing directory;
/// the world keeps what it answers and checks it.
pub trait Importer {
    /// The identity of the package that `path` means when imported from `from_dir` (often the
    /// path itself).
    ///
    /// # Errors
    /// The text of the error, as it appears in `could not import PATH (TEXT)`.
    fn resolve(&mut self, path: &str, from_dir: &str) -> Result<String, String> {
        let _ = from_dir;
        Ok(path.to_owned())
    }

    /// Reads and parses the package with an identity that `resolve` gave.
    ///
    /// # Errors
    /// As for `resolve`.
    fn load(&mut self, world: &World, path: &str) -> Result<PackageSource, String>;

    /// The language version of the module that the package with this identity belongs to; none for the newest.
    fn language_version(&mut self, path: &str) -> Option<Version> {
        let _ = path;
        None
    }

    /// Whether the package with this identity may import a package main: the tests of one do.
    fn may_import_program(&self, from: &str) -> bool {
        let _ = from;
        false
    }

    /// The files below a package's directory that the patterns of `//go:embed` mean, sorted by name.
    ///
    /// # Errors
    /// `pattern PATTERN: …`
    fn embed(&mut self, dir: &str, patterns: &[String]) -> Result<Vec<EmbeddedFile>, String> {
        let _ = dir;
        Err(format!("pattern {}: no matching files found", patterns.first().map_or("", String::as_str)))
    }
}

/// An importer for programs that import nothing but `unsafe`.
pub struct NoImports;

impl Importer for NoImports {
    fn load(&mut self, _world: &World, path: &str) -> Result<PackageSource, String> {
        Err(format!("package {path} is not in std"))
    }
}
