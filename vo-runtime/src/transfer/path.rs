//! What does not cross, and the way to it from the value that was sent: the texts of panics.
//!
//! The way is found backwards: a piece knows the one that it was reached from, and in that one's copy stands a reference to it.

use super::Reference;
use super::copy::{Copier, CrossError, DYNAMIC, Kind, NO_PARENT, Work};
use super::plan;
use crate::rtype::{Handle, Kind as TypeKind, RtType, Ty};
use vo_bytecode::typedesc::ChanDir;

impl Copier<'_> {
    /// Something at an offset of piece `at` does not cross.
    #[cold]
    pub(super) fn blocked(&self, at: u32, via: u64, why: String) -> Box<CrossError> {
        Box::new(CrossError::Type(with_path(self.path(at, via), why)))
    }

    /// The type alone says that no value crosses, because of what stands at `offset`: at an offset of piece `at`, or in an interface.
    #[cold]
    pub(super) fn never(&self, at: Option<(u32, u64)>, ty: Ty, offset: u64, never: Ty) -> Box<CrossError> {
        let mut path = at.map_or_else(String::new, |(at, via)| self.path(at, via));
        if path.is_empty() {
            path = start(ty);
        }
        field_path(ty, offset, &mut path);
        Box::new(CrossError::Type(with_path(path, why_never(never))))
    }

    /// The way from the value that was sent to an offset of a piece. What an interface holds begins a way of its own.
    fn path(&self, at: u32, via: u64) -> String {
        if at & DYNAMIC != 0 {
            return String::new();
        }
        let Work { kind, parent } = self.scratch.work[at as usize];
        let mut path = match parent {
            NO_PARENT => String::new(),
            parent if parent & DYNAMIC != 0 => self.dynamic_path(parent & !DYNAMIC, at),
            parent => self.path(parent, self.way(parent, at)),
        };
        match kind {
            Kind::Words(ty) | Kind::Values(ty) => {
                if path.is_empty() {
                    path = start(ty);
                }
                field_path(ty, via % ty.size.max(1), &mut path);
            }
            Kind::Entries(ty) => {
                if path.is_empty() {
                    path = shown(ty);
                }
                path.push_str("[...]");
                let shape = ty.map_shape();
                let in_entry = via % shape.entry_size;
                match in_entry.checked_sub(shape.elem_offset) {
                    Some(offset) => field_path(shape.elem, offset, &mut path),
                    None => field_path(shape.key, in_entry, &mut path),
                }
            }
            Kind::Closure(func) => path = format!("captured by {}", self.origin.func_name(func)),
            Kind::Flat => {}
        }
        path
    }

    /// The way from an interface in a piece to the object of another one: it begins with the dynamic type, where that is more than
    /// the object.
    fn dynamic_path(&self, parent: u32, child: u32) -> String {
        let word = self.parts.pieces[parent as usize].at + self.word_of(parent, child);
        // SAFETY: before the data word of an interface stands its type word.
        let ty = unsafe { Ty::from_word(self.parts.data[word as usize - 1]) };
        let mut path = String::new();
        if let Some(ty) = ty.filter(|ty| ty.inline) {
            path = start(ty);
            field_path(ty, 0, &mut path);
        }
        path
    }

    /// The offset in a piece at which the object of another one is referred to.
    fn way(&self, parent: u32, child: u32) -> u64 {
        let word = u64::from(self.word_of(parent, child));
        match self.scratch.work[parent as usize].kind {
            Kind::Words(ty) => {
                let leaf = ty.leaves.as_deref().and_then(|leaves| leaves.get(word as usize));
                leaf.map_or(0, |leaf| u64::from(leaf.offset))
            }
            _ => 8 * word,
        }
    }

    /// The word of a piece in which the object of another one is referred to.
    fn word_of(&self, parent: u32, child: u32) -> u32 {
        let parts = &self.parts;
        let (from, to) = (&parts.pieces[parent as usize], &parts.pieces[child as usize]);
        let target = match parts.maps.iter().find(|map| map.entries == to.object) {
            Some(map) => map.map,
            None => to.object,
        };
        let is_address = |at: &u32| parts.fixes.binary_search(at).is_ok();
        let refers = |at: u32| is_address(&at) && Reference::unpack(parts.data[at as usize]).0 == target;
        (from.at..from.end()).find(|&at| refers(at)).map_or(0, |at| at - from.at)
    }
}

/// A type as messages show it: without the package that everything is in.
fn shown(ty: Ty) -> String {
    ty.name.replace("main.", "")
}

/// Where a way begins.
fn start(ty: Ty) -> String {
    shown(ty).trim_start_matches('*').to_owned()
}

/// Why no value of a type crosses.
pub(super) fn why_never(ty: Ty) -> String {
    let name = shown(ty);
    match ty.elem {
        Some(elem) if ty.kind == TypeKind::Chan || ty.handle == Some(Handle::Port) => {
            debug_assert!(ty.handle.is_none() || ty.chan_dir != ChanDir::Send);
            format!("{name} cannot cross islands; use port<- {}", shown(elem))
        }
        _ => format!("{name} cannot cross islands"),
    }
}

fn with_path(path: String, why: String) -> String {
    // A path that is but the type itself says nothing.
    if path.is_empty() || why.starts_with(&format!("{path} ")) { why } else { format!("{path}: {why}") }
}

/// Adds the fields and elements that lead to an offset of a value of a type.
fn field_path(ty: Ty, mut offset: u64, path: &mut String) {
    let mut ty: &'static RtType = ty.descriptor();
    loop {
        match ty.kind {
            TypeKind::Struct if plan::is_lock(ty) => return,
            TypeKind::Struct => {
                let Some(field) = ty.fields.iter().rev().find(|f| f.offset <= offset && f.ty.size > 0) else {
                    return;
                };
                path.push('.');
                path.push_str(&field.name);
                offset -= field.offset;
                ty = field.ty.descriptor();
            }
            TypeKind::Array => {
                let elem = ty.elem_type();
                path.push_str("[...]");
                offset %= elem.size.max(1);
                ty = elem.descriptor();
            }
            TypeKind::Slice => return path.push_str("[...]"),
            _ => return,
        }
    }
}
