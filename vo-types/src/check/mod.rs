//! The checker: the passes over a package, in order.
//!
//! ```text
//! collect   names of all declarations into the package's scope           resolve
//! declare   types of package-level objects, each when first needed       decl, typexpr, …
//! bodies    function bodies, now or when something asks                  stmt, expr, …
//! order     initialisation order of package variables                    initorder
//! ```
//!
//! A [`Checker`] is a light view of the world for one package: the environment of the declaration
//! it works on, and the expressions whose untyped constants have not found their type yet. What
//! cannot be decided before the declarations around it are finished (comparability of map keys,
//! satisfaction of constraints, …) is noted as an [`Action`] and done when no declaration is
//! open.

mod actions;
mod assign;
mod binary;
mod builtins;
mod call;
mod conversion;
mod convert_untyped;
mod decl;
mod errors;
mod expr;
mod extras;
mod index;
mod infer;
mod initorder;
mod instantiate;
mod interface;
mod island;
mod labels;
mod limits;
mod literal;
mod operand;
mod plain;
mod range;
mod resolve;
mod returns;
mod selector;
mod show;
mod signature;
mod stmt;
mod structs;
mod suggest;
mod switch;
mod typexpr;
mod unify;
mod union;
mod validtype;
mod version;

use std::cell::RefCell;

use rustc_hash::{FxHashMap, FxHashSet};
use vo_syntax::ast::{FuncLit, NodeId};
use vo_syntax::diag::{Diagnostic, sort_and_dedup};
use vo_syntax::source::{Dialect, Pos, Span};

use crate::World;
use crate::constant::Constant;
use crate::importer::{Importer, PackageSource};
use crate::info::Mode;
use crate::object::{Color, ObjId, ObjectKind, Owner};
use crate::package::{PackageMode, PkgId};
use crate::scope::ScopeId;
use crate::types::TypeId;

pub(crate) use actions::Action;
pub(crate) use convert_untyped::Untyped;
pub(crate) use operand::Operand;
pub use plain::PURE_FUNCTIONS;
pub use suggest::closest;

/// Adds a package to the world and checks it. The diagnostics are all errors of the package, in
/// order of position, syntax errors that came with the source included; those of imported
/// packages are not among them (an import that has errors is reported at its import
/// declaration).
pub fn check_package(
    world: &World,
    source: PackageSource,
    importer: &mut dyn Importer,
) -> (PkgId, Vec<Diagnostic>) {
    let pkg = resolve::add_package(world, source, importer);
    if world.package(pkg).mode == PackageMode::Full {
        check_fully(world, pkg);
    }
    let mut diagnostics = world.package(pkg).state.diagnostics.take();
    sort_and_dedup(&mut diagnostics);
    (pkg, diagnostics)
}

/// Declarations, bodies, initialisation order, unused imports.
fn check_fully(world: &World, pkg: PkgId) {
    let package = world.package(pkg);
    if package.state.checked.replace(true) {
        return;
    }
    let objects = package.objects();
    Checker::new(world, pkg).declare_all(&objects);
    if !world.embedded.borrow().is_empty() {
        Checker::new(world, pkg).embedded_types(&objects);
    }
    let mut checker = Checker::new(world, pkg);
    for &obj in &objects {
        checker.body(obj);
        checker.finish();
    }
    checker.unused_imports();
    checker.init_order();
    if !package.failed() {
        checker.instance_cycles();
        checker.type_limits();
    }
    checker.missing_bodies();
}

impl World {
    /// Checks the declaration of an object, if that has not happened yet.
    pub(crate) fn resolve(&self, obj: ObjId) {
        let object = self.object(obj);
        if object.color.get() != Color::White {
            return;
        }
        let Some(pkg) = object.pkg else { return };
        let mut checker = Checker::new(self, pkg);
        checker.obj_decl(obj);
        checker.finish();
    }

    /// Checks the body of a declared function or method, if that has not happened yet. The
    /// errors in it, which do not occur in trusted packages.
    pub fn check_body(&self, func: ObjId) -> Vec<Diagnostic> {
        let Some(pkg) = self.object(func).pkg else { return Vec::new() };
        self.resolve(func);
        let mut checker = Checker::new(self, pkg);
        checker.body(func);
        checker.finish();
        let mut diagnostics = self.package(pkg).state.diagnostics.take();
        sort_and_dedup(&mut diagnostics);
        diagnostics
    }

    /// Checks everything of a package that was loaded lazily: for testing the standard library.
    pub fn check_rest(&self, pkg: PkgId) -> Vec<Diagnostic> {
        check_fully(self, pkg);
        let mut diagnostics = self.package(pkg).state.diagnostics.take();
        sort_and_dedup(&mut diagnostics);
        diagnostics
    }
}

/// What the code being checked stands in.
#[derive(Clone)]
pub(crate) struct Env {
    /// The package-level declaration that mentions of others are recorded for.
    pub decl: Option<ObjId>,
    pub scope: ScopeId,
    /// The value of `iota`, inside constant declarations.
    pub iota: Option<Constant>,
    /// Where errors of a repeated constant expression are reported.
    pub error_span: Option<Span>,
    /// The signature of the function whose body is checked.
    pub sig: Option<TypeId>,
    /// The result variables of that function.
    pub results: Vec<ObjId>,
    pub owner: Owner,
    pub dialect: Dialect,
    /// Whether a call or receive was seen in the expression (then `len` is no constant).
    pub has_call: bool,
    /// Whether types are constraints here.
    pub in_constraint: bool,
    /// Whether the code is (in) a function body.
    pub in_body: bool,
    /// Whether a constant condition keeps control from ever reaching the code.
    pub dead: bool,
}

