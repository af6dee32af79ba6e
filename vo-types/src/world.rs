//! The world: everything known about a program, shared by all its packages.
//!
//! A [`World`] owns the types, objects, scopes, packages, syntax trees and side tables. All its
//! parts only grow, so every method takes `&self`, and references into it live as long as it
//! does. It is what later phases read.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use elsa::FrozenVec;
use rustc_hash::{FxHashMap, FxHashSet};
use vo_syntax::ast::{Decl, File, FuncDecl, NodeIds, SkimmedFunc};
use vo_syntax::source::{FileId, Pos, SourceMap, Span};
use vo_syntax::symbol::Symbol;

use crate::check::Action;
use crate::constant::Constant;
use crate::embed::EmbeddedFile;
use crate::info::Info;
use crate::object::{DeclRef, ObjId, Object};
use crate::package::{Package, PackageMode, PackageState, PkgId};
use crate::scope::{Scope, ScopeId};
use crate::types::{Layout, Memo, TypeId, Types};
use crate::universe;
use crate::version::FileVersion;

/// See the module's description.
pub struct World {
    /// All types.
    pub types: Types,
    /// What is known about syntax nodes.
    pub info: Info,
    /// The source files; importers add to it.
    pub sources: RefCell<SourceMap>,
    /// Where all parsers of the program take node ids from.
    pub node_ids: NodeIds,
    objects: FrozenVec<Box<Object>>,
    scopes: FrozenVec<Box<Scope>>,
    packages: FrozenVec<Box<Package>>,
    files: FrozenVec<Box<File>>,
    pub(crate) by_path: RefCell<FxHashMap<String, PkgId>>,
    /// Declarations being checked, outermost first.
    pub(crate) path: RefCell<Vec<ObjId>>,
    /// Sizes of types.
    pub(crate) layouts: Memo<Layout>,
    /// Whether types can be compared: statically, and at run time.
    pub(crate) comparable: [Memo<bool>; 2],
    /// Whether the sizes of types depend on type parameters.
    pub(crate) variable_size: Memo<bool>,
    /// How deeply struct literals nest that are known not to contain themselves.
    pub(crate) struct_nesting: RefCell<FxHashMap<TypeId, u32>>,
    /// Whether types mention type parameters.
    pub(crate) open_types: Memo<bool>,
    /// Depth of recursions over types that errors could make endless.
    pub(crate) depth: Cell<u32>,
    /// Identities of the packages being imported, outermost first, and where each is imported.
    /// Versions of files that are not the newest.
    pub(crate) versions: RefCell<FxHashMap<FileId, FileVersion>>,
    /// Files of variables with `//go:embed`.
    pub(crate) embedded: RefCell<FxHashMap<ObjId, Rc<[EmbeddedFile]>>>,
    pub(crate) importing: RefCell<Vec<(String, Span)>>,
    /// Type declarations whose type parameter lists are open.
    pub(crate) tparams_open: RefCell<Vec<ObjId>>,
    /// Defined types that have not been looked at for containing themselves.
    pub(crate) types_to_validate: RefCell<VecDeque<(PkgId, TypeId)>>,
    /// Objects that a reported cycle of declarations goes through.
    pub(crate) in_cycle: RefCell<FxHashSet<ObjId>>,
    /// What waits until no declaration is open.
    pub(crate) actions: RefCell<VecDeque<(PkgId, Action)>>,
}

impl Default for World {
    fn default() -> Self {
        World::new()
    }
}

impl World {
    /// A world that has the universe and package `unsafe`.
    pub fn new() -> World {
        let world = World {
            types: Types::new(),
            info: Info::default(),
            sources: RefCell::new(SourceMap::new()),
            node_ids: NodeIds::new(),
            objects: FrozenVec::new(),
            scopes: FrozenVec::new(),
            packages: FrozenVec::new(),
            files: FrozenVec::new(),
            by_path: RefCell::default(),
            path: RefCell::default(),
            layouts: Memo::default(),
            comparable: Default::default(),
            variable_size: Memo::default(),
            struct_nesting: RefCell::default(),
            open_types: Memo::default(),
            depth: Cell::new(0),
            versions: RefCell::default(),
            embedded: RefCell::default(),
            importing: RefCell::default(),
            tparams_open: RefCell::default(),
            types_to_validate: RefCell::default(),
            in_cycle: RefCell::default(),
            actions: RefCell::default(),
        };
        universe::define(&world);
        world
    }

    /// An object.
    pub fn object(&self, id: ObjId) -> &Object {
        match self.objects.get(id.0 as usize) {
            Some(obj) => obj,
            None => panic!("internal error: no object {id:?}"),
        }
    }

    /// How many objects there are; ids are smaller than this.
    pub fn object_count(&self) -> usize {
        self.objects.len()
    }

    /// A scope.
    pub fn scope(&self, id: ScopeId) -> &Scope {
        match self.scopes.get(id.0 as usize) {
            Some(scope) => scope,
            None => panic!("internal error: no scope {id:?}"),
        }
    }

    /// A package.
    pub fn package(&self, id: PkgId) -> &Package {
        match self.packages.get(id.0 as usize) {
            Some(pkg) => pkg,
            None => panic!("internal error: no package {id:?}"),
        }
    }

    /// All packages in the order they were first met; the first is `unsafe`.
    pub fn packages(&self) -> impl Iterator<Item = PkgId> + use<> {
        (0..self.packages.len() as u32).map(PkgId)
    }

