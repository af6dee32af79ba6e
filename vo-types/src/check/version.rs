//! Constructs that a file's language version does not have yet.

use vo_syntax::ast::{FieldList, Node};
use vo_syntax::diag::Code;

use super::Checker;
use super::errors::Place;
use crate::universe::Builtin;
use crate::version::Version;

impl Checker<'_> {
    /// Why a construct of a version cannot stand at a place; `None` where it can.
    pub fn too_new(&self, at: &impl Place, needed: Version) -> Option<String> {
        let known = self.w.old_version(at.place().start).filter(|known| known.version < needed)?;
        let show = |v: Version| format!("go{}.{}", v.0, v.1);
        let have = show(known.version);
        let note = match known.own {
            true => format!("(file declares //go:build {have})"),
            false => format!("(-lang was set to {have}; check go.mod)"),
        };
        Some(format!("requires {} or later {note}", show(needed)))
    }

    /// Reports a construct of a version that the file does not have. Answers whether it has it.
    pub fn requires(&self, at: &impl Place, needed: Version, what: &str) -> bool {
        match self.too_new(at, needed) {
            Some(why) => {
                self.error(Code::TooNew, at, format!("{what} {why}"));
                false
            }
            None => true,
        }
    }

    /// Reports a list of type parameters that the file's version does not have.
    pub fn requires_type_params(&self, list: &FieldList, needed: Version, what: &str) {
        if let Some(first) = list.fields.first() {
            let at = first.names.first().map_or(first.span(), |n| n.span);
            self.requires(&at, needed, what);
        }
    }

    /// Reports a built-in function that the file's version does not have.
    pub fn requires_builtin(&self, b: Builtin, at: &impl Place) {
        let needed = match b {
            Builtin::Clear | Builtin::Max | Builtin::Min => (1, 21),
            Builtin::UnsafeAdd | Builtin::UnsafeSlice => (1, 17),
            Builtin::SliceData | Builtin::UnsafeString | Builtin::StringData => (1, 20),
            _ => return,
        };
        let what = match b {
            Builtin::Max | Builtin::Min => format!("built-in {}", b.name()),
            _ if b.is_unsafe() => format!("unsafe.{}", b.name()),
            _ => b.name().to_owned(),
        };
        self.requires(at, needed, &what);
    }
}
