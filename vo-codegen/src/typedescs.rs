//! Layouts and type descriptors.
//!
//! The idea: a value of at most eight leaves that holds no array travels as leaf registers; everything else
//! is a *memory type* and travels as the address of a copy that nobody else writes. Descriptors are made when
//! code first refers to a type; identical types share one.
//!
//! What must stay true: leaves stand in the order of the layout; a type's descriptor never changes once made,
//! except for its methods and its pointer type, which are filled in when the whole program is known.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use vo_bytecode::Class;
use vo_bytecode::module::Selector;
use vo_bytecode::typedesc::{ChanDir, FieldDesc, Leaf, Mem, TypeDesc, TypeId as DescId, TypeKind};
use vo_syntax::symbol::Symbol;
use vo_types::World;
use vo_types::package::PkgId;
use vo_types::types::{Basic, Dir, Type, TypeId};

/// Values of more leaves than this are memory types.
pub const MAX_LEAVES: usize = 8;

/// Leaves of a value; `None` for a memory type.
pub type Leaves = Option<Rc<[Leaf]>>;

/// All type descriptors and selectors of the module.
pub struct TypeTable<'w> {
    world: &'w World,
    leaves: FxHashMap<TypeId, Leaves>,
    ids: FxHashMap<TypeId, DescId>,
    pub descs: Vec<TypeDesc>,
    /// The type behind each descriptor; `None` for internal objects.
    pub sources: Vec<Option<TypeId>>,
    closures: FxHashMap<(u32, Vec<u32>), DescId>,
    pub selectors: Vec<Selector>,
    selector_ids: FxHashMap<(Symbol, Option<PkgId>, TypeId), u32>,
    selector_names: FxHashSet<Symbol>,
    /// Selectors of [`TypeTable::reflect_selector`].
    reflect_ids: FxHashMap<(DescId, String, String), u32>,
    /// Name and package of each selector.
    pub selector_keys: Vec<(Symbol, Option<PkgId>, TypeId)>,
}

impl<'w> TypeTable<'w> {
    /// No types yet.
    pub fn new(world: &'w World) -> TypeTable<'w> {
        TypeTable {
            world,
            leaves: FxHashMap::default(),
            ids: FxHashMap::default(),
            descs: Vec::new(),
            sources: Vec::new(),
            closures: FxHashMap::default(),
            selectors: Vec::new(),
            selector_ids: FxHashMap::default(),
            selector_names: FxHashSet::default(),
            reflect_ids: FxHashMap::default(),
            selector_keys: Vec::new(),
        }
    }

    fn under(&self, ty: TypeId) -> &'w Type {
        self.world.under(ty)
    }

    /// The leaf registers of a value; `None` for a memory type.
    pub fn leaves(&mut self, ty: TypeId) -> Leaves {
        let ty = self.world.canonical(ty);
        if let Some(known) = self.leaves.get(&ty) {
            return known.clone();
        }
        let mut list = Vec::new();
        let fits = self.collect_leaves(ty, 0, &mut list);
        let leaves: Leaves = fits.then(|| list.into());
        self.leaves.insert(ty, leaves.clone());
        leaves
    }

    fn collect_leaves(&mut self, ty: TypeId, at: u32, list: &mut Vec<Leaf>) -> bool {
        let mut leaf = |offset: u32, mem: Mem| list.push(Leaf { offset: at + offset, mem });
        match self.under(ty) {
            Type::Basic(b) => basic_leaves(*b, &mut leaf),
            Type::Pointer(_) | Type::Map { .. } | Type::Chan { .. } | Type::Signature(_) => leaf(0, Mem::Ptr),
            Type::Island | Type::Port { .. } => leaf(0, Mem::Ptr),
            Type::Slice(_) => {
                leaf(0, Mem::Ptr);
                leaf(8, Mem::Len);
                leaf(16, Mem::Len);
            }
            Type::Interface(_) => {
                leaf(0, Mem::Len);
                leaf(8, Mem::Any);
            }
            Type::Array { len, .. } => return *len == 0,
            Type::Struct(s) => {
                let offsets = self.world.field_offsets(ty);
                for (field, offset) in s.fields.iter().zip(offsets) {
                    let Ok(offset) = u32::try_from(offset) else { return false };
                    if !self.collect_leaves(field.ty, at + offset, list) || list.len() > MAX_LEAVES {
                        return false;
                    }
                }
            }
            Type::Named(_) | Type::Alias(_) | Type::TypeParam(_) | Type::Union(_) | Type::Tuple(_) => {
                panic!("internal error: no layout of {}", self.world.runtime_type_string(ty))
            }
        }
        list.len() <= MAX_LEAVES
    }

