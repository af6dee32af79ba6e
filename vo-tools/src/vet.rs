//! Checks for mistakes that compile: what `vo vet` reports.
//!
//! A check looks at the typed tree of one package and adds warnings. It reports what is wrong in every program
//! that holds it, or nearly so: a check that must guess does not belong here. What Go's vet reports, it
//! reports in the same words at the same place.
//!
//! What must stay true: a check never changes the world's answers, and bears trees with type errors (types are
//! then invalid, and invalid types are silent).

mod args;
mod assign;
mod cancel;
mod flow;
mod goroutines;
mod locks;
mod printf;
mod results;
mod tags;

use vo_syntax::ast::*;
use vo_syntax::diag::{Code, Diagnostic, sort_and_dedup};
use vo_syntax::source::{Pos, Span};
use vo_types::types::Type;
use vo_types::{ObjId, ObjectKind, PkgId, Qualifier, Target, TypeId, World};

/// What the checks need to know beyond the tree.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether each turn of a loop has variables of its own (since Go 1.22).
    pub loop_variables_per_turn: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { loop_variables_per_turn: true }
    }
}

/// A function as checks name it: package path, receiver's type name (empty if none), name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FuncName {
    pub(crate) pkg: String,
    pub(crate) recv: String,
    pub(crate) name: String,
}

impl FuncName {
    /// Whether it is a function of this package with one of these names.
    pub(crate) fn is_func(&self, pkg: &str, names: &[&str]) -> bool {
        self.recv.is_empty() && self.pkg == pkg && names.contains(&self.name.as_str())
    }

    /// Whether it is this method.
    pub(crate) fn is_method(&self, pkg: &str, recv: &str, names: &[&str]) -> bool {
        self.pkg == pkg && self.recv == recv && names.contains(&self.name.as_str())
    }
}

/// One run over a package.
pub(crate) struct Pass<'w> {
    pub(crate) world: &'w World,
    pub(crate) pkg: PkgId,
    pub(crate) options: Options,
    diagnostics: Vec<Diagnostic>,
}

/// Looks at a fully checked package. The warnings, by position.
pub fn vet(world: &World, pkg: PkgId, options: Options) -> Vec<Diagnostic> {
    let mut pass = Pass { world, pkg, options, diagnostics: Vec::new() };
    let files: Vec<&File> = world.package(pkg).files.iter().map(|&index| world.file(index)).collect();
    let wrappers = printf::Wrappers::find(&pass, &files);
    for file in files {
        args::check(&mut pass, file);
        assign::check(&mut pass, file);
        cancel::check(&mut pass, file);
        flow::check(&mut pass, file);
        goroutines::check(&mut pass, file);
        locks::check(&mut pass, file);
        printf::check(&mut pass, file, &wrappers);
        results::check(&mut pass, file);
        tags::check(&mut pass, file);
    }
    let mut diagnostics = pass.diagnostics;
    sort_and_dedup(&mut diagnostics);
    diagnostics
}

