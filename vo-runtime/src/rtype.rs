//! Type descriptors at run time: what a type word points at.
//!
//! `vo_bytecode::TypeDesc` travels by index; here each becomes an [`RtType`] that is linked by
//! pointers and immortal: a [`Ty`] may be copied anywhere, and a type word is its address.
//! Identical types have one descriptor, so equal words are identical types. The nil interface's word is 0.
//!
//! Reading order: [`RtType`], [`LoadedTypes`], `rtype/load.rs` (how they are made), `rtype/equal.rs`
//! (equality and hashing of values).
//!
//! Must stay true: a descriptor does not change after `LoadedTypes::load` (caches apart).

mod equal;
mod load;
#[cfg(test)]
mod tests;

use crate::heap::sizeclass;
use crate::layout::{Layout, Layouts};
use crate::value::Word;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use vo_bytecode::typedesc::{ChanDir, Leaf, NO_FUNC};

pub(crate) use equal::eq_str;
pub use equal::{eq_iface, eq_mem, hash_iface, hash_mem, hash_str, hash_word};

/// Kinds of types; the numbers are those of Go's `reflect.Kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// An object that only the machine makes.
    Internal = 0,
    Bool = 1,
    Int = 2,
    Int8 = 3,
    Int16 = 4,
    Int32 = 5,
    Int64 = 6,
    Uint = 7,
    Uint8 = 8,
    Uint16 = 9,
    Uint32 = 10,
    Uint64 = 11,
    Uintptr = 12,
    Float32 = 13,
    Float64 = 14,
    Complex64 = 15,
    Complex128 = 16,
    Array = 17,
    Chan = 18,
    Func = 19,
    Interface = 20,
    Map = 21,
    Pointer = 22,
    Slice = 23,
    String = 24,
    Struct = 25,
    UnsafePointer = 26,
}

/// A type: the handle of an immortal descriptor. Its address is the type word.
#[derive(Clone, Copy)]
pub struct Ty(NonNull<RtType>);

// SAFETY: descriptors are immutable but for their atomic caches, and never freed.
unsafe impl Send for Ty {}
// SAFETY: as above.
unsafe impl Sync for Ty {}

impl Ty {
    /// The type of a type word; `None` for 0.
    ///
    /// # Safety
    /// The word is 0 or a type word.
    #[inline(always)]
    pub unsafe fn from_word(word: Word) -> Option<Ty> {
        NonNull::new(word as *mut RtType).map(Ty)
    }

    /// The descriptor, which is immortal.
    #[inline(always)]
    pub fn descriptor(self) -> &'static RtType {
        // SAFETY: the address of an immortal descriptor, by `from_word` and `load`.
        unsafe { self.0.as_ref() }
    }

    /// The type word.
    #[inline(always)]
    pub fn word(self) -> Word {
        self.0.as_ptr() as Word
    }
}

impl std::ops::Deref for Ty {
    type Target = RtType;
    #[inline(always)]
    fn deref(&self) -> &RtType {
        self.descriptor()
    }
}

impl PartialEq for Ty {
    fn eq(&self, other: &Ty) -> bool {
        self.word() == other.word()
    }
}

impl Eq for Ty {}

impl std::fmt::Debug for Ty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ty({})", self.name)
    }
}

/// A field of a struct type.
#[derive(Debug)]
pub struct RtField {
    pub name: String,
    /// Package path of an unexported name, else empty.
    pub pkg: String,
    pub ty: Ty,
    /// Bytes.
    pub offset: u64,
    pub embedded: bool,
    pub tag: String,
}

/// A method of a concrete type.
#[derive(Clone, Copy, Debug)]
pub struct RtMethod {
    /// Index into `LoadedTypes::selectors`.
    pub selector: u32,
    /// Index of the function, or `NO_FUNC`.
    pub func: u32,
    /// The signature without receiver.
    pub ty: Ty,
}

