//! Language versions: which one a file is written in.
//!
//! A Go file has the version of its module, or the one that its `//go:build` line asks for, which is never taken
//! below 1.21. A Vo file always has the newest.

use vo_syntax::ast::File;
use vo_syntax::source::{Dialect, FileId, Pos};

use crate::World;

/// A language version: major, minor.
pub type Version = (u32, u32);

/// The version that this implementation knows.
pub const NEWEST: Version = (1, 27);

/// A `//go:build` line cannot ask for an older one.
const OLDEST_BY_FILE: Version = (1, 21);

/// From here on every turn of a loop has variables of its own.
pub const LOOP_VARIABLES: Version = (1, 22);

/// The version of a file, and whether it says so itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileVersion {
    pub version: Version,
    pub own: bool,
}

impl World {
    /// Notes the versions of a package's files; `module` is what its module says.
    pub(crate) fn set_version(&self, file: &File, module: Option<Version>) {
        let known = match (file.dialect, file.go_version, module) {
            (Dialect::Vo, ..) => return,
            (_, Some(asked), _) => FileVersion { version: asked.max(OLDEST_BY_FILE), own: true },
            (_, None, Some(version)) => FileVersion { version, own: false },
            (_, None, None) => return,
        };
        if known.version < NEWEST {
            self.versions.borrow_mut().insert(file.file, known);
        }
    }

    pub(crate) fn old_version(&self, pos: Pos) -> Option<FileVersion> {
        let versions = self.versions.borrow();
        if versions.is_empty() {
            return None;
        }
        let file: FileId = self.sources.borrow().file_at(pos)?.id();
        versions.get(&file).copied()
    }

    /// The language version at a place.
    pub fn language_version(&self, pos: Pos) -> Version {
        self.old_version(pos).map_or(NEWEST, |known| known.version)
    }
}