impl<'w> Pass<'w> {
    pub(crate) fn report(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::warning(code, span, message));
        self.diagnostics.last_mut().expect("just pushed")
    }

    /// The line of a position.
    pub(crate) fn line(&self, pos: Pos) -> u32 {
        let sources = self.world.sources.borrow();
        sources.file_at(pos).map_or(0, |f| f.line_col(f.offset(pos)).0)
    }

    /// The type of an expression; invalid if it is none.
    pub(crate) fn type_of(&self, x: &Expr) -> TypeId {
        let info = &self.world.info;
        match info.type_of(x.id()) {
            TypeId::INVALID => match x {
                Expr::Ident(name) => {
                    info.object_of(name.id).map_or(TypeId::INVALID, |o| self.world.object(o).ty())
                }
                Expr::Paren(p) => self.type_of(&p.x),
                _ => TypeId::INVALID,
            },
            ty => ty,
        }
    }

    /// Whether an expression is a type.
    pub(crate) fn is_type(&self, x: &Expr) -> bool {
        self.world.info.type_and_value(x.id()).is_some_and(|tv| tv.is_type())
    }

    /// The type under a type's name.
    pub(crate) fn under(&self, ty: TypeId) -> &'w Type {
        self.world.types.get(self.world.underlying(ty))
    }

    /// A type as messages name it.
    pub(crate) fn type_text(&self, ty: TypeId) -> String {
        self.world.type_string(ty, Qualifier::Name)
    }

    /// Whether this is a defined type of this package and name, or an instance of it.
    pub(crate) fn is_named(&self, ty: TypeId, pkg: &str, names: &[&str]) -> bool {
        let Some(named) = self.world.types.as_named(ty) else { return false };
        let obj = self.world.object(named.obj);
        obj.pkg.is_some_and(|p| self.world.package(p).path == pkg) && names.contains(&obj.name.as_str())
    }

    /// The object that an expression names: a variable, function, constant or type.
    pub(crate) fn object(&self, x: &Expr) -> Option<ObjId> {
        match x.unparen() {
            Expr::Ident(name) => self.world.info.object_of(name.id),
            Expr::Selector(s) => match self.world.info.selection(s.id) {
                Some(selection) => match selection.target {
                    Target::Method(obj) => Some(obj),
                    _ => None,
                },
                None => self.world.info.use_of(s.sel.id),
            },
            Expr::Index(x) => self.object(&x.x),
            _ => None,
        }
    }

    /// The declared function or method that a call calls, where that is known.
    pub(crate) fn callee(&self, call: &CallExpr) -> Option<FuncName> {
        let obj = self.object(&call.fun)?;
        self.func_name(obj)
    }

    /// The name of a function.
    pub(crate) fn func_name(&self, obj: ObjId) -> Option<FuncName> {
        let object = self.world.object(obj);
        let func = object.func()?;
        let pkg = object.pkg.map(|p| self.world.package(p).path.clone()).unwrap_or_default();
        let base = func.recv_base.get().map(|base| self.world.object(base).name.as_str().to_owned());
        Some(FuncName { pkg, recv: base.unwrap_or_default(), name: object.name.as_str().to_owned() })
    }

    /// The predeclared function that a call calls.
    pub(crate) fn is_builtin(&self, call: &CallExpr, name: &str) -> bool {
        let Expr::Ident(fun) = call.fun.unparen() else { return false };
        fun.name.as_str() == name
            && self
                .world
                .info
                .use_of(fun.id)
                .is_some_and(|o| matches!(self.world.object(o).kind, ObjectKind::Builtin(_)))
    }

    /// The variable that an expression names.
    pub(crate) fn variable(&self, x: &Expr) -> Option<ObjId> {
        let Expr::Ident(name) = x.unparen() else { return None };
        let obj = self.world.info.object_of(name.id)?;
        self.world.object(obj).var_kind().map(|_| obj)
    }
}

/// Calls a function for every function of a file: declared ones and literals, each with its type and body.
pub(crate) fn for_each_function(file: &File, mut each: impl FnMut(&FuncType, &Block)) {
    struct Functions<'f>(&'f mut dyn FnMut(&FuncType, &Block));
    impl Visitor for Functions<'_> {
        fn visit_decl(&mut self, decl: &Decl) {
            if let Decl::Func(d) = decl
                && let Some(body) = &d.body
            {
                (self.0)(&d.ty, body);
            }
            walk_decl(self, decl);
        }
        fn visit_expr(&mut self, x: &Expr) {
            if let Expr::FuncLit(f) = x {
                (self.0)(&f.ty, &f.body);
            }
            walk_expr(self, x);
        }
    }
    walk_file(&mut Functions(&mut each), file);
}

/// Calls a function for every call of a file, `go` and `defer` included.
pub(crate) fn for_each_call(file: &File, mut each: impl FnMut(&CallExpr)) {
    struct Calls<'f>(&'f mut dyn FnMut(&CallExpr));
    impl Visitor for Calls<'_> {
        fn visit_stmt(&mut self, stmt: &Stmt) {
            match stmt {
                Stmt::Go(s) => (self.0)(&s.call),
                Stmt::Defer(s) => (self.0)(&s.call),
                Stmt::ErrDefer(s) => (self.0)(&s.call),
                _ => {}
            }
            walk_stmt(self, stmt);
        }
        fn visit_expr(&mut self, x: &Expr) {
            if let Expr::Call(call) = x {
                (self.0)(call);
            }
            walk_expr(self, x);
        }
    }
    walk_file(&mut Calls(&mut each), file);
}

/// Calls a function for every statement of a file.
pub(crate) fn for_each_stmt(file: &File, mut each: impl FnMut(&Stmt)) {
    struct Stmts<'f>(&'f mut dyn FnMut(&Stmt));
    impl Visitor for Stmts<'_> {
        fn visit_stmt(&mut self, stmt: &Stmt) {
            (self.0)(stmt);
            walk_stmt(self, stmt);
        }
    }
    walk_file(&mut Stmts(&mut each), file);
}

/// Calls a function for every expression of a file.
pub(crate) fn for_each_expr(file: &File, mut each: impl FnMut(&Expr)) {
    struct Exprs<'f>(&'f mut dyn FnMut(&Expr));
    impl Visitor for Exprs<'_> {
        fn visit_expr(&mut self, x: &Expr) {
            (self.0)(x);
            walk_expr(self, x);
        }
    }
    walk_file(&mut Exprs(&mut each), file);
}