/// How a map of this type keeps its entries.
#[derive(Debug)]
pub struct MapShape {
    pub key: Ty,
    pub elem: Ty,
    /// Bytes from an entry's key, which lies at 0, to its element.
    pub elem_offset: u64,
    /// Bytes from an entry to the next.
    pub entry_size: u64,
    pub entry_layout: &'static Layout,
    /// Bytes of a group of entries, with its control bytes.
    pub group_size: u64,
    pub group_layout: &'static Layout,
    pub form: KeyForm,
    /// Address of a zero element, for keys that are absent. Never written.
    pub zero: Word,
    /// Whether `x == x` for every key: false where a key may be NaN.
    pub reflexive: bool,
}

/// How keys are hashed and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// An integer, boolean, pointer or channel of so many bytes.
    Int(u8),
    Str,
    /// Anything else, through its type.
    Mem,
}

/// How two values in memory are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Equality {
    /// All bytes are equal.
    Bytes,
    Str,
    Iface,
    F32,
    F64,
    C64,
    C128,
    /// Element by element.
    Array,
    /// Field by field, blank ones left out.
    Struct,
    /// `==` is not defined.
    Never,
}

/// A type descriptor.
#[repr(C)]
#[derive(Debug)]
pub struct RtType {
    /// Bytes of a value.
    pub size: u64,
    /// Where a value holds pointers.
    pub layout: &'static Layout,
    /// Index in the module.
    pub id: u32,
    pub align: u32,
    /// The allocation bin of `new(T)`; [`NO_BIN`] for what has no size or is large.
    pub bin: u32,
    pub kind: Kind,
    /// Whether `==` is defined on it (it may panic on interfaces).
    pub comparable: bool,
    /// Whether an interface's data word is the value itself.
    pub inline: bool,
    pub equality: Equality,
    /// Element of an array, slice, pointer, channel or map.
    pub elem: Option<Ty>,
    /// Key of a map.
    pub key: Option<Ty>,
    /// Length of an array.
    pub len: u64,
    /// As `%T` prints it.
    pub name: String,
    /// For a defined type: its package path, else empty.
    pub pkg: String,
    /// For a defined type: its bare name, else empty.
    pub defined: String,
    pub fields: Vec<RtField>,
    pub params: Vec<Ty>,
    pub results: Vec<Ty>,
    pub variadic: bool,
    /// Of a channel or port type.
    pub chan_dir: ChanDir,
    /// For Vo's handles, which have the kind of an opaque pointer.
    pub handle: Option<Handle>,
    /// How values of the type cross to another island; made when the first one does.
    pub(crate) plan: std::sync::OnceLock<crate::transfer::Plan>,
    /// For an interface: its selectors, sorted by name.
    pub selectors: Vec<u32>,
    /// Method set, sorted by selector.
    pub methods: Vec<RtMethod>,
    /// Leaf registers of a value; `None` for memory types.
    pub leaves: Option<Vec<Leaf>>,
    /// For a map type.
    pub map: Option<MapShape>,
    /// The pointer type to this one, where the program has it.
    pub pointer_to: Option<Ty>,
    /// The slice type of this one, where the program has it.
    pub slice_of: Option<Ty>,
    method_table: MethodTable,
    implements: [AtomicU64; IMPL_CACHE],
}

/// What a value of one of Vo's own types leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handle {
    /// `port T`, `port<- T`, `<-port T`
    Port,
    /// `island`
    Island,
}

/// Stands for no allocation bin.
pub const NO_BIN: u32 = u32::MAX;

/// Answers that a type remembers about interfaces it was asked for.
const IMPL_CACHE: usize = 4;

impl RtType {
    /// The function of a method, found by selector; `None` where the type has no such method or its
    /// code was left out.
    #[inline]
    pub fn method(&self, selector: u32) -> Option<u32> {
        self.method_table.find(selector).filter(|&func| func != NO_FUNC)
    }

    /// Whether the type's method set has a selector.
    #[inline]
    pub fn has_method(&self, selector: u32) -> bool {
        self.method_table.find(selector).is_some()
    }

    /// The element type of an array, slice, pointer, channel or map.
    #[inline(always)]
    pub fn elem_type(&self) -> Ty {
        self.elem.expect("internal error: a type without element")
    }

