//! Types: what they are and where they are kept.
//!
//! The idea: all types of a program live in one append-only arena, [`Types`], and are named by a
//! copyable [`TypeId`]. A type written in source keeps what messages and positions need
//! (parameter names, aliases, field positions); *identity* is a second, canonical form that is
//! computed on demand and cached, so that comparing two types is comparing two numbers
//! ([`crate::World::identical`]).
//!
//! What must stay true: an id, once handed out, never changes its meaning; only the parts of a
//! named type that its declaration has not reached yet are filled in later. Identifiers of
//! predeclared types are constants of [`TypeId`].

mod canon;
mod instance;
mod lookup;
mod memo;
mod predicates;
mod sizes;
mod string;
mod subst;
mod typeset;

use std::cell::{Cell, OnceCell, RefCell};

use elsa::FrozenVec;
use rustc_hash::FxHashMap;
use vo_syntax::source::Pos;
use vo_syntax::symbol::Symbol;

use crate::object::ObjId;
use crate::package::PkgId;

pub(crate) use canon::CanonKey;
pub use lookup::{Found, FoundKind, Lookup, MethodSetEntry};
pub(crate) use memo::Memo;
pub use predicates::{MissingMethod, MissingReason};
pub use sizes::{Layout, PTR_SIZE};
pub use string::{Qualifier, Style};
pub use subst::Subst;
pub(crate) use typeset::MAX_TERMS;
pub use typeset::TypeSet;

/// A type of the program. Two ids may stand for identical types; ask
/// [`crate::World::identical`], or compare [`crate::World::canonical`] ids.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TypeId(pub u32);

/// The predeclared basic types and the types of untyped constants.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub enum Basic {
    Invalid,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    String,
    UnsafePointer,
    UntypedBool,
    UntypedInt,
    UntypedRune,
    UntypedFloat,
    UntypedComplex,
    UntypedString,
    UntypedNil,
}

impl Basic {
    /// All basic types; the id of the type is its place here.
    pub const ALL: [Basic; 26] = [
        Basic::Invalid,
        Basic::Bool,
        Basic::Int,
        Basic::Int8,
        Basic::Int16,
        Basic::Int32,
        Basic::Int64,
        Basic::Uint,
        Basic::Uint8,
        Basic::Uint16,
        Basic::Uint32,
        Basic::Uint64,
        Basic::Uintptr,
        Basic::Float32,
        Basic::Float64,
        Basic::Complex64,
        Basic::Complex128,
        Basic::String,
        Basic::UnsafePointer,
        Basic::UntypedBool,
        Basic::UntypedInt,
        Basic::UntypedRune,
        Basic::UntypedFloat,
        Basic::UntypedComplex,
        Basic::UntypedString,
        Basic::UntypedNil,
    ];