/// A function literal of a package-level initialiser, whose body waits until the declarations
/// around it are finished.
pub(crate) struct LaterLiteral<'w> {
    pub lit: &'w FuncLit,
    pub sig: TypeId,
    pub scope: ScopeId,
    pub env: Env,
    pub results: Vec<ObjId>,
}

/// See the module's description.
pub(crate) struct Checker<'w> {
    pub w: &'w World,
    pub pkg: PkgId,
    pub env: Env,
    pub untyped: FxHashMap<NodeId, Untyped<'w>>,
    pub literals: Vec<LaterLiteral<'w>>,
    /// Calls of `panic`, which terminate.
    pub panics: FxHashSet<NodeId>,
    /// Type arguments of generic functions that an argument list gives in part.
    pub partial: FxHashMap<NodeId, Vec<TypeId>>,
    /// The argument whose instantiation may be incomplete.
    pub partial_ok: Option<NodeId>,
    /// Local variables declared in the function being checked, for "declared and not used".
    pub locals: Vec<ObjId>,
    /// Reasons given of late, with the declarations that they speak of.
    pub causes: RefCell<Vec<suggest::Cause>>,
}

impl<'w> Checker<'w> {
    pub fn new(w: &'w World, pkg: PkgId) -> Checker<'w> {
        Checker {
            w,
            pkg,
            env: Env::at(w.package(pkg).scope, None),
            untyped: FxHashMap::default(),
            literals: Vec::new(),
            panics: FxHashSet::default(),
            partial: FxHashMap::default(),
            partial_ok: None,
            locals: Vec::new(),
            causes: RefCell::default(),
        }
    }

    /// Declares all package-level objects. Type declarations that are no aliases come first, then
    /// aliases, then the rest, so that types are complete before expressions need them.
    fn declare_all(&mut self, objects: &[ObjId]) {
        let rank = |obj: ObjId| match self.w.object(obj).kind {
            ObjectKind::TypeName { alias: false } => 0,
            ObjectKind::TypeName { alias: true } => 1,
            _ => 2,
        };
        let mut order = objects.to_vec();
        order.sort_by_key(|&obj| rank(obj));
        for &obj in &order {
            self.obj_decl(obj);
        }
        for &obj in &order {
            if rank(obj) < 2 {
                self.w.collect_methods(obj);
            }
        }
        self.finish();
    }

    /// Does what had to wait, unless a declaration further out is still open.
    pub fn finish(&mut self) {
        if !self.w.path.borrow().is_empty() {
            return;
        }
        loop {
            actions::run_all(self.w);
            let literals = std::mem::take(&mut self.literals);
            let nothing_left =
                self.w.actions.borrow().is_empty() && self.w.types_to_validate.borrow().is_empty();
            if literals.is_empty() && nothing_left {
                return;
            }
            for later in literals {
                self.literal_body(later);
            }
        }
    }

    /// Runs `f` in an environment and comes back to the present one.
    pub fn with_env<R>(&mut self, env: Env, f: impl FnOnce(&mut Self) -> R) -> R {
        let outer = std::mem::replace(&mut self.env, env);
        let result = f(self);
        self.env = outer;
        result
    }

    /// Runs `f` in a new scope inside the present one.
    pub fn with_scope<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.env.scope;
        self.env.scope = self.w.new_scope(Some(outer), false);
        let result = f(self);
        self.env.scope = outer;
        result
    }

    /// Notes something to do once no declaration is open.
    pub fn later(&mut self, action: Action) {
        self.w.actions.borrow_mut().push_back((self.pkg, action));
    }

    /// Notes a defined type that must not contain itself. That is looked at before the other things
    /// that wait, since what follows from such a type is not worth a message.
    pub fn validate_later(&mut self, ty: TypeId) {
        self.w.types_to_validate.borrow_mut().push_back((self.pkg, ty));
    }

    /// Records that the present declaration mentions another one.
    pub fn depends_on(&mut self, obj: ObjId) {
        let Some(from) = self.env.decl else { return };
        if self.w.object(obj).decl.is_none() {
            return;
        }
        if let Some(info) = &self.w.object(from).decl {
            info.deps.borrow_mut().add(obj);
        }
    }

    pub fn is_vo(&self) -> bool {
        self.env.dialect == Dialect::Vo
    }
}

impl Env {
    /// The environment of a package-level declaration.
    pub fn at(scope: ScopeId, decl: Option<ObjId>) -> Env {
        Env {
            decl,
            scope,
            iota: None,
            error_span: None,
            sig: None,
            results: Vec::new(),
            owner: Owner::Package,
            dialect: Dialect::Go,
            has_call: false,
            in_constraint: false,
            in_body: false,
            dead: false,
        }
    }
}

/// A span of one byte at a position: an operator or a bracket.
pub(crate) fn at(pos: Pos) -> Span {
    Span::new(pos, pos.offset(1))
}