    /// How a map of this type keeps its entries.
    #[inline(always)]
    pub fn map_shape(&self) -> &MapShape {
        self.map.as_ref().expect("internal error: not a map type")
    }

    /// Whether values hold no pointers.
    #[inline(always)]
    pub fn is_noscan(&self) -> bool {
        self.layout.is_noscan()
    }

    /// Whether a value of the type implements an interface type.
    #[inline]
    pub fn implements(&self, iface: Ty) -> bool {
        let entry = &self.implements[iface.id as usize % IMPL_CACHE];
        let cached = entry.load(Relaxed);
        if cached >> 1 == iface.id as u64 + 1 {
            return cached & 1 != 0;
        }
        let answer = iface.selectors.iter().all(|&s| self.has_method(s));
        // A lost or stale entry only costs the search again.
        entry.store((iface.id as u64 + 1) << 1 | answer as u64, Relaxed);
        answer
    }
}

/// Methods hashed by selector: open addressing, never changed.
#[derive(Debug, Default)]
struct MethodTable {
    /// `selector << 32 | func`, or all ones; a power of two of them, or none.
    slots: Box<[u64]>,
}

const NO_METHOD: u64 = u64::MAX;

impl MethodTable {
    fn new(methods: &[RtMethod]) -> MethodTable {
        if methods.is_empty() {
            return MethodTable::default();
        }
        let mut slots = vec![NO_METHOD; (methods.len() * 2).next_power_of_two()].into_boxed_slice();
        let mask = slots.len() - 1;
        for method in methods {
            let mut i = Self::start(method.selector) & mask;
            while slots[i] != NO_METHOD {
                i = (i + 1) & mask;
            }
            slots[i] = (method.selector as u64) << 32 | method.func as u64;
        }
        MethodTable { slots }
    }

    fn start(selector: u32) -> usize {
        (selector.wrapping_mul(0x9E37_79B1) >> 7) as usize
    }

    #[inline]
    fn find(&self, selector: u32) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut i = Self::start(selector) & mask;
        loop {
            let slot = self.slots[i];
            if slot == NO_METHOD {
                return None;
            }
            if slot >> 32 == selector as u64 {
                return Some(slot as u32);
            }
            i = (i + 1) & mask;
        }
    }
}

/// A method as interfaces see it.
#[derive(Clone, Debug)]
pub struct RtSelector {
    pub name: String,
    /// Package path of an unexported name, else empty.
    pub pkg: String,
    /// The signature without receiver.
    pub ty: Option<Ty>,
}

/// Types of values that the machine makes; `None` where the program has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    pub bool_: Option<Ty>,
    pub int: Option<Ty>,
    pub uint8: Option<Ty>,
    pub int32: Option<Ty>,
    pub string: Option<Ty>,
    pub any: Option<Ty>,
    pub error: Option<Ty>,
    pub slice_any: Option<Ty>,
    pub runtime_error: Option<Ty>,
    pub type_assertion_error: Option<Ty>,
    pub type_assertion_error_ptr: Option<Ty>,
    pub panic_nil_error: Option<Ty>,
    pub panic_nil_error_ptr: Option<Ty>,
}

/// All types of a program, shared by its islands.
pub struct LoadedTypes {
    types: Vec<Ty>,
    pub selectors: Vec<RtSelector>,
    pub known: Known,
    pub layouts: Layouts,
}

impl LoadedTypes {
    /// The type with this index in the module.
    #[inline(always)]
    pub fn get(&self, id: u32) -> Ty {
        self.types[id as usize]
    }

    /// All types in the order of the module.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Ty> + '_ {
        self.types.iter().copied()
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// The first selector of `iface`, by name, that `ty` has no method for.
    pub fn missing_method(&self, ty: Ty, iface: Ty) -> Option<u32> {
        iface.selectors.iter().copied().find(|&s| !ty.has_method(s))
    }
}

/// Address of what has no size: a distinct, readable, immortal place.
#[inline(always)]
pub fn zero_base() -> Word {
    static ZERO_BASE: u64 = 0;
    &raw const ZERO_BASE as Word
}