    /// The name of the type as messages show it.
    pub fn name(self) -> &'static str {
        match self {
            Basic::Invalid => "invalid type",
            Basic::Bool => "bool",
            Basic::Int => "int",
            Basic::Int8 => "int8",
            Basic::Int16 => "int16",
            Basic::Int32 => "int32",
            Basic::Int64 => "int64",
            Basic::Uint => "uint",
            Basic::Uint8 => "uint8",
            Basic::Uint16 => "uint16",
            Basic::Uint32 => "uint32",
            Basic::Uint64 => "uint64",
            Basic::Uintptr => "uintptr",
            Basic::Float32 => "float32",
            Basic::Float64 => "float64",
            Basic::Complex64 => "complex64",
            Basic::Complex128 => "complex128",
            Basic::String => "string",
            Basic::UnsafePointer => "unsafe.Pointer",
            Basic::UntypedBool => "untyped bool",
            Basic::UntypedInt => "untyped int",
            Basic::UntypedRune => "untyped rune",
            Basic::UntypedFloat => "untyped float",
            Basic::UntypedComplex => "untyped complex",
            Basic::UntypedString => "untyped string",
            Basic::UntypedNil => "untyped nil",
        }
    }

    /// Boolean, typed or not.
    pub fn is_boolean(self) -> bool {
        matches!(self, Basic::Bool | Basic::UntypedBool)
    }

    /// String, typed or not.
    pub fn is_string(self) -> bool {
        matches!(self, Basic::String | Basic::UntypedString)
    }

    /// Integer, typed or not.
    pub fn is_integer(self) -> bool {
        (Basic::Int..=Basic::Uintptr).contains(&self)
            || matches!(self, Basic::UntypedInt | Basic::UntypedRune)
    }

    /// Unsigned integer.
    pub fn is_unsigned(self) -> bool {
        (Basic::Uint..=Basic::Uintptr).contains(&self)
    }

    /// Floating point, typed or not.
    pub fn is_float(self) -> bool {
        matches!(self, Basic::Float32 | Basic::Float64 | Basic::UntypedFloat)
    }

    /// Complex, typed or not.
    pub fn is_complex(self) -> bool {
        matches!(self, Basic::Complex64 | Basic::Complex128 | Basic::UntypedComplex)
    }

    /// Integer, floating point or complex.
    pub fn is_numeric(self) -> bool {
        self.is_integer() || self.is_float() || self.is_complex()
    }

    /// Number or string.
    pub fn is_ordered(self) -> bool {
        self.is_integer() || self.is_float() || self.is_string()
    }

    /// Boolean, number or string.
    pub fn is_const_type(self) -> bool {
        self.is_boolean() || self.is_numeric() || self.is_string()
    }

    /// One of the untyped kinds (`nil` included).
    pub fn is_untyped(self) -> bool {
        self >= Basic::UntypedBool
    }

    /// Width in bits of an integer type (64 for `int`, `uint`, `uintptr`).
    pub fn int_bits(self) -> Option<u32> {
        Some(match self {
            Basic::Int8 | Basic::Uint8 => 8,
            Basic::Int16 | Basic::Uint16 => 16,
            Basic::Int32 | Basic::Uint32 => 32,
            Basic::Int | Basic::Int64 | Basic::Uint | Basic::Uint64 | Basic::Uintptr => 64,
            _ => return None,
        })
    }
}

/// How deeply defined types may contain each other, so that walks over types fit the stack.
pub(crate) const MAX_NESTING: u32 = 1000;

