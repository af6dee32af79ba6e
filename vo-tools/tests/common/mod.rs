//! What the tests share: packages from directories, and the library from its sources.

use std::path::{Path, PathBuf};
use vo_syntax::parser::{Options, parse_file};
use vo_types::{Importer, PackageMode, PackageSource, World};

/// The library's sources.
pub fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vo-std/pkg")
}

/// Imports the library's packages, and directories below a root by their path.
#[derive(Default)]
pub struct Disk;

impl Importer for Disk {
    fn load(&mut self, world: &World, path: &str) -> Result<PackageSource, String> {
        let dir = library().join(path);
        let mut files: Vec<PathBuf> = std::fs::read_dir(&dir)
            .map_err(|_| format!("package {path} is not in std"))?
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.extension().is_some_and(|e| e == "vo"))
            .collect();
        files.sort();
        let texts: Result<Vec<(String, Vec<u8>)>, String> = files
            .iter()
            .map(|f| Ok((f.display().to_string(), std::fs::read(f).map_err(|e| e.to_string())?)))
            .collect();
        Ok(package(world, path, texts?, PackageMode::Lazy))
    }
}

/// Parses texts into a package.
pub fn package(world: &World, path: &str, texts: Vec<(String, Vec<u8>)>, mode: PackageMode) -> PackageSource {
    let mut source = PackageSource {
        path: path.into(),
        dir: String::new(),
        files: Vec::new(),
        mode,
        diagnostics: Vec::new(),
    };
    for (name, text) in texts {
        let id = world.sources.borrow_mut().add(&name, text).expect("fits");
        let parsed = parse_file(&world.sources.borrow(), id, &world.node_ids, Options::default());
        source.diagnostics.extend(parsed.diagnostics);
        source.files.push(parsed.file);
    }
    source
}