    /// The package with an import path, if it has been imported or checked.
    pub fn package_by_path(&self, path: &str) -> Option<PkgId> {
        self.by_path.borrow().get(path).copied()
    }

    /// A syntax tree; see [`Package::files`].
    pub fn file(&self, index: u32) -> &File {
        match self.files.get(index as usize) {
            Some(file) => file,
            None => panic!("internal error: no file {index}"),
        }
    }

    /// The declaration that an object stands in, where it is one of a package's.
    pub(crate) fn decl_of(&self, obj: ObjId) -> Option<&Decl> {
        self.decl_at(self.object(obj).decl.as_ref()?.at)
    }

    /// The declaration at a place; it is parsed now where only its outline was there.
    pub(crate) fn decl_at(&self, at: DeclRef) -> Option<&Decl> {
        match self.file(at.file).decls.get(at.decl as usize)? {
            // Outlines are made of what has no errors.
            Decl::Outlined(d) => Some(d.read_with(|span| {
                vo_syntax::parser::parse_decl(&self.sources.borrow(), span, &self.node_ids).0
            })),
            decl => Some(decl),
        }
    }

    /// The declaration of a function or method.
    pub fn func_decl(&self, obj: ObjId) -> Option<&FuncDecl> {
        match self.decl_of(obj)? {
            Decl::Func(d) => Some(d),
            Decl::Skimmed(d) => Some(self.read_func(self.object(obj).pkg?, d)),
            _ => None,
        }
    }

    /// A function of a package that was skimmed when its file was parsed.
    pub(crate) fn read_func<'w>(&'w self, pkg: PkgId, func: &'w SkimmedFunc) -> &'w FuncDecl {
        func.read_with(|span| {
            let (decl, diagnostics) =
                vo_syntax::parser::parse_func(&self.sources.borrow(), span, &self.node_ids);
            self.package(pkg).state.diagnostics.borrow_mut().extend(diagnostics);
            decl
        })
    }

    /// The files that `//go:embed` puts into a variable.
    pub fn embedded_files(&self, var: ObjId) -> Option<Rc<[EmbeddedFile]>> {
        self.embedded.borrow().get(&var).cloned()
    }

    /// The scope of predeclared names for Go files.
    pub fn universe(&self) -> ScopeId {
        ScopeId(0)
    }

    /// Finds a name from a scope outwards.
    pub fn lookup_name(&self, scope: ScopeId, name: Symbol) -> Option<(ScopeId, ObjId)> {
        let mut at = Some(scope);
        while let Some(id) = at {
            let scope = self.scope(id);
            if let Some(obj) = scope.get(name) {
                return Some((id, obj));
            }
            at = scope.parent;
        }
        None
    }

    /// A package-level object by name.
    pub fn lookup_in_package(&self, pkg: PkgId, name: &str) -> Option<ObjId> {
        self.scope(self.package(pkg).scope).get(Symbol::intern(name))
    }

    /// The type of an object; checks its declaration first if that has not happened yet.
    pub fn type_of(&self, obj: ObjId) -> TypeId {
        self.resolve(obj);
        self.object(obj).ty()
    }

    /// The value of a constant object; checks its declaration first if need be.
    pub fn const_of(&self, obj: ObjId) -> Option<&Constant> {
        self.resolve(obj);
        self.object(obj).const_value()
    }

    /// The position as people read it, for messages.
    pub(crate) fn position(&self, pos: Pos) -> String {
        self.sources.borrow().lookup(pos).to_string()
    }

    /// Whether no declaration is open, so that what is found about types stays true.
    pub(crate) fn is_settled(&self) -> bool {
        self.path.borrow().is_empty()
    }

    pub(crate) fn add_object(&self, obj: Object) -> ObjId {
        let id = ObjId(self.objects.len() as u32);
        self.objects.push(Box::new(obj));
        id
    }

    pub(crate) fn new_scope(&self, parent: Option<ScopeId>, is_func: bool) -> ScopeId {
        let id = ScopeId(self.scopes.len() as u32);
        self.scopes.push(Box::new(Scope::new(parent, is_func)));
        id
    }

    /// Declares without any check; returns the object that has the name already, if any.
    pub(crate) fn declare_raw(&self, scope: ScopeId, obj: ObjId) -> Option<ObjId> {
        let object = self.object(obj);
        let other = self.scope(scope).insert(object.name, obj);
        if other.is_none() && object.parent.get().is_none() {
            object.parent.set(Some(scope));
        }
        other
    }

    pub(crate) fn add_file(&self, file: File) -> u32 {
        self.files.push(Box::new(file));
        self.files.len() as u32 - 1
    }

    pub(crate) fn add_package(
        &self,
        path: &str,
        name: Symbol,
        dir: &str,
        scope: ScopeId,
        mode: PackageMode,
        files: Vec<u32>,
    ) -> PkgId {
        let id = PkgId(self.packages.len() as u32);
        self.packages.push(Box::new(Package {
            path: path.to_owned(),
            name,
            dir: dir.to_owned(),
            scope,
            mode,
            files,
            file_scopes: RefCell::default(),
            imports: RefCell::default(),
            state: PackageState::default(),
        }));
        self.by_path.borrow_mut().insert(path.to_owned(), id);
        id
    }
}
