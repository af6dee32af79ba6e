//! From a module's type descriptors to the runtime's.
//!
//! Descriptors refer to one another in cycles, so their memory is reserved first: handles point
//! at it while it is being filled, and nobody follows one before the last is written. What is needed of other
//! types meanwhile (pointer words, equality) is computed from the module's form.

use super::*;
use crate::object::map;
use std::mem::MaybeUninit;
use vo_bytecode::Module;
use vo_bytecode::typedesc::{TypeDesc, TypeId, TypeKind};

impl LoadedTypes {
    /// Builds the types of a verified module. Descriptors are immortal: their memory is never freed.
    pub fn load(module: &Module) -> LoadedTypes {
        let layouts = Layouts::new();
        let words = pointer_words(module);
        let home = Home::new(module.types.len());
        let zero = zeroes(module).as_ptr() as Word;
        for (i, desc) in module.types.iter().enumerate() {
            let built =
                Builder { module, layouts: &layouts, words: &words, home: &home, zero }.build(i, desc);
            home.fill(i, built);
        }
        home.link_slices(module);
        let types: Vec<Ty> = (0..module.types.len()).map(|i| home.ty(i)).collect();
        let selectors = module
            .selectors
            .iter()
            .map(|s| RtSelector {
                name: s.name.clone(),
                pkg: s.pkg.clone(),
                ty: types.get(s.ty.0 as usize).copied(),
            })
            .collect();
        LoadedTypes { known: known(module, &types), types, selectors, layouts }
    }
}

/// Zeroes for the largest map element.
fn zeroes(module: &Module) -> &'static [u64] {
    let sizes = module.types.iter().filter_map(|t| match t.kind {
        TypeKind::Map { elem, .. } => Some(module.type_desc(elem).size),
        _ => None,
    });
    let words = sizes.max().unwrap_or(0).max(1024).div_ceil(8);
    Box::leak(vec![0u64; words as usize].into_boxed_slice())
}

fn known(module: &Module, types: &[Ty]) -> Known {
    let known = &module.known;
    let ty = |id: Option<TypeId>| id.map(|id| types[id.0 as usize]);
    Known {
        bool_: ty(known.bool_),
        int: ty(known.int),
        uint8: ty(known.uint8),
        int32: ty(known.int32),
        string: ty(known.string),
        any: ty(known.any),
        error: ty(known.error),
        slice_any: ty(known.slice_any),
        runtime_error: ty(known.runtime_error),
        type_assertion_error: ty(known.type_assertion_error),
        type_assertion_error_ptr: ty(known.type_assertion_error_ptr),
        panic_nil_error: ty(known.panic_nil_error),
        panic_nil_error_ptr: ty(known.panic_nil_error_ptr),
    }
}

/// The memory of all descriptors.
struct Home {
    base: *mut MaybeUninit<RtType>,
    len: usize,
}

impl Home {
    fn new(len: usize) -> Home {
        let memory: Vec<MaybeUninit<RtType>> = (0..len).map(|_| MaybeUninit::uninit()).collect();
        Home { base: Box::leak(memory.into_boxed_slice()).as_mut_ptr(), len }
    }

    fn ty(&self, i: usize) -> Ty {
        assert!(i < self.len, "internal error: type index {i} out of range");
        // SAFETY: inside the leaked memory, so not null. Nobody follows the handle before `load` is done.
        Ty(unsafe { NonNull::new_unchecked(self.base.add(i).cast::<RtType>()) })
    }

    fn fill(&self, i: usize, ty: RtType) {
        assert!(i < self.len);
        // SAFETY: inside the leaked memory, to which nobody else has access yet.
        unsafe { (*self.base.add(i)).write(ty) };
    }

    /// Tells element types of their slice types.
    fn link_slices(&self, module: &Module) {
        for (i, desc) in module.types.iter().enumerate() {
            if let TypeKind::Slice { elem } = desc.kind
                && desc.defined.is_empty()
            {
                let slice = self.ty(i);
                // SAFETY: written before, and nobody else has access yet.
                unsafe { (*self.base.add(elem.0 as usize)).assume_init_mut().slice_of = Some(slice) };
            }
        }
    }
}

struct Builder<'a> {
    module: &'a Module,
    layouts: &'a Layouts,
    words: &'a [PointerWords],
    home: &'a Home,
    zero: Word,
}

