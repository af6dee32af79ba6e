//! Types for unit tests, built without a compiler.

use crate::heap::{AllocCache, Heap, HeapConfig};
use crate::rtype::{LoadedTypes, Ty};
use std::sync::Arc;
use vo_bytecode::Module;
use vo_bytecode::typedesc::{FieldDesc, Leaf, Mem, MethodDesc, TypeDesc, TypeId, TypeKind};

/// A module that only has types.
#[derive(Default)]
pub(crate) struct Types {
    pub(crate) module: Module,
}

impl Types {
    pub(crate) fn add(&mut self, name: &str, kind: TypeKind, size: u64, mems: &[Mem]) -> TypeId {
        let mut offset = 0;
        let mut leaves = Vec::new();
        for &mem in mems {
            offset = u32::next_multiple_of(offset, mem.size());
            leaves.push(Leaf { offset, mem });
            offset += mem.size();
        }
        let inline = leaves.len() <= 1 && !mems.is_empty() || size == 0;
        let comparable =
            !matches!(kind, TypeKind::Slice { .. } | TypeKind::Map { .. } | TypeKind::Func { .. });
        let align = mems.iter().map(|m| m.size()).max().unwrap_or(1);
        let leaves = (!mems.is_empty() || size == 0).then_some(leaves);
        self.module.types.push(TypeDesc {
            name: name.to_string(),
            pkg: String::new(),
            defined: String::new(),
            kind,
            size,
            align,
            comparable,
            leaves,
            inline,
            methods: Vec::new(),
            pointer_to: None,
        });
        TypeId(self.module.types.len() as u32 - 1)
    }

    pub(crate) fn int(&mut self) -> TypeId {
        self.add("int", TypeKind::Int, 8, &[Mem::I64])
    }

    pub(crate) fn int8(&mut self) -> TypeId {
        self.add("int8", TypeKind::Int8, 1, &[Mem::I8])
    }

    pub(crate) fn uint8(&mut self) -> TypeId {
        self.add("uint8", TypeKind::Uint8, 1, &[Mem::U8])
    }

    pub(crate) fn float64(&mut self) -> TypeId {
        self.add("float64", TypeKind::Float64, 8, &[Mem::F64])
    }

    pub(crate) fn float32(&mut self) -> TypeId {
        self.add("float32", TypeKind::Float32, 4, &[Mem::F32])
    }

    pub(crate) fn string(&mut self) -> TypeId {
        self.add("string", TypeKind::String, 16, &[Mem::Ptr, Mem::I64])
    }

    pub(crate) fn any(&mut self) -> TypeId {
        let kind = TypeKind::Interface { methods: vec![] };
        self.add("interface {}", kind, 16, &[Mem::I64, Mem::Any])
    }

    pub(crate) fn slice(&mut self, elem: TypeId) -> TypeId {
        let name = format!("[]{}", self.module.type_desc(elem).name);
        self.add(&name, TypeKind::Slice { elem }, 24, &[Mem::Ptr, Mem::I64, Mem::I64])
    }

    pub(crate) fn ptr(&mut self, elem: TypeId) -> TypeId {
        let name = format!("*{}", self.module.type_desc(elem).name);
        self.add(&name, TypeKind::Pointer { elem }, 8, &[Mem::Ptr])
    }

    pub(crate) fn map(&mut self, key: TypeId, elem: TypeId) -> TypeId {
        let (k, e) = (self.module.type_desc(key).name.clone(), self.module.type_desc(elem).name.clone());
        self.add(&format!("map[{k}]{e}"), TypeKind::Map { key, elem }, 8, &[Mem::Ptr])
    }

    pub(crate) fn array(&mut self, elem: TypeId, len: u64) -> TypeId {
        let desc = self.module.type_desc(elem).clone();
        let name = format!("[{len}]{}", desc.name);
        let id = self.add(&name, TypeKind::Array { elem, len }, desc.size * len, &[]);
        self.finish_memory(id, desc.align, desc.comparable);
        id
    }

    /// A memory type (no leaves) of fields laid out as Go does.
    pub(crate) fn structure(&mut self, name: &str, fields: &[(&str, TypeId)]) -> TypeId {
        let (mut offset, mut align, mut comparable) = (0u64, 1u32, true);
        let mut descs = Vec::new();
        for &(field, ty) in fields {
            let desc = self.module.type_desc(ty);
            offset = offset.next_multiple_of(desc.align as u64);
            align = align.max(desc.align);
            comparable &= desc.comparable;
            descs.push(FieldDesc {
                name: field.to_string(),
                pkg: String::new(),
                ty,
                offset,
                embedded: false,
                tag: String::new(),
            });
            offset += desc.size;
        }
        let size = offset.next_multiple_of(align as u64);
        let id = self.add(name, TypeKind::Struct { fields: descs }, size, &[]);
        self.finish_memory(id, align, comparable);
        id
    }

    /// Gives a field another type of the same size, for types that lead back to themselves.
    pub(crate) fn retype_field(&mut self, id: TypeId, field: usize, ty: TypeId) {
        if let TypeKind::Struct { fields } = &mut self.module.types[id.0 as usize].kind {
            fields[field].ty = ty;
        }
    }

    fn finish_memory(&mut self, id: TypeId, align: u32, comparable: bool) {
        let desc = &mut self.module.types[id.0 as usize];
        (desc.align, desc.comparable, desc.leaves, desc.inline) = (align, comparable, None, false);
    }

    pub(crate) fn method(&mut self, ty: TypeId, selector: u32, func: u32) {
        let methods = &mut self.module.types[ty.0 as usize].methods;
        methods.push(MethodDesc { selector, func, ty: TypeId(0) });
    }

    pub(crate) fn load(&self) -> Arc<LoadedTypes> {
        Arc::new(LoadedTypes::load(&self.module))
    }
}

/// A heap that checks itself, and a cache.
pub(crate) fn heap(types: &Arc<LoadedTypes>) -> (Arc<Heap>, Box<AllocCache>) {
    let config = HeapConfig { stress: true, verify: true, ..HeapConfig::default() };
    let heap = Heap::new(types.clone(), config);
    let cache = AllocCache::new(&heap);
    (heap, cache)
}

/// A heap as programs have it, and a cache.
pub(crate) fn plain_heap(types: &Arc<LoadedTypes>) -> (Arc<Heap>, Box<AllocCache>) {
    let heap = Heap::new(types.clone(), HeapConfig::default());
    let cache = AllocCache::new(&heap);
    (heap, cache)
}

/// The handle of a type.
pub(crate) fn ty(types: &LoadedTypes, id: TypeId) -> Ty {
    types.get(id.0)
}

/// Small random numbers.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}
