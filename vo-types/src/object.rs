//! Declared things: constants, types, variables, functions, packages, labels, built-ins.
//!
//! An [`Object`] is made when its declaration is first seen and filled in when the declaration is
//! checked; what is filled in later sits in cells. Package-level objects remember where their
//! declaration is in the syntax tree ([`DeclRef`]), so that they can be checked when first asked
//! for.

use std::cell::{Cell, OnceCell, RefCell};

use rustc_hash::FxHashSet;
use vo_syntax::ast::NodeId;
use vo_syntax::source::Pos;
use vo_syntax::symbol::Symbol;

use crate::constant::Constant;
use crate::package::PkgId;
use crate::scope::ScopeId;
use crate::types::TypeId;
use crate::universe::Builtin;

/// A declared thing of the program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ObjId(pub u32);

/// How far the checking of an object's declaration has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Color {
    /// Not begun.
    White,
    /// Going on; the object is on the path of declarations being checked.
    Grey,
    /// Done.
    Black,
}

/// What a variable is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VarKind {
    /// Declared at package level.
    Package,
    /// Declared in a function body.
    Local,
    /// A receiver.
    Receiver,
    /// A parameter.
    Param,
    /// A result, named or not.
    Result,
}

/// The function that a local variable belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Owner {
    /// Package level (also function literals are owned by package level initialisers' literals).
    Package,
    /// A declared function or method.
    Func(ObjId),
    /// A function literal, by the node of the literal.
    Literal(NodeId),
}

/// Where a package-level declaration stands in the package's syntax trees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeclRef {
    /// Index of the file in [`crate::World::file`].
    pub file: u32,
    /// Index in the file's declarations.
    pub decl: u32,
    /// Index in the declaration's specs.
    pub spec: u32,
    /// Index of the name in the spec.
    pub name: u32,
}

/// Objects in the order they were first mentioned.
#[derive(Debug, Default)]
pub(crate) struct Deps {
    list: Vec<ObjId>,
    /// The same, once they are many.
    set: FxHashSet<ObjId>,
}

impl Deps {
    /// Up to how many are looked through one by one.
    const FEW: usize = 16;

    /// Adds an object unless it is there.
    pub fn add(&mut self, obj: ObjId) {
        let known =
            if self.list.len() > Self::FEW { self.set.contains(&obj) } else { self.list.contains(&obj) };
        if known {
            return;
        }
        self.list.push(obj);
        if self.list.len() > Self::FEW {
            if self.set.is_empty() {
                self.set.extend(&self.list);
            }
            self.set.insert(obj);
        }
    }

    /// All of them.
    pub fn list(&self) -> &[ObjId] {
        &self.list
    }
}

/// What a package-level declaration needs when it is checked.
#[derive(Debug)]
pub(crate) struct DeclInfo {
    pub at: DeclRef,
    pub file_scope: ScopeId,
    /// Package-level constants, variables and functions that the declaration mentions.
    pub deps: RefCell<Deps>,
    /// Variables of `var a, b = f()`, which are initialised together (empty otherwise).
    pub together: OnceCell<Box<[ObjId]>>,
}

/// What is particular to functions and methods.
#[derive(Debug, Default)]
pub struct FuncInfo {
    /// The receiver's base type name, for methods whose receiver could be resolved.
    pub recv_base: Cell<Option<ObjId>>,
    /// Whether the receiver is a pointer.
    pub ptr_recv: Cell<bool>,
    /// The receiver's type as declared.
    pub recv_type: Cell<Option<TypeId>>,
    /// The receiver variable.
    pub recv_var: Cell<Option<ObjId>>,
    /// The receiver's own names for the type parameters of its base type.
    pub recv_tparams: OnceCell<Box<[TypeId]>>,
    /// Parameter variables in order, unnamed and blank ones included; set with the signature.
    pub params: OnceCell<Box<[ObjId]>>,
    /// Result variables in order, unnamed ones included; set with the signature.
    pub results: OnceCell<Box<[ObjId]>>,
    /// Whether the declaration is a method.
    pub is_method: bool,
    /// The scope of the parameters.
    pub(crate) scope: Cell<Option<ScopeId>>,
    /// Whether the body has been checked (or queued).
    pub(crate) body_checked: Cell<bool>,
}