impl Builder<'_> {
    fn ty(&self, id: TypeId) -> Ty {
        self.home.ty(id.0 as usize)
    }

    fn tys(&self, ids: &[TypeId]) -> Vec<Ty> {
        ids.iter().map(|&id| self.ty(id)).collect()
    }

    fn build(&self, index: usize, desc: &TypeDesc) -> RtType {
        let layout = self.words[index].layout(self.layouts);
        let methods: Vec<RtMethod> = desc
            .methods
            .iter()
            .map(|m| RtMethod { selector: m.selector, func: m.func, ty: self.ty(m.ty) })
            .collect();
        let mut ty = RtType {
            size: desc.size,
            layout,
            id: index as u32,
            align: desc.align,
            bin: self.bin(layout, desc.size),
            kind: kind(&desc.kind),
            comparable: desc.comparable,
            inline: desc.inline,
            equality: equality(self.module, desc),
            elem: None,
            key: None,
            len: 0,
            name: desc.name.clone(),
            pkg: desc.pkg.clone(),
            defined: desc.defined.clone(),
            fields: Vec::new(),
            params: Vec::new(),
            results: Vec::new(),
            variadic: false,
            chan_dir: ChanDir::Both,
            handle: None,
            plan: Default::default(),
            selectors: Vec::new(),
            method_table: MethodTable::new(&methods),
            methods,
            leaves: desc.leaves.clone(),
            map: None,
            pointer_to: desc.pointer_to.map(|id| self.ty(id)),
            slice_of: None,
            implements: Default::default(),
        };
        self.parts(&mut ty, &desc.kind);
        ty
    }

    /// What a type of this kind is made of.
    fn parts(&self, ty: &mut RtType, kind: &TypeKind) {
        match kind {
            TypeKind::Array { elem, len } => {
                ty.elem = Some(self.ty(*elem));
                ty.len = *len;
            }
            TypeKind::Slice { elem } | TypeKind::Pointer { elem } => ty.elem = Some(self.ty(*elem)),
            TypeKind::Struct { fields } => ty.fields = fields.iter().map(|f| self.field(f)).collect(),
            TypeKind::Func { params, results, variadic } => {
                ty.params = self.tys(params);
                ty.results = self.tys(results);
                ty.variadic = *variadic;
            }
            TypeKind::Interface { methods } => ty.selectors = methods.clone(),
            TypeKind::Map { key, elem } => {
                ty.key = Some(self.ty(*key));
                ty.elem = Some(self.ty(*elem));
                ty.map = Some(self.map_shape(*key, *elem));
            }
            TypeKind::Chan { dir, elem } => {
                ty.elem = Some(self.ty(*elem));
                ty.chan_dir = *dir;
            }
            TypeKind::Port { dir, elem } => {
                ty.elem = Some(self.ty(*elem));
                ty.chan_dir = *dir;
                ty.handle = Some(Handle::Port);
            }
            TypeKind::Island => ty.handle = Some(Handle::Island),
            _ => {}
        }
    }

    fn field(&self, f: &vo_bytecode::typedesc::FieldDesc) -> RtField {
        RtField {
            name: f.name.clone(),
            pkg: f.pkg.clone(),
            ty: self.ty(f.ty),
            offset: f.offset,
            embedded: f.embedded,
            tag: f.tag.clone(),
        }
    }

    fn bin(&self, layout: &'static Layout, size: u64) -> u32 {
        match size {
            1..=sizeclass::MAX_SMALL => self.layouts.bin(layout, sizeclass::class_of(size)),
            _ => NO_BIN,
        }
    }

    fn map_shape(&self, key: TypeId, elem: TypeId) -> MapShape {
        let (k, e) = (self.module.type_desc(key), self.module.type_desc(elem));
        let align = k.align.max(e.align).max(1) as u64;
        let elem_offset = k.size.next_multiple_of(e.align.max(1) as u64);
        // An entry of no size would give all of them one address.
        let entry_size = (elem_offset + e.size).next_multiple_of(align).max(1);
        let mut words = PointerWords { words: entry_size.div_ceil(8), ..PointerWords::default() };
        words.add_field(&self.words[key.0 as usize], 0, k.size);
        words.add_field(&self.words[elem.0 as usize], elem_offset, e.size);
        let group_size = map::group_bytes(entry_size);
        let mut group = PointerWords { words: group_size / 8, ..PointerWords::default() };
        for first in map::group_entries(entry_size) {
            group.add_field(&words, first, entry_size);
        }
        MapShape {
            key: self.ty(key),
            elem: self.ty(elem),
            elem_offset,
            entry_size,
            entry_layout: words.layout(self.layouts),
            group_size,
            group_layout: group.layout(self.layouts),
            form: key_form(k),
            zero: self.zero,
            reflexive: equal::is_reflexive(self.module, k),
        }
    }
}

fn key_form(key: &TypeDesc) -> KeyForm {
    use TypeKind::*;
    match key.kind {
        Bool
        | Int
        | Int8
        | Int16
        | Int32
        | Int64
        | Uint
        | Uint8
        | Uint16
        | Uint32
        | Uint64
        | Uintptr
        | Pointer { .. }
        | Chan { .. }
        | Port { .. }
        | Island
        | UnsafePointer => KeyForm::Int(key.size as u8),
        String => KeyForm::Str,
        _ => KeyForm::Mem,
    }
}

/// The words of a value that may be addresses; they repeat every `words` words (an array keeps
/// those of one element).
#[derive(Clone, Default)]
struct PointerWords {
    words: u64,
    pointers: Vec<u32>,
    /// Too long to be listed: any word may be one.
    everywhere: bool,
}

