//! The universe: predeclared types, constants, functions, and package `unsafe`.

use vo_syntax::source::Pos;
use vo_syntax::symbol::Symbol;

use crate::World;
use crate::constant::Constant;
use crate::object::{Object, ObjectKind};
use crate::package::{PackageMode, PkgId};
use crate::scope::ScopeId;
use crate::types::{Basic, IMethod, Type, TypeId, TypeSet};

macro_rules! builtins {
    ($($(#[$doc:meta])* $name:ident $text:literal $nargs:literal $variadic:literal $kind:ident;)*) => {
        /// A predeclared function.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Builtin { $($(#[$doc])* $name),* }

        impl Builtin {
            /// All of them.
            pub const ALL: &'static [Builtin] = &[$(Builtin::$name),*];

            /// The name, without `unsafe.`.
            pub fn name(self) -> &'static str {
                match self { $(Builtin::$name => $text),* }
            }

            /// The least number of arguments.
            pub(crate) fn min_args(self) -> usize {
                match self { $(Builtin::$name => $nargs),* }
            }

            /// Whether more arguments than the least number may be given.
            pub(crate) fn is_variadic(self) -> bool {
                match self { $(Builtin::$name => $variadic),* }
            }

            /// What a call of it is as a statement.
            pub(crate) fn use_kind(self) -> UseKind {
                match self { $(Builtin::$name => UseKind::$kind),* }
            }
        }
    };
}

/// Whether a call may stand as a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum UseKind {
    /// A type conversion.
    Conversion,
    /// Its value must be used.
    Expression,
    /// It may be a statement.
    Statement,
}

builtins! {
    /// `append`
    Append "append" 1 true Expression;
    /// `cap`
    Cap "cap" 1 false Expression;
    /// `clear`
    Clear "clear" 1 false Statement;
    /// `close`
    Close "close" 1 false Statement;
    /// `complex`
    Complex "complex" 2 false Expression;
    /// `copy`
    Copy "copy" 2 false Statement;
    /// `delete`
    Delete "delete" 2 false Statement;
    /// `imag`
    Imag "imag" 1 false Expression;
    /// `len`
    Len "len" 1 false Expression;
    /// `make`
    Make "make" 1 true Expression;
    /// `max`
    Max "max" 1 true Expression;
    /// `min`
    Min "min" 1 true Expression;
    /// `new`
    New "new" 1 false Expression;
    /// `panic`
    Panic "panic" 1 false Statement;
    /// `print`
    Print "print" 0 true Statement;
    /// `println`
    Println "println" 0 true Statement;
    /// `real`
    Real "real" 1 false Expression;
    /// `recover`
    Recover "recover" 0 false Statement;
    /// Vo's `assert`
    Assert "assert" 1 true Statement;
    /// `unsafe.Add`
    UnsafeAdd "Add" 2 false Expression;
    /// `unsafe.Alignof`
    Alignof "Alignof" 1 false Expression;
    /// `unsafe.Offsetof`
    Offsetof "Offsetof" 1 false Expression;
    /// `unsafe.Sizeof`
    Sizeof "Sizeof" 1 false Expression;
    /// `unsafe.Slice`
    UnsafeSlice "Slice" 2 false Expression;
    /// `unsafe.SliceData`
    SliceData "SliceData" 1 false Expression;
    /// `unsafe.String`
    UnsafeString "String" 2 false Expression;
    /// `unsafe.StringData`
    StringData "StringData" 1 false Expression;
}

impl Builtin {
    /// Whether it is a member of package `unsafe`.
    pub fn is_unsafe(self) -> bool {
        self as u8 >= Builtin::UnsafeAdd as u8
    }
}

/// Fills a new world with everything predeclared. The scope of Go files is made first and gets
/// id 0; the scope of Vo files has Vo's own names and then Go's.
pub(crate) fn define(world: &World) {
    define_types(world);
    define_names(world);
    define_unsafe(world);
}

