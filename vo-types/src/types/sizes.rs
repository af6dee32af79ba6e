//! Sizes, alignments and field offsets: Go's layout on 64-bit machines.

use super::{Basic, MAX_NESTING, Type, TypeId};
use crate::World;

/// Size of a pointer, in bytes.
pub const PTR_SIZE: i64 = 8;

/// Size and alignment of a type, in bytes. A size too large for `i64` is -1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// Size in bytes.
    pub size: i64,
    /// Alignment in bytes.
    pub align: i64,
}

impl World {
    /// Size of a value of the type, in bytes; -1 if it is too large to be expressed. Type
    /// parameters have no size: they must have been substituted.
    pub fn size_of(&self, ty: TypeId) -> i64 {
        self.layout_of(ty).size
    }

    /// Alignment of the type, in bytes.
    pub fn align_of(&self, ty: TypeId) -> i64 {
        self.layout_of(ty).align
    }

    /// Offsets of a struct type's fields, in bytes.
    pub fn field_offsets(&self, ty: TypeId) -> Vec<i64> {
        match self.types.get(self.underlying(ty)) {
            Type::Struct(s) => self.struct_layout(s.fields.iter().map(|f| f.ty)).0,
            _ => Vec::new(),
        }
    }

    /// Size and alignment.
    pub fn layout_of(&self, ty: TypeId) -> Layout {
        match self.types.get(ty) {
            Type::Basic(b) => return basic_layout(*b),
            // The bound stops generic types that grow without end (an error that is reported).
            Type::Named(_) | Type::Array { .. } | Type::Struct(_) if self.layouts.depth() > MAX_NESTING => {
                return Layout { size: 8, align: 8 };
            }
            Type::Named(_) | Type::Array { .. } | Type::Struct(_) => {}
            _ => return self.layout_within(ty),
        }
        self.layouts.get_or(ty, || self.is_settled(), || self.layout_within(ty))
    }

    fn layout_within(&self, ty: TypeId) -> Layout {
        let of = |size, align| Layout { size, align };
        match self.types.get(self.underlying(ty)) {
            Type::Basic(b) => basic_layout(*b),
            Type::Pointer(_) | Type::Map { .. } | Type::Chan { .. } | Type::Signature(_) => of(8, 8),
            Type::Island | Type::Port { .. } => of(8, 8),
            Type::Slice(_) => of(24, 8),
            Type::Interface(_) => of(16, 8),
            Type::Array { len, elem } => {
                let elem = self.layout_of(*elem);
                let size = if elem.size < 0 { None } else { elem.size.checked_mul((*len).max(0)) };
                of(size.unwrap_or(-1), elem.align)
            }
            Type::Struct(s) => self.struct_layout(s.fields.iter().map(|f| f.ty)).1,
            Type::Tuple(elems) => self.struct_layout(elems.iter().copied()).1,
            Type::Named(_) | Type::Alias(_) | Type::TypeParam(_) | Type::Union(_) => of(8, 8),
        }
    }

    fn struct_layout(&self, fields: impl Iterator<Item = TypeId>) -> (Vec<i64>, Layout) {
        let mut offsets = Vec::new();
        let (mut at, mut align) = (0i64, 1i64);
        let mut too_large = false;
        let mut last_size = 1;
        for field in fields {
            let layout = self.layout_of(field);
            align = align.max(layout.align);
            let start = align_up(at, layout.align);
            let end = start.and_then(|s| if layout.size < 0 { None } else { s.checked_add(layout.size) });
            offsets.push(if too_large { -1 } else { start.unwrap_or(-1) });
            too_large |= end.is_none();
            at = end.unwrap_or(0);
            last_size = layout.size;
        }
        // A pointer to a final field of size zero must not point past the struct.
        if at > 0 && last_size == 0 {
            at += 1;
        }
        let size = match align_up(at, align) {
            Some(size) if !too_large => size,
            _ => -1,
        };
        (offsets, Layout { size, align })
    }
}

fn align_up(at: i64, align: i64) -> Option<i64> {
    Some(at.checked_add(align - 1)? & !(align - 1))
}

fn basic_layout(b: Basic) -> Layout {
    let (size, align) = match b {
        Basic::Bool | Basic::Int8 | Basic::Uint8 | Basic::UntypedBool => (1, 1),
        Basic::Int16 | Basic::Uint16 => (2, 2),
        Basic::Int32 | Basic::Uint32 | Basic::Float32 | Basic::UntypedRune => (4, 4),
        Basic::Complex64 => (8, 4),
        Basic::Complex128 | Basic::UntypedComplex => (16, 8),
        Basic::String | Basic::UntypedString => (16, 8),
        _ => (8, 8),
    };
    Layout { size, align }
}
