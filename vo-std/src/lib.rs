//! The Vo standard library.
//!
//! A package is a directory under `pkg/` named by its import path: its source in
//! Vo, and `native.rs` where it stands on native functions. The sources are
//! embedded in the binary; [`package_files`] hands them to the importer and
//! [`natives`] hands the machine what body-less declarations are bound to, by the
//! name `import/path.Func`.
//!
//! What must stay true: every body-less function of `pkg/` has a native of that
//! name (a test walks them), and natives never call back into Vo code, but for package reflect's `call`.

use include_dir::{Dir, include_dir};
use vo_vm::Registry;

pub mod abi;

#[path = "../pkg/internal/bytealg/native.rs"]
mod bytealg;
#[path = "../pkg/runtime/debug/native.rs"]
mod debug;
#[path = "../pkg/island/native.rs"]
mod island;
#[path = "../pkg/math/native.rs"]
mod math;
#[path = "../pkg/port/native.rs"]
mod port;
#[path = "../pkg/runtime/pprof/native.rs"]
mod pprof;
#[path = "../pkg/math/rand/native.rs"]
mod rand;
#[path = "../pkg/internal/refl/native.rs"]
mod refl;
#[path = "../pkg/reflect/native.rs"]
mod reflect;
#[path = "../pkg/runtime/native.rs"]
mod runtime;
#[path = "../pkg/sync/native.rs"]
mod sync;
#[path = "../pkg/sync/atomic/native.rs"]
mod sync_atomic;
// The widths of the system's types differ between platforms.
#[allow(clippy::unnecessary_cast)]
#[path = "../pkg/syscall/native.rs"]
mod syscall;
#[path = "../pkg/time/native.rs"]
mod time;
#[path = "../pkg/weak/native.rs"]
mod weak;

static PACKAGES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/pkg");

/// One source file of a library package.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile {
    /// File name within the package, as `print.vo`.
    pub name: &'static str,
    pub text: &'static [u8],
}

/// The source files of a library package in order of their names, or `None` where
/// there is no such package.
pub fn package_files(path: &str) -> Option<Vec<SourceFile>> {
    let dir = PACKAGES.get_dir(path)?;
    let mut files: Vec<SourceFile> = dir
        .files()
        .filter(|f| f.path().extension().is_some_and(|e| e == "vo"))
        .filter_map(|f| Some(SourceFile { name: f.path().file_name()?.to_str()?, text: f.contents() }))
        .collect();
    files.sort_by_key(|f| f.name);
    (!files.is_empty()).then_some(files)
}

/// Whether the library has a package with this import path.
pub fn has_package(path: &str) -> bool {
    PACKAGES.get_dir(path).is_some_and(has_sources)
}

fn has_sources(dir: &Dir<'static>) -> bool {
    dir.files().any(|f| f.path().extension().is_some_and(|e| e == "vo"))
}

/// Import paths of all packages, sorted.
pub fn packages() -> Vec<String> {
    fn walk(dir: &Dir<'static>, found: &mut Vec<String>) {
        if has_sources(dir) {
            found.push(dir.path().to_string_lossy().into_owned());
        }
        dir.dirs().for_each(|d| walk(d, found));
    }
    let mut found = Vec::new();
    PACKAGES.dirs().for_each(|d| walk(d, &mut found));
    found.sort();
    found
}

/// The natives of all packages.
pub fn natives() -> Registry {
    let mut registry = Registry::new();
    let tables = [
        bytealg::NATIVES,
        debug::NATIVES,
        island::NATIVES,
        math::NATIVES,
        port::NATIVES,
        rand::NATIVES,
        pprof::NATIVES,
        refl::NATIVES,
        reflect::NATIVES,
        reflect::WAITING,
        runtime::NATIVES,
        sync::NATIVES,
        sync_atomic::NATIVES,
        syscall::NATIVES,
        syscall::WAITING,
        time::NATIVES,
        weak::NATIVES,
    ];
    tables.iter().for_each(|table| registry.add_all(table));
    registry
}