impl TypeId {
    /// The type of expressions with errors.
    pub const INVALID: TypeId = TypeId(Basic::Invalid as u32);
    #[allow(missing_docs)]
    pub const BOOL: TypeId = TypeId(Basic::Bool as u32);
    #[allow(missing_docs)]
    pub const INT: TypeId = TypeId(Basic::Int as u32);
    #[allow(missing_docs)]
    pub const INT32: TypeId = TypeId(Basic::Int32 as u32);
    #[allow(missing_docs)]
    pub const INT64: TypeId = TypeId(Basic::Int64 as u32);
    #[allow(missing_docs)]
    pub const UINT: TypeId = TypeId(Basic::Uint as u32);
    #[allow(missing_docs)]
    pub const UINT8: TypeId = TypeId(Basic::Uint8 as u32);
    #[allow(missing_docs)]
    pub const UINTPTR: TypeId = TypeId(Basic::Uintptr as u32);
    #[allow(missing_docs)]
    pub const FLOAT32: TypeId = TypeId(Basic::Float32 as u32);
    #[allow(missing_docs)]
    pub const FLOAT64: TypeId = TypeId(Basic::Float64 as u32);
    #[allow(missing_docs)]
    pub const COMPLEX64: TypeId = TypeId(Basic::Complex64 as u32);
    #[allow(missing_docs)]
    pub const COMPLEX128: TypeId = TypeId(Basic::Complex128 as u32);
    #[allow(missing_docs)]
    pub const STRING: TypeId = TypeId(Basic::String as u32);
    #[allow(missing_docs)]
    pub const UNSAFE_POINTER: TypeId = TypeId(Basic::UnsafePointer as u32);
    #[allow(missing_docs)]
    pub const UNTYPED_BOOL: TypeId = TypeId(Basic::UntypedBool as u32);
    #[allow(missing_docs)]
    pub const UNTYPED_INT: TypeId = TypeId(Basic::UntypedInt as u32);
    #[allow(missing_docs)]
    pub const UNTYPED_RUNE: TypeId = TypeId(Basic::UntypedRune as u32);
    #[allow(missing_docs)]
    pub const UNTYPED_FLOAT: TypeId = TypeId(Basic::UntypedFloat as u32);
    #[allow(missing_docs)]
    pub const UNTYPED_COMPLEX: TypeId = TypeId(Basic::UntypedComplex as u32);
    #[allow(missing_docs)]
    pub const UNTYPED_STRING: TypeId = TypeId(Basic::UntypedString as u32);
    /// The type of `nil`.
    pub const UNTYPED_NIL: TypeId = TypeId(Basic::UntypedNil as u32);
    /// `uint8` under its other name; identical to [`TypeId::UINT8`].
    pub const BYTE: TypeId = TypeId(26);
    /// `int32` under its other name; identical to [`TypeId::INT32`].
    pub const RUNE: TypeId = TypeId(27);
    /// The literal type `interface{}`.
    pub const EMPTY_INTERFACE: TypeId = TypeId(28);
    /// The alias `any`.
    pub const ANY: TypeId = TypeId(29);
    /// The named type `error`.
    pub const ERROR: TypeId = TypeId(30);
    /// The constraint `comparable`.
    pub const COMPARABLE: TypeId = TypeId(31);
    /// The empty tuple: results of a function without results.
    pub const EMPTY_TUPLE: TypeId = TypeId(32);
    /// Vo's `island`.
    pub const ISLAND: TypeId = TypeId(33);
    /// Not a type: "not determined yet". Never returned by public functions of a checked program.
    pub const NONE: TypeId = TypeId(u32::MAX);

    /// Whether this is [`TypeId::INVALID`] itself.
    pub fn is_invalid(self) -> bool {
        self == TypeId::INVALID
    }
}

/// Which way values go through a channel or port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dir {
    /// `chan T`
    Both,
    /// `chan<- T`
    Send,
    /// `<-chan T`
    Recv,
}

/// A type.
#[derive(Debug)]
pub enum Type {
    /// A predeclared basic type, `unsafe.Pointer`, or an untyped kind.
    Basic(Basic),
    /// A defined type, or an instance of a generic one.
    Named(Named),
    /// `*T`
    Pointer(TypeId),
    /// `[]T`
    Slice(TypeId),
    /// `[len]T`; the length is -1 after an error.
    Array {
        /// Number of elements.
        len: i64,
        /// Element type.
        elem: TypeId,
    },
    /// `map[K]V`
    Map {
        /// Key type.
        key: TypeId,
        /// Value type.
        value: TypeId,
    },
    /// A channel.
    Chan {
        /// Direction.
        dir: Dir,
        /// Element type.
        elem: TypeId,
    },
    /// A struct type.
    Struct(Struct),
    /// A function type.
    Signature(Signature),
    /// An interface type.
    Interface(Interface),
    /// The types of several values (results of a call).
    Tuple(Box<[TypeId]>),
    /// A type parameter.
    TypeParam(TypeParam),
    /// `~A | B`, in constraints only.
    Union(Box<[Term]>),
    /// An alias declaration's name for another type.
    Alias(Alias),
    /// Vo's `island` handle.
    Island,
    /// Vo's `port T`.
    Port {
        /// Direction (`Send` is `port<- T`).
        dir: Dir,
        /// Element type.
        elem: TypeId,
    },
}