    /// Register classes in which a value travels.
    pub fn classes(&mut self, ty: TypeId) -> Vec<Class> {
        match self.leaves(ty) {
            Some(leaves) => leaves.iter().map(|l| l.mem.class()).collect(),
            None => vec![Class::Ptr],
        }
    }

    /// Whether an interface's data word holds the value itself.
    pub fn is_inline(&mut self, ty: TypeId) -> bool {
        self.leaves(ty).is_some_and(|l| l.len() <= 1)
    }

    /// Size in bytes.
    pub fn size(&self, ty: TypeId) -> u64 {
        u64::try_from(self.world.size_of(ty)).unwrap_or(u64::MAX >> 1)
    }

    /// The first leaf of a struct's field, and how many leaves it has.
    pub fn field_leaves(&mut self, ty: TypeId, field: usize) -> (usize, usize) {
        let Type::Struct(s) = self.under(ty) else { panic!("internal error: field of no struct") };
        let count = |table: &mut Self, ty| table.leaves(ty).map_or(1, |l| l.len());
        let first = s.fields[..field].iter().map(|f| count(self, f.ty)).sum();
        (first, count(self, s.fields[field].ty))
    }

    /// The descriptor of a type, if it has been made.
    pub fn known_desc(&self, ty: TypeId) -> Option<DescId> {
        self.ids.get(&self.world.canonical(ty)).copied()
    }

    /// The descriptor of a type.
    pub fn desc(&mut self, ty: TypeId) -> DescId {
        let ty = self.world.canonical(ty);
        if let Some(&id) = self.ids.get(&ty) {
            return id;
        }
        let id = self.reserve(Some(ty));
        self.ids.insert(ty, id);
        let kind = self.kind(ty);
        let leaves = self.leaves(ty);
        let (pkg, defined) = self.defined_name(ty);
        let layout = self.world.layout_of(ty);
        self.descs[id.0 as usize] = TypeDesc {
            name: self.world.runtime_type_string(ty),
            pkg,
            defined,
            kind,
            size: self.size(ty),
            align: layout.align.max(1) as u32,
            comparable: self.world.comparable_type(ty, true),
            inline: leaves.as_ref().is_some_and(|l| l.len() <= 1),
            leaves: leaves.map(|l| l.to_vec()),
            methods: Vec::new(),
            pointer_to: None,
        };
        id
    }

    fn reserve(&mut self, source: Option<TypeId>) -> DescId {
        let id = DescId(self.descs.len() as u32);
        self.descs.push(internal(Vec::new(), 0, String::new()));
        self.sources.push(source);
        id
    }

    fn defined_name(&self, ty: TypeId) -> (String, String) {
        match self.world.types.get(ty) {
            Type::Named(n) => {
                let obj = self.world.object(n.obj);
                let pkg = obj.pkg.map_or(String::new(), |p| self.world.package(p).path.clone());
                let full = self.world.runtime_type_string(ty);
                let head = full.split('[').next().unwrap_or(&full);
                let name = head.rfind('.').map_or(full.as_str(), |dot| &full[dot + 1..]);
                (pkg, name.to_owned())
            }
            Type::Basic(b) if *b != Basic::UnsafePointer => (String::new(), b.name().to_owned()),
            _ => (String::new(), String::new()),
        }
    }

