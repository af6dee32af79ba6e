//! Packages.

use std::cell::{Cell, RefCell};

use rustc_hash::{FxHashMap, FxHashSet};
use vo_syntax::ast::Expr;
use vo_syntax::diag::Diagnostic;
use vo_syntax::source::{Pos, Span};
use vo_syntax::symbol::Symbol;

use crate::object::ObjId;
use crate::scope::ScopeId;
use crate::types::TypeId;

/// A package of the program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PkgId(pub u32);

/// A step of a package's initialisation: `lhs… = rhs`.
#[derive(Debug)]
pub struct Initializer<'w> {
    /// The variables; several only when one call initialises them all. Blank variables are kept.
    pub lhs: Vec<ObjId>,
    /// The expression.
    pub rhs: &'w Expr,
    /// Whether it has no effect and reads no variable: then it is checked only when the variable is.
    pub plain: bool,
}

/// How much of a package is checked at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PackageMode {
    /// Everything, now: for the packages whose errors the user wants to see.
    Full,
    /// Declarations and bodies only when something asks for them: for trusted imports, where
    /// start-up time matters.
    Lazy,
}

/// One package. Its declarations are found through its scope.
#[derive(Debug)]
pub struct Package {
    /// The import path; the main package has the path it was given.
    pub path: String,
    /// The name of the package clause.
    pub name: Symbol,
    /// The directory that imports are resolved from.
    pub dir: String,
    /// The package's scope.
    pub scope: ScopeId,
    /// How it is checked.
    pub mode: PackageMode,
    /// The files, as indices for [`crate::World::file`], in the order they were given.
    pub files: Vec<u32>,
    pub(crate) file_scopes: RefCell<Vec<ScopeId>>,
    pub(crate) imports: RefCell<Vec<PkgId>>,
    pub(crate) state: PackageState,
}

/// A use of a generic type or function.
#[derive(Debug, Clone)]
pub(crate) struct Instantiation {
    pub pos: Pos,
    pub tparams: Box<[TypeId]>,
    pub targs: Box<[TypeId]>,
}

/// What the checker keeps per package.
#[derive(Debug, Default)]
pub(crate) struct PackageState {
    pub diagnostics: RefCell<Vec<Diagnostic>>,
    /// Package-level objects and methods in source order.
    pub objects: RefCell<Vec<ObjId>>,
    /// Methods by the name of their receiver's base type, until the type is declared.
    pub methods: RefCell<FxHashMap<ObjId, Vec<ObjId>>>,
    /// `init` functions and functions named `_`, in source order.
    pub inits: RefCell<Vec<ObjId>>,
    /// File imports: (file scope, package name object).
    pub pkg_names: RefCell<Vec<ObjId>>,
    /// Objects that dot imports brought into file scopes, and the import they came by.
    pub dot_imports: RefCell<FxHashMap<(ScopeId, Symbol), ObjId>>,
    pub used_imports: RefCell<FxHashSet<ObjId>>,
    pub failed: Cell<bool>,
    /// Stands for a package that could not be imported.
    pub fake: Cell<bool>,
    pub collected: Cell<bool>,
    pub checked: Cell<bool>,
    pub init_order: RefCell<Option<Vec<Vec<ObjId>>>>,
    /// Type literals and their places, for what is checked last.
    pub type_literals: RefCell<Vec<(TypeId, Span)>>,
    /// Instantiations of generic functions and types: checked for endless growth.
    pub instances: RefCell<Vec<Instantiation>>,
}

impl Package {
    /// The packages it imports directly, in order of first import.
    pub fn imports(&self) -> Vec<PkgId> {
        self.imports.borrow().clone()
    }

    /// The file scopes, parallel to `files`.
    pub fn file_scopes(&self) -> Vec<ScopeId> {
        self.file_scopes.borrow().clone()
    }

    /// Whether an error was reported in the package.
    pub fn failed(&self) -> bool {
        self.state.failed.get()
    }

    /// All functions named `init`, in source order.
    pub fn init_funcs(&self) -> Vec<ObjId> {
        self.state.inits.borrow().clone()
    }

    /// All package-level objects and methods, in source order.
    pub fn objects(&self) -> Vec<ObjId> {
        self.state.objects.borrow().clone()
    }
}