/// A defined type. `type T struct{…}` makes an *origin*; `T[int]` an instance of one.
#[derive(Debug)]
pub struct Named {
    /// The type's name object (the origin's, for an instance).
    pub obj: ObjId,
    /// The generic type this is an instance of.
    pub origin: Option<TypeId>,
    /// Type arguments of an instance. Of a type declared in a generic function there is one type for each
    /// instance of the function: its arguments begin with those for [`Named::outer`].
    pub targs: Box<[TypeId]>,
    /// Type parameters of an origin; set once its declaration has been reached.
    pub(crate) tparams: OnceCell<Box<[TypeId]>>,
    /// Type parameters of the function around the declaration of an origin.
    pub(crate) outer: OnceCell<Box<[TypeId]>>,
    /// The underlying type, or `NONE` as long as it is not known.
    pub(crate) underlying: Cell<TypeId>,
    /// What the declaration's right-hand side denotes (may itself be named), for cycle reports.
    pub(crate) rhs: Cell<TypeId>,
    /// Methods declared with this type as receiver base, in source order (origins only).
    pub(crate) methods: RefCell<Vec<ObjId>>,
    /// The same by name.
    pub(crate) methods_by_name: RefCell<FxHashMap<Symbol, ObjId>>,
    /// Instance whose expansion is going on.
    pub(crate) expanding: Cell<bool>,
    /// How deeply the type nests, once it is known not to contain itself; 0 before.
    pub(crate) nesting: Cell<u32>,
}

/// An alias.
#[derive(Debug)]
pub struct Alias {
    /// The alias's name object.
    pub obj: ObjId,
    /// The aliased type, or `NONE` as long as it is not known.
    pub(crate) target: Cell<TypeId>,
    /// Type parameters of a generic alias.
    pub(crate) tparams: OnceCell<Box<[TypeId]>>,
    /// The generic alias this is an instance of.
    pub origin: Option<TypeId>,
    /// Type arguments of an instance.
    pub targs: Box<[TypeId]>,
}

/// A field of a struct.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Field name (the type's name for an embedded field).
    pub name: Symbol,
    /// Field type.
    pub ty: TypeId,
    /// Whether the field is embedded.
    pub embedded: bool,
    /// The tag, unquoted; empty for none.
    pub tag: Symbol,
    /// The declaring package: unexported names of different packages differ.
    pub pkg: Option<PkgId>,
    /// Where the field is declared.
    pub pos: Pos,
}

/// A struct type.
#[derive(Debug)]
pub struct Struct {
    /// The fields in source order.
    pub fields: Box<[Field]>,
}

/// A parameter or result.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// The name; empty when there is none.
    pub name: Symbol,
    /// The type; for the final parameter of a variadic function the slice type.
    pub ty: TypeId,
    /// Where it is declared.
    pub pos: Pos,
}

/// A function type.
#[derive(Debug)]
pub struct Signature {
    /// Type parameters of a generic function.
    pub tparams: Box<[TypeId]>,
    /// Parameters.
    pub params: Box<[Param]>,
    /// Results.
    pub results: Box<[Param]>,
    /// Whether the last parameter is `...T`.
    pub variadic: bool,
}

/// A method that an interface type writes out.
#[derive(Clone, Copy, Debug)]
pub struct IMethod {
    /// Method name.
    pub name: Symbol,
    /// The declaring package.
    pub pkg: Option<PkgId>,
    /// The signature's type.
    pub sig: TypeId,
    /// Where it is declared.
    pub pos: Pos,
}

/// An interface type as written; its meaning is its [`TypeSet`].
#[derive(Debug)]
pub struct Interface {
    /// Methods written out, in source order.
    pub methods: Box<[IMethod]>,
    /// Embedded interfaces, unions and other constraint elements, with their positions.
    pub embeds: Box<[(TypeId, Pos)]>,
    /// An interface that stands for a constraint literal such as `~int` without `interface{…}`.
    pub implicit: bool,
    /// The type set, once it is computed.
    pub(crate) tset: OnceCell<TypeSet>,
    /// Whether the type set is being computed (for cycles).
    pub(crate) computing: Cell<bool>,
}