    fn kind(&mut self, ty: TypeId) -> TypeKind {
        match self.under(ty) {
            Type::Basic(b) => basic_kind(*b),
            Type::Pointer(elem) => TypeKind::Pointer { elem: self.desc(*elem) },
            Type::Slice(elem) => TypeKind::Slice { elem: self.desc(*elem) },
            Type::Array { len, elem } => {
                TypeKind::Array { elem: self.desc(*elem), len: (*len).max(0) as u64 }
            }
            Type::Map { key, value } => TypeKind::Map { key: self.desc(*key), elem: self.desc(*value) },
            Type::Chan { dir, elem } => TypeKind::Chan { dir: chan_dir(*dir), elem: self.desc(*elem) },
            Type::Signature(s) => TypeKind::Func {
                params: s.params.iter().map(|p| self.desc(p.ty)).collect(),
                results: s.results.iter().map(|p| self.desc(p.ty)).collect(),
                variadic: s.variadic,
            },
            Type::Struct(s) => {
                let offsets = self.world.field_offsets(ty);
                let fields = s.fields.iter().zip(offsets);
                let fields = fields.map(|(f, offset)| self.field(f, offset)).collect();
                TypeKind::Struct { fields }
            }
            Type::Interface(_) => TypeKind::Interface { methods: self.interface_selectors(ty) },
            Type::Port { dir, elem } => TypeKind::Port { dir: chan_dir(*dir), elem: self.desc(*elem) },
            Type::Island => TypeKind::Island,
            _ => TypeKind::UnsafePointer,
        }
    }

    fn field(&mut self, field: &vo_types::types::Field, offset: i64) -> FieldDesc {
        FieldDesc {
            name: field.name.as_str().to_owned(),
            pkg: self.unexported_pkg(field.name, field.pkg),
            ty: self.desc(field.ty),
            offset: offset as u64,
            embedded: field.embedded,
            tag: field.tag.as_str().to_owned(),
        }
    }

    fn unexported_pkg(&self, name: Symbol, pkg: Option<PkgId>) -> String {
        match pkg {
            Some(pkg) if !name.is_exported() => self.world.package(pkg).path.clone(),
            _ => String::new(),
        }
    }

    /// The selectors of an interface type's methods, sorted by name.
    pub fn interface_selectors(&mut self, ty: TypeId) -> Vec<u32> {
        let set = self.world.type_set(ty).expect("internal error: interface without type set");
        let mut methods: Vec<_> = set.methods.iter().map(|m| (m.name, m.pkg, m.sig)).collect();
        methods.sort_by_key(|m| m.0);
        methods.into_iter().map(|(name, pkg, sig)| self.selector(name, pkg, sig)).collect()
    }

    /// The selector of a method as interfaces see it.
    pub fn selector(&mut self, name: Symbol, pkg: Option<PkgId>, sig: TypeId) -> u32 {
        let pkg = if name.is_exported() { None } else { pkg };
        let key = (name, pkg, self.world.canonical(sig));
        if let Some(&id) = self.selector_ids.get(&key) {
            return id;
        }
        let id = self.selectors.len() as u32;
        self.selector_ids.insert(key, id);
        self.selector_names.insert(name);
        self.selector_keys.push(key);
        self.selectors.push(Selector {
            name: name.as_str().to_owned(),
            pkg: self.unexported_pkg(name, pkg),
            ty: DescId(0),
            params: Vec::new(),
            results: Vec::new(),
        });
        let ty = self.desc(sig);
        let (params, results) = self.signature_classes(sig);
        let selector = &mut self.selectors[id as usize];
        (selector.ty, selector.params, selector.results) = (ty, params, results);
        id
    }

    /// The selector under which something of reflection's lies; no interface has it.
    pub fn reflect_selector(&mut self, name: &str, pkg: &str, sig: TypeId) -> u32 {
        let ty = self.desc(sig);
        let key = (ty, name.to_owned(), pkg.to_owned());
        if let Some(&id) = self.reflect_ids.get(&key) {
            return id;
        }
        let id = self.selectors.len() as u32;
        let (params, results) = self.signature_classes(sig);
        self.selectors.push(Selector { name: name.to_owned(), pkg: pkg.to_owned(), ty, params, results });
        self.reflect_ids.insert(key, id);
        id
    }

    /// Whether any interface has a method of this name.
    pub fn names_selector(&self, name: Symbol) -> bool {
        self.selector_names.contains(&name)
    }

    /// The selector, if any interface has such a method.
    pub fn known_selector(&self, name: Symbol, pkg: Option<PkgId>, sig: TypeId) -> Option<u32> {
        let pkg = if name.is_exported() { None } else { pkg };
        self.selector_ids.get(&(name, pkg, self.world.canonical(sig))).copied()
    }

    /// Leaf classes of a signature's parameters and results.
    pub fn signature_classes(&mut self, sig: TypeId) -> (Vec<Class>, Vec<Class>) {
        let Type::Signature(s) = self.under(sig) else { panic!("internal error: no signature") };
        let params = s.params.iter().flat_map(|p| self.classes(p.ty)).collect();
        let results = s.results.iter().flat_map(|p| self.classes(p.ty)).collect();
        (params, results)
    }

