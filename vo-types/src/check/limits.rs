//! What is looked at last, in packages that are otherwise in order: type literals that are too large
//! or contain themselves.

use vo_syntax::diag::Code;
use vo_syntax::source::Span;

use super::Checker;
use crate::package::PackageMode;
use crate::types::{Type, TypeId};

/// The size that no value reaches.
const MAX_SIZE: i64 = 1 << 50;

/// The size that no element of a channel reaches.
const MAX_CHAN_ELEM: i64 = 1 << 16;

impl<'w> Checker<'w> {
    /// Remembers a type literal for `type_limits`.
    pub fn note_type_literal(&self, at: Span, ty: TypeId) {
        let package = self.w.package(self.pkg);
        if package.mode == PackageMode::Full {
            package.state.type_literals.borrow_mut().push((ty, at));
        }
    }

    /// Reports type literals that no value can have: those that are larger than memory, and interfaces
    /// that contain themselves other than through a name, as `type T interface{ m() interface{ T } }`.
    pub fn type_limits(&mut self) {
        let mut literals = self.w.package(self.pkg).state.type_literals.take();
        literals.sort_by_key(|(_, at)| at.start);
        for (ty, at) in literals {
            match self.w.types.raw(ty) {
                Type::Interface(_) => {
                    self.w.canonical(ty);
                    if self.w.types.cached_canon(ty).is_none() {
                        let message = "invalid recursive type: anonymous interface refers to itself (see https://go.dev/issue/56103)";
                        return self.error(Code::InvalidTypeCycle, &at, message);
                    }
                }
                _ => self.size_limits(at, ty),
            }
        }
    }

    fn size_limits(&mut self, at: Span, ty: TypeId) {
        if self.w.is_invalid(ty) || self.has_variable_size(ty) {
            return;
        }
        if let Type::Chan { elem, .. } = self.w.types.raw(ty) {
            let size = if self.has_variable_size(*elem) { 0 } else { self.w.layout_of(*elem).size };
            if size >= MAX_CHAN_ELEM {
                self.error(Code::TypeTooLarge, &at, "channel element type too large (>64kB)");
            }
        } else if !(0..MAX_SIZE).contains(&self.w.layout_of(ty).size) {
            let message = format!("type {} larger than address space", self.ts(ty));
            self.error(Code::TypeTooLarge, &at, message);
        }
    }
}