/// A type parameter.
#[derive(Debug)]
pub struct TypeParam {
    /// Its name object.
    pub obj: ObjId,
    /// Place in the parameter list.
    pub index: usize,
    /// The constraint as written, or `NONE` as long as it is not known.
    pub(crate) bound: Cell<TypeId>,
    /// The constraint wrapped as an interface.
    pub(crate) iface: Cell<TypeId>,
}

/// A term of a union.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// Whether `~` stands before the type.
    pub tilde: bool,
    /// The type.
    pub ty: TypeId,
}

/// The arena of all types. All methods take `&self`: the arena only grows.
pub struct Types {
    arena: FrozenVec<Box<Type>>,
    /// Canonical id per type, `NONE` where it has not been asked for.
    canon: RefCell<Vec<TypeId>>,
    /// Simple composite types as written, so that `[]int` is made once.
    made: RefCell<FxHashMap<MadeKey, TypeId>>,
    pub(crate) canon_keys: RefCell<FxHashMap<CanonKey, TypeId>>,
    pub(crate) canon_busy: RefCell<Vec<TypeId>>,
    pub(crate) canon_unsure: Cell<bool>,
    /// Names of results, for tuples that have them.
    pub(crate) tuple_names: RefCell<FxHashMap<TypeId, Vec<Symbol>>>,
}

#[derive(PartialEq, Eq, Hash)]
enum MadeKey {
    Pointer(TypeId),
    Slice(TypeId),
    Array(i64, TypeId),
    Map(TypeId, TypeId),
    Chan(Dir, TypeId),
    Port(Dir, TypeId),
    Tuple(Box<[TypeId]>),
    Instance(TypeId, Box<[TypeId]>),
}

impl Types {
    /// An arena without any type; the universe fills in the predeclared ones.
    pub(crate) fn new() -> Types {
        Types {
            arena: FrozenVec::new(),
            canon: RefCell::default(),
            made: RefCell::default(),
            canon_keys: RefCell::default(),
            canon_busy: RefCell::default(),
            canon_unsure: Cell::new(false),
            tuple_names: RefCell::default(),
        }
    }

    /// Adds a type as a new id.
    pub(crate) fn add(&self, ty: Type) -> TypeId {
        let id = TypeId(self.arena.len() as u32);
        self.arena.push(Box::new(ty));
        self.canon.borrow_mut().push(TypeId::NONE);
        id
    }

    /// The type as written: an alias appears as [`Type::Alias`].
    pub fn raw(&self, id: TypeId) -> &Type {
        match self.arena.get(id.0 as usize) {
            Some(ty) => ty,
            None => panic!("internal error: no type {id:?}"),
        }
    }

    /// The type with aliases resolved: never [`Type::Alias`] once declarations are checked.
    pub fn get(&self, id: TypeId) -> &Type {
        self.raw(self.unalias(id))
    }

    /// The type that an alias (of an alias…) stands for; other types are themselves.
    pub fn unalias(&self, id: TypeId) -> TypeId {
        let mut id = id;
        loop {
            match self.raw(id) {
                Type::Alias(a) => match a.target.get() {
                    TypeId::NONE => return TypeId::INVALID,
                    target => id = target,
                },
                _ => return id,
            }
        }
    }

    /// How many types there are; ids are smaller than this.
    pub fn len(&self) -> usize {
        self.arena.len()
    }

    /// Whether there is no type at all (never so in a world).
    pub fn is_empty(&self) -> bool {
        self.arena.len() == 0
    }

    pub(crate) fn cached_canon(&self, id: TypeId) -> Option<TypeId> {
        let canon = self.canon.borrow()[id.0 as usize];
        (canon != TypeId::NONE).then_some(canon)
    }