    /// The type of a closure object over captured words of these classes.
    pub fn closure(&mut self, captures: &[Class]) -> DescId {
        let words = captures.iter().enumerate().filter(|(_, c)| c.is_traced());
        let pointer_words: Vec<u32> = words.map(|(i, _)| i as u32 + 1).collect();
        let key = (captures.len() as u32, pointer_words);
        if let Some(&id) = self.closures.get(&key) {
            return id;
        }
        let id = self.reserve(None);
        self.descs[id.0 as usize] = internal(key.1.clone(), 8 * (key.0 as u64 + 1), "closure".to_owned());
        self.closures.insert(key, id);
        id
    }

    /// Enters the pointer types into the descriptors of what they point to.
    pub fn link_pointers(&mut self) {
        for id in 0..self.descs.len() {
            let defined = self.sources[id].is_some_and(|ty| self.world.types.as_named(ty).is_some());
            if let TypeKind::Pointer { elem } = self.descs[id].kind
                && !defined
            {
                self.descs[elem.0 as usize].pointer_to = Some(DescId(id as u32));
            }
        }
    }
}

fn internal(pointer_words: Vec<u32>, size: u64, name: String) -> TypeDesc {
    TypeDesc {
        name,
        pkg: String::new(),
        defined: String::new(),
        kind: TypeKind::Internal { pointer_words },
        size,
        align: 8,
        comparable: false,
        leaves: None,
        inline: false,
        methods: Vec::new(),
        pointer_to: None,
    }
}

fn chan_dir(dir: Dir) -> ChanDir {
    match dir {
        Dir::Both => ChanDir::Both,
        Dir::Send => ChanDir::Send,
        Dir::Recv => ChanDir::Recv,
    }
}

fn basic_leaves(b: Basic, leaf: &mut impl FnMut(u32, Mem)) {
    match b {
        Basic::Bool | Basic::UntypedBool | Basic::Uint8 => leaf(0, Mem::U8),
        Basic::Int8 => leaf(0, Mem::I8),
        Basic::Int16 => leaf(0, Mem::I16),
        Basic::Uint16 => leaf(0, Mem::U16),
        Basic::Int32 | Basic::UntypedRune => leaf(0, Mem::I32),
        Basic::Uint32 => leaf(0, Mem::U32),
        Basic::Float32 => leaf(0, Mem::F32),
        Basic::Float64 | Basic::UntypedFloat => leaf(0, Mem::F64),
        Basic::UnsafePointer | Basic::UntypedNil => leaf(0, Mem::Ptr),
        Basic::Complex64 => {
            leaf(0, Mem::F32);
            leaf(4, Mem::F32);
        }
        Basic::Complex128 | Basic::UntypedComplex => {
            leaf(0, Mem::F64);
            leaf(8, Mem::F64);
        }
        Basic::String | Basic::UntypedString => {
            leaf(0, Mem::Ptr);
            leaf(8, Mem::Len);
        }
        _ => leaf(0, Mem::I64),
    }
}

fn basic_kind(b: Basic) -> TypeKind {
    match b {
        Basic::Bool | Basic::UntypedBool => TypeKind::Bool,
        Basic::Int8 => TypeKind::Int8,
        Basic::Int16 => TypeKind::Int16,
        Basic::Int32 | Basic::UntypedRune => TypeKind::Int32,
        Basic::Int64 => TypeKind::Int64,
        Basic::Uint => TypeKind::Uint,
        Basic::Uint8 => TypeKind::Uint8,
        Basic::Uint16 => TypeKind::Uint16,
        Basic::Uint32 => TypeKind::Uint32,
        Basic::Uint64 => TypeKind::Uint64,
        Basic::Uintptr => TypeKind::Uintptr,
        Basic::Float32 => TypeKind::Float32,
        Basic::Float64 | Basic::UntypedFloat => TypeKind::Float64,
        Basic::Complex64 => TypeKind::Complex64,
        Basic::Complex128 | Basic::UntypedComplex => TypeKind::Complex128,
        Basic::String | Basic::UntypedString => TypeKind::String,
        Basic::UnsafePointer | Basic::UntypedNil => TypeKind::UnsafePointer,
        _ => TypeKind::Int,
    }
}