fn define_types(world: &World) {
    let types = &world.types;
    for basic in Basic::ALL {
        types.add(Type::Basic(basic));
    }
    let byte = types.add(Type::Basic(Basic::Uint8));
    let rune = types.add(Type::Basic(Basic::Int32));
    let empty = types.new_interface(Vec::new(), Vec::new(), false);
    let any_obj = type_name(world, "any", TypeId::ANY, true);
    let any = types.alias_to(any_obj, empty, None, &[]);
    let error_obj = type_name(world, "error", TypeId::ERROR, false);
    let error = types.new_named(error_obj);
    let comparable_obj = type_name(world, "comparable", TypeId::COMPARABLE, false);
    let comparable = types.new_named(comparable_obj);
    let unit = types.tuple(&[]);
    let island = types.add(Type::Island);
    debug_assert!(byte == TypeId::BYTE && rune == TypeId::RUNE && any == TypeId::ANY);
    debug_assert!(error == TypeId::ERROR && comparable == TypeId::COMPARABLE);
    debug_assert!(unit == TypeId::EMPTY_TUPLE && island == TypeId::ISLAND);
    let sig = types.func(&[], &[TypeId::STRING], false);
    let method = IMethod { name: Symbol::intern("Error"), pkg: None, sig, pos: Pos::NONE };
    set_underlying(world, error, types.new_interface(vec![method], Vec::new(), false));
    let marker = types.new_interface(Vec::new(), Vec::new(), false);
    if let Type::Interface(i) = types.raw(marker) {
        let _ = i.tset.set(TypeSet { comparable: true, ..TypeSet::default() });
    }
    set_underlying(world, comparable, marker);
}

fn set_underlying(world: &World, named: TypeId, underlying: TypeId) {
    if let Type::Named(n) = world.types.raw(named) {
        n.underlying.set(underlying);
        n.rhs.set(underlying);
        let _ = n.tparams.set(Box::default());
    }
}

fn type_name(world: &World, name: &str, ty: TypeId, alias: bool) -> crate::object::ObjId {
    let kind = ObjectKind::TypeName { alias };
    world.add_object(Object::new(kind, Symbol::intern(name), None, Pos::NONE, ty))
}

fn define_names(world: &World) {
    let go = world.new_scope(None, false);
    debug_assert!(go == ScopeId(0));
    let declare = |name: &str, kind: ObjectKind, ty: TypeId| {
        let obj = Object::new(kind, Symbol::intern(name), None, Pos::NONE, ty);
        let id = world.add_object(obj);
        world.declare_raw(go, id);
    };
    for index in Basic::Bool as u32..=Basic::String as u32 {
        let name = Basic::ALL[index as usize].name();
        declare(name, ObjectKind::TypeName { alias: false }, TypeId(index));
    }
    declare("byte", ObjectKind::TypeName { alias: true }, TypeId::BYTE);
    declare("rune", ObjectKind::TypeName { alias: true }, TypeId::RUNE);
    for ty in [TypeId::ANY, TypeId::ERROR, TypeId::COMPARABLE] {
        let obj = match world.types.raw(ty) {
            Type::Alias(a) => a.obj,
            Type::Named(n) => n.obj,
            _ => continue,
        };
        world.declare_raw(go, obj);
    }
    for (name, value) in [("true", true), ("false", false)] {
        let value = std::cell::OnceCell::from(Constant::Bool(value));
        declare(name, ObjectKind::Const { value }, TypeId::UNTYPED_BOOL);
    }
    let iota = std::cell::OnceCell::from(Constant::Int(0));
    declare("iota", ObjectKind::Const { value: iota }, TypeId::UNTYPED_INT);
    declare("nil", ObjectKind::Nil, TypeId::UNTYPED_NIL);
    for &builtin in Builtin::ALL {
        if !builtin.is_unsafe() && builtin != Builtin::Assert {
            declare(builtin.name(), ObjectKind::Builtin(builtin), TypeId::INVALID);
        }
    }
    let vo = world.new_scope(Some(go), false);
    debug_assert!(vo == ScopeId(1));
    let kind = ObjectKind::Builtin(Builtin::Assert);
    let obj = Object::new(kind, Symbol::intern("assert"), None, Pos::NONE, TypeId::INVALID);
    let id = world.add_object(obj);
    world.declare_raw(vo, id);
}

fn define_unsafe(world: &World) {
    let scope = world.new_scope(Some(ScopeId(0)), false);
    let pkg = world.add_package("unsafe", Symbol::intern("unsafe"), "", scope, PackageMode::Full, Vec::new());
    debug_assert!(pkg == PkgId(0));
    let name = Symbol::intern("Pointer");
    let kind = ObjectKind::TypeName { alias: false };
    let pointer = Object::new(kind, name, Some(pkg), Pos::NONE, TypeId::UNSAFE_POINTER);
    let id = world.add_object(pointer);
    world.declare_raw(scope, id);
    for &builtin in Builtin::ALL {
        if builtin.is_unsafe() {
            let name = Symbol::intern(builtin.name());
            let kind = ObjectKind::Builtin(builtin);
            let id = world.add_object(Object::new(kind, name, Some(pkg), Pos::NONE, TypeId::INVALID));
            world.declare_raw(scope, id);
        }
    }
    world.package(pkg).state.collected.set(true);
    world.package(pkg).state.checked.set(true);
}