    pub(crate) fn set_canon(&self, id: TypeId, canon: TypeId) {
        self.canon.borrow_mut()[id.0 as usize] = canon;
    }

    fn made(&self, key: MadeKey, ty: impl FnOnce() -> Type) -> TypeId {
        if let Some(&id) = self.made.borrow().get(&key) {
            return id;
        }
        let id = self.add(ty());
        self.made.borrow_mut().insert(key, id);
        id
    }

    /// `*elem`
    pub fn pointer(&self, elem: TypeId) -> TypeId {
        self.made(MadeKey::Pointer(elem), || Type::Pointer(elem))
    }

    /// `[]elem`
    pub fn slice(&self, elem: TypeId) -> TypeId {
        self.made(MadeKey::Slice(elem), || Type::Slice(elem))
    }

    /// `[len]elem`
    pub fn array(&self, len: i64, elem: TypeId) -> TypeId {
        self.made(MadeKey::Array(len, elem), || Type::Array { len, elem })
    }

    /// `map[key]value`
    pub fn map(&self, key: TypeId, value: TypeId) -> TypeId {
        self.made(MadeKey::Map(key, value), || Type::Map { key, value })
    }

    /// A channel type.
    pub fn chan(&self, dir: Dir, elem: TypeId) -> TypeId {
        self.made(MadeKey::Chan(dir, elem), || Type::Chan { dir, elem })
    }

    /// A port type.
    pub fn port(&self, dir: Dir, elem: TypeId) -> TypeId {
        self.made(MadeKey::Port(dir, elem), || Type::Port { dir, elem })
    }

    /// The type of several values.
    pub fn tuple(&self, elems: &[TypeId]) -> TypeId {
        self.made(MadeKey::Tuple(elems.into()), || Type::Tuple(elems.into()))
    }

    /// The type of a call's several results, which messages show with their names.
    pub(crate) fn results_tuple(&self, results: &[Param]) -> TypeId {
        let elems: Vec<TypeId> = results.iter().map(|p| p.ty).collect();
        if results.iter().all(|p| p.name.is_empty()) {
            return self.tuple(&elems);
        }
        let id = self.add(Type::Tuple(elems.into()));
        self.tuple_names.borrow_mut().insert(id, results.iter().map(|p| p.name).collect());
        id
    }

    /// A new struct type.
    pub fn new_struct(&self, fields: Vec<Field>) -> TypeId {
        self.add(Type::Struct(Struct { fields: fields.into() }))
    }

    /// A new function type.
    pub fn new_signature(
        &self,
        tparams: Vec<TypeId>,
        params: Vec<Param>,
        results: Vec<Param>,
        variadic: bool,
    ) -> TypeId {
        let (tparams, params, results) = (tparams.into(), params.into(), results.into());
        self.add(Type::Signature(Signature { tparams, params, results, variadic }))
    }

    /// A function type of unnamed parameters and results.
    pub fn func(&self, params: &[TypeId], results: &[TypeId], variadic: bool) -> TypeId {
        self.new_signature(Vec::new(), unnamed(params), unnamed(results), variadic)
    }

    /// A new interface type.
    pub fn new_interface(&self, methods: Vec<IMethod>, embeds: Vec<(TypeId, Pos)>, implicit: bool) -> TypeId {
        self.add(Type::Interface(Interface {
            methods: methods.into(),
            embeds: embeds.into(),
            implicit,
            tset: OnceCell::new(),
            computing: Cell::new(false),
        }))
    }

    /// A new union of constraint terms.
    pub(crate) fn new_union(&self, terms: Vec<Term>) -> TypeId {
        self.add(Type::Union(terms.into()))
    }

    /// A new defined type whose underlying type is set later.
    pub(crate) fn new_named(&self, obj: ObjId) -> TypeId {
        self.add(Type::Named(named(obj, None, Box::default())))
    }