/// The kinds of objects.
#[derive(Debug)]
pub enum ObjectKind {
    /// An imported package's name in a file.
    PkgName {
        /// The package.
        imported: PkgId,
        /// Whether the import gives an explicit name.
        renamed: bool,
    },
    /// A constant.
    Const {
        /// Its value, once known.
        value: OnceCell<Constant>,
    },
    /// A type name.
    TypeName {
        /// Whether the declaration is an alias.
        alias: bool,
    },
    /// A variable, parameter or result.
    Var {
        /// What it is.
        kind: VarKind,
        /// The function it belongs to.
        owner: Owner,
    },
    /// A function or method.
    Func(FuncInfo),
    /// A label; its statement.
    Label(NodeId),
    /// A predeclared function.
    Builtin(Builtin),
    /// `nil`.
    Nil,
}

/// See the module's description.
#[derive(Debug)]
pub struct Object {
    /// Its kind, and what is particular to it.
    pub kind: ObjectKind,
    /// Its name.
    pub name: Symbol,
    /// The package that declares it; none for predeclared objects.
    pub pkg: Option<PkgId>,
    /// Where its name is declared.
    pub pos: Pos,
    pub(crate) ty: Cell<TypeId>,
    pub(crate) parent: Cell<Option<ScopeId>>,
    pub(crate) used: Cell<bool>,
    pub(crate) color: Cell<Color>,
    pub(crate) decl: Option<Box<DeclInfo>>,
}

impl Object {
    pub(crate) fn new(kind: ObjectKind, name: Symbol, pkg: Option<PkgId>, pos: Pos, ty: TypeId) -> Object {
        let color = if ty == TypeId::NONE { Color::White } else { Color::Black };
        Object {
            kind,
            name,
            pkg,
            pos,
            ty: Cell::new(ty),
            parent: Cell::new(None),
            used: Cell::new(false),
            color: Cell::new(color),
            decl: None,
        }
    }

    /// The type, or [`TypeId::INVALID`] if it is not known (yet). For package-level objects of
    /// lazily checked packages ask [`crate::World::type_of`], which checks the declaration first.
    pub fn ty(&self) -> TypeId {
        match self.ty.get() {
            TypeId::NONE => TypeId::INVALID,
            ty => ty,
        }
    }

    /// The scope that declares it.
    pub fn parent(&self) -> Option<ScopeId> {
        self.parent.get()
    }

    /// Where the declaration stands, for package-level objects and methods.
    pub fn decl_ref(&self) -> Option<DeclRef> {
        self.decl.as_ref().map(|d| d.at)
    }

    /// Whether the object is a variable, and then which kind.
    pub fn var_kind(&self) -> Option<VarKind> {
        match self.kind {
            ObjectKind::Var { kind, .. } => Some(kind),
            _ => None,
        }
    }

    /// The function that a variable belongs to.
    pub fn owner(&self) -> Owner {
        match self.kind {
            ObjectKind::Var { owner, .. } => owner,
            _ => Owner::Package,
        }
    }

    /// What is particular to a function.
    pub fn func(&self) -> Option<&FuncInfo> {
        match &self.kind {
            ObjectKind::Func(info) => Some(info),
            _ => None,
        }
    }

    /// A constant's value, if it is known.
    pub fn const_value(&self) -> Option<&Constant> {
        match &self.kind {
            ObjectKind::Const { value } => value.get(),
            _ => None,
        }
    }

    /// Whether the name is exported.
    pub fn is_exported(&self) -> bool {
        self.name.is_exported()
    }
}
