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

use vo_vm::Registry;

pub mod abi;
mod sys;

#[path = "../pkg/internal/bytealg/native.rs"]
mod bytealg;
#[path = "../pkg/runtime/debug/native.rs"]
mod debug;
#[path = "../pkg/internal/deflate/native.rs"]
mod deflate;
#[path = "../pkg/net/http/native.rs"]
mod http;
#[path = "../pkg/island/native.rs"]
mod island;
#[path = "../pkg/math/native.rs"]
mod math;
#[path = "../pkg/net/native.rs"]
mod net;
#[path = "../pkg/os/native.rs"]
mod os;
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
#[path = "../pkg/os/signal/native.rs"]
mod signal;
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

/// One source file of a library package.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile {
    /// File name within the package, as `print.vo`.
    pub name: &'static str,
    pub text: &'static [u8],
}

/// Import path and files of a package.
type Package = (&'static str, &'static [SourceFile]);

// `PACKAGES`: all packages in the order of their import paths, the files of each in the order of their names.
include!(concat!(env!("OUT_DIR"), "/packages.rs"));

/// The source files of a library package in order of their names, or `None` where
/// there is no such package.
pub fn package_files(path: &str) -> Option<&'static [SourceFile]> {
    let at = PACKAGES.binary_search_by_key(&path, |&(path, _)| path).ok()?;
    Some(PACKAGES[at].1)
}

/// Whether the library has a package with this import path.
pub fn has_package(path: &str) -> bool {
    package_files(path).is_some()
}

/// Import paths of all packages, sorted.
pub fn packages() -> Vec<String> {
    PACKAGES.iter().map(|&(path, _)| path.to_owned()).collect()
}

/// The natives of all packages.
pub fn natives() -> Registry {
    let mut registry = Registry::new();
    let tables = [
        bytealg::NATIVES,
        debug::NATIVES,
        deflate::NATIVES,
        http::NATIVES,
        island::NATIVES,
        math::NATIVES,
        net::NATIVES,
        net::WAITING,
        os::NATIVES,
        port::NATIVES,
        rand::NATIVES,
        pprof::NATIVES,
        refl::NATIVES,
        reflect::NATIVES,
        reflect::WAITING,
        runtime::NATIVES,
        signal::NATIVES,
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