    /// The instance `origin[targs…]`, expanded when its underlying type is asked for.
    pub(crate) fn instance(&self, origin: TypeId, obj: ObjId, targs: &[TypeId]) -> TypeId {
        let key = MadeKey::Instance(origin, targs.into());
        self.made(key, || Type::Named(named(obj, Some(origin), targs.into())))
    }

    /// A new alias whose target is set later.
    pub(crate) fn new_alias(&self, obj: ObjId) -> TypeId {
        self.alias_to(obj, TypeId::NONE, None, &[])
    }

    /// An instance of a generic alias.
    pub(crate) fn alias_to(
        &self,
        obj: ObjId,
        target: TypeId,
        origin: Option<TypeId>,
        targs: &[TypeId],
    ) -> TypeId {
        let (target, tparams) = (Cell::new(target), OnceCell::new());
        self.add(Type::Alias(Alias { obj, target, tparams, origin, targs: targs.into() }))
    }

    /// A new type parameter whose constraint is set later.
    pub(crate) fn new_type_param(&self, obj: ObjId, index: usize) -> TypeId {
        let (bound, iface) = (Cell::new(TypeId::NONE), Cell::new(TypeId::NONE));
        self.add(Type::TypeParam(TypeParam { obj, index, bound, iface }))
    }

    /// The defined type behind an id (aliases resolved).
    pub fn as_named(&self, id: TypeId) -> Option<&Named> {
        match self.get(id) {
            Type::Named(n) => Some(n),
            _ => None,
        }
    }

    /// The type parameter behind an id (aliases resolved).
    pub fn as_type_param(&self, id: TypeId) -> Option<&TypeParam> {
        match self.get(id) {
            Type::TypeParam(p) => Some(p),
            _ => None,
        }
    }

    /// The base type of a pointer *type literal* (not of a defined pointer type).
    pub fn as_pointer(&self, id: TypeId) -> Option<TypeId> {
        match self.get(id) {
            Type::Pointer(elem) => Some(*elem),
            _ => None,
        }
    }

    /// The signature behind an id that is one (aliases resolved).
    pub fn as_signature(&self, id: TypeId) -> Option<&Signature> {
        match self.get(id) {
            Type::Signature(s) => Some(s),
            _ => None,
        }
    }

    /// The element types of a tuple; a single type otherwise.
    pub fn tuple_elems(&self, id: TypeId) -> Vec<TypeId> {
        match self.get(id) {
            Type::Tuple(elems) => elems.to_vec(),
            _ => vec![id],
        }
    }
}

fn named(obj: ObjId, origin: Option<TypeId>, targs: Box<[TypeId]>) -> Named {
    Named {
        obj,
        origin,
        targs,
        tparams: OnceCell::new(),
        outer: OnceCell::new(),
        underlying: Cell::new(TypeId::NONE),
        rhs: Cell::new(TypeId::NONE),
        methods: RefCell::default(),
        methods_by_name: RefCell::default(),
        expanding: Cell::new(false),
        nesting: Cell::new(0),
    }
}

fn unnamed(types: &[TypeId]) -> Vec<Param> {
    let name = Symbol::intern("");
    types.iter().map(|&ty| Param { name, ty, pos: Pos::NONE }).collect()
}

impl Named {
    /// Whether this is a generic type that has not been instantiated.
    pub fn is_generic(&self) -> bool {
        self.origin.is_none() && self.tparams.get().is_some_and(|t| !t.is_empty())
    }

    /// The type parameters of an origin (empty for a type that is not generic).
    pub fn tparams(&self) -> &[TypeId] {
        self.tparams.get().map_or(&[], |t| t)
    }

    /// Type parameters of the generic function that an origin is declared in.
    pub fn outer(&self) -> &[TypeId] {
        self.outer.get().map_or(&[], |t| t)
    }
}

impl Alias {
    /// The type parameters of a generic alias.
    pub fn tparams(&self) -> &[TypeId] {
        self.tparams.get().map_or(&[], |t| t)
    }
}