/// Words of the longest list.
const MAX_LIST: u64 = 4096;

impl PointerWords {
    fn layout(&self, layouts: &Layouts) -> &'static Layout {
        if self.everywhere {
            return layouts.all();
        }
        layouts.intern(self.words as usize, &self.pointers)
    }

    /// Adds a field of `size` bytes at an offset, whose words are `part`, repeated.
    fn add_field(&mut self, part: &PointerWords, offset: u64, size: u64) {
        if part.pointers.is_empty() && !part.everywhere {
            return;
        }
        if part.everywhere || (offset + size) / 8 > MAX_LIST {
            self.everywhere = true;
            return;
        }
        for start in (offset / 8..(offset + size) / 8).step_by(part.words as usize) {
            self.pointers.extend(part.pointers.iter().map(|&p| p + start as u32));
        }
    }
}

/// The pointer words of every type.
fn pointer_words(module: &Module) -> Vec<PointerWords> {
    let mut memo = vec![None; module.types.len()];
    (0..module.types.len()).map(|i| words_of(module, TypeId(i as u32), &mut memo)).collect()
}

fn words_of(module: &Module, id: TypeId, memo: &mut Vec<Option<PointerWords>>) -> PointerWords {
    if let Some(words) = &memo[id.0 as usize] {
        return words.clone();
    }
    use TypeKind::*;
    let desc = module.type_desc(id);
    let mut words = PointerWords { words: desc.size.div_ceil(8), ..PointerWords::default() };
    match &desc.kind {
        String
        | Slice { .. }
        | UnsafePointer
        | Pointer { .. }
        | Func { .. }
        | Map { .. }
        | Chan { .. }
        | Port { .. }
        | Island => {
            words.pointers.push(0);
        }
        Interface { .. } => words.pointers.push(1),
        Array { len: 0, .. } => {}
        Array { elem, .. } => words = words_of(module, *elem, memo),
        Struct { fields } => {
            for field in fields {
                let part = words_of(module, field.ty, memo);
                words.add_field(&part, field.offset, module.type_desc(field.ty).size);
            }
        }
        Internal { pointer_words } => {
            words.pointers = pointer_words.clone();
            words.pointers.sort_unstable();
        }
        _ => {}
    }
    memo[id.0 as usize] = Some(words.clone());
    words
}

fn kind(kind: &TypeKind) -> Kind {
    use TypeKind as T;
    match kind {
        T::Internal { .. } => Kind::Internal,
        T::Bool => Kind::Bool,
        T::Int => Kind::Int,
        T::Int8 => Kind::Int8,
        T::Int16 => Kind::Int16,
        T::Int32 => Kind::Int32,
        T::Int64 => Kind::Int64,
        T::Uint => Kind::Uint,
        T::Uint8 => Kind::Uint8,
        T::Uint16 => Kind::Uint16,
        T::Uint32 => Kind::Uint32,
        T::Uint64 => Kind::Uint64,
        T::Uintptr => Kind::Uintptr,
        T::Float32 => Kind::Float32,
        T::Float64 => Kind::Float64,
        T::Complex64 => Kind::Complex64,
        T::Complex128 => Kind::Complex128,
        T::Array { .. } => Kind::Array,
        T::Chan { .. } => Kind::Chan,
        T::Func { .. } => Kind::Func,
        T::Interface { .. } => Kind::Interface,
        T::Map { .. } => Kind::Map,
        T::Pointer { .. } => Kind::Pointer,
        T::Slice { .. } => Kind::Slice,
        T::String => Kind::String,
        T::Struct { .. } => Kind::Struct,
        T::UnsafePointer | T::Port { .. } | T::Island => Kind::UnsafePointer,
    }
}

/// How values of a type are compared.
fn equality(module: &Module, desc: &TypeDesc) -> Equality {
    use TypeKind as T;
    if !desc.comparable {
        return Equality::Never;
    }
    match &desc.kind {
        T::String => Equality::Str,
        T::Interface { .. } => Equality::Iface,
        T::Float32 => Equality::F32,
        T::Float64 => Equality::F64,
        T::Complex64 => Equality::C64,
        T::Complex128 => Equality::C128,
        T::Array { len: 0, .. } => Equality::Bytes,
        T::Array { elem, .. } => match equality(module, module.type_desc(*elem)) {
            Equality::Bytes => Equality::Bytes,
            _ => Equality::Array,
        },
        T::Struct { fields } => {
            let mut end = 0;
            let plain = fields.iter().all(|f| {
                let ty = module.type_desc(f.ty);
                let dense = f.offset == end && f.name != "_";
                end = f.offset + ty.size;
                dense && equality(module, ty) == Equality::Bytes
            });
            if plain && end == desc.size { Equality::Bytes } else { Equality::Struct }
        }
        T::Internal { .. } => Equality::Never,
        _ => Equality::Bytes,
    }
}
