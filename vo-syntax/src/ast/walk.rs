//! Visiting all nodes of a tree, in source order.
//!
//! A [`Visitor`] overrides what it wants to see and calls the `walk_…` function of the same name to go on
//! into the children. Left-leaning chains (`a + b + …`, `a.b().c()…`) are as deep as they are long, at most
//! [`crate::parser::MAX_HEIGHT`].

use super::*;

/// Called for the nodes of a tree; each method's default goes on into the children.
pub trait Visitor {
    /// Every declaration, those inside functions included.
    fn visit_decl(&mut self, decl: &Decl) {
        walk_decl(self, decl);
    }
    /// Every statement.
    fn visit_stmt(&mut self, stmt: &Stmt) {
        walk_stmt(self, stmt);
    }
    /// Every block, function bodies included.
    fn visit_block(&mut self, block: &Block) {
        walk_block(self, block);
    }
    /// Every expression and type.
    fn visit_expr(&mut self, expr: &Expr) {
        walk_expr(self, expr);
    }
    /// Every name, declared or used.
    fn visit_ident(&mut self, _name: &Ident) {}
    /// Every signature.
    fn visit_func_type(&mut self, ty: &FuncType) {
        walk_func_type(self, ty);
    }
    /// Every field of a parameter list, type parameter list or struct.
    fn visit_field(&mut self, field: &Field) {
        walk_field(self, field);
    }
}

/// Visits all declarations of a file.
pub fn walk_file<V: Visitor + ?Sized>(v: &mut V, file: &File) {
    v.visit_ident(&file.name);
    file.decls.iter().for_each(|d| v.visit_decl(d));
}

fn idents<V: Visitor + ?Sized>(v: &mut V, names: &[Ident]) {
    names.iter().for_each(|n| v.visit_ident(n));
}

fn exprs<'a, V: Visitor + ?Sized>(v: &mut V, exprs: impl IntoIterator<Item = &'a Expr>) {
    exprs.into_iter().for_each(|e| v.visit_expr(e));
}

fn fields<V: Visitor + ?Sized>(v: &mut V, list: &FieldList) {
    list.fields.iter().for_each(|f| v.visit_field(f));
}

/// Visits the children of a declaration.
pub fn walk_decl<V: Visitor + ?Sized>(v: &mut V, decl: &Decl) {
    match decl {
        Decl::Bad(_) => {}
        Decl::Import(d) => d.specs.iter().for_each(|s| idents(v, s.name.as_slice())),
        Decl::Const(d) => {
            for s in &d.specs {
                idents(v, &s.names);
                exprs(v, &s.ty);
                exprs(v, &s.values);
            }
        }
        Decl::Var(d) => {
            for s in &d.specs {
                idents(v, &s.names);
                exprs(v, &s.ty);
                exprs(v, &s.values);
            }
        }
        Decl::Type(d) => {
            for s in &d.specs {
                v.visit_ident(&s.name);
                s.type_params.iter().for_each(|l| fields(v, l));
                v.visit_expr(&s.ty);
            }
        }
        Decl::Skimmed(d) => {
            if let Some(d) = d.get() {
                walk_func(v, d);
            }
        }
        Decl::Outlined(d) => {
            if let Some(d) = d.decl.get() {
                v.visit_decl(d);
            }
        }
        Decl::Func(d) => walk_func(v, d),
    }
}

fn walk_func<V: Visitor + ?Sized>(v: &mut V, d: &FuncDecl) {
    d.recv.iter().for_each(|l| fields(v, l));
    v.visit_ident(&d.name);
    d.type_params.iter().for_each(|l| fields(v, l));
    v.visit_func_type(&d.ty);
    d.body.iter().for_each(|b| v.visit_block(b));
}

/// Visits parameters and results.
pub fn walk_func_type<V: Visitor + ?Sized>(v: &mut V, ty: &FuncType) {
    fields(v, &ty.params);
    fields(v, &ty.results);
}

/// Visits the names and the type of a field.
pub fn walk_field<V: Visitor + ?Sized>(v: &mut V, field: &Field) {
    idents(v, &field.names);
    v.visit_expr(&field.ty);
}

/// Visits the statements of a block.
pub fn walk_block<V: Visitor + ?Sized>(v: &mut V, block: &Block) {
    block.stmts.iter().for_each(|s| v.visit_stmt(s));
}

/// Visits the children of an expression.
pub fn walk_expr<V: Visitor + ?Sized>(v: &mut V, expr: &Expr) {
    match expr {
        Expr::Bad(_) | Expr::BasicLit(_) | Expr::IslandType(_) => {}
        Expr::Ident(name) => v.visit_ident(name),
        Expr::CompositeLit(e) => {
            exprs(v, &e.ty);
            exprs(v, &e.elts);
        }
        Expr::FuncLit(e) => {
            v.visit_func_type(&e.ty);
            v.visit_block(&e.body);
        }
        Expr::Paren(e) => v.visit_expr(&e.x),
        Expr::Selector(e) => {
            v.visit_expr(&e.x);
            v.visit_ident(&e.sel);
        }
        Expr::Index(e) => {
            v.visit_expr(&e.x);
            exprs(v, &e.indices);
        }
        Expr::Slice(e) => {
            v.visit_expr(&e.x);
            exprs(v, [&e.lo, &e.hi, &e.max].into_iter().flatten());
        }
        Expr::TypeAssert(e) => {
            v.visit_expr(&e.x);
            exprs(v, &e.ty);
        }
        Expr::Call(e) => walk_call(v, e),
        Expr::Star(e) => v.visit_expr(&e.x),
        Expr::Unary(e) => v.visit_expr(&e.x),
        Expr::Binary(e) => exprs(v, [&e.x, &e.y]),
        Expr::KeyValue(e) => exprs(v, [&e.key, &e.value]),
        Expr::ArrayType(e) => {
            if let ArrayLen::Expr(len) = &e.len {
                v.visit_expr(len);
            }
            v.visit_expr(&e.elem);
        }
        Expr::SliceType(e) => v.visit_expr(&e.elem),
        Expr::StructType(e) => fields(v, &e.fields),
        Expr::FuncType(e) => v.visit_func_type(e),
        Expr::InterfaceType(e) => e.elems.iter().for_each(|elem| walk_interface_elem(v, elem)),
        Expr::MapType(e) => exprs(v, [&e.key, &e.value]),
        Expr::ChanType(e) => v.visit_expr(&e.elem),
        Expr::Union(e) => e.terms.iter().for_each(|t| v.visit_expr(&t.ty)),
        Expr::Try(e) => v.visit_expr(&e.x),
        Expr::Dyn(e) => walk_dyn(v, e),
        Expr::PortType(e) => v.visit_expr(&e.elem),
    }
}

/// Visits the function and the arguments of a call.
pub fn walk_call<V: Visitor + ?Sized>(v: &mut V, call: &CallExpr) {
    v.visit_expr(&call.fun);
    exprs(v, &call.args);
}

fn walk_dyn<V: Visitor + ?Sized>(v: &mut V, e: &DynExpr) {
    v.visit_expr(&e.x);
    match &e.op {
        DynOp::Field(name) => v.visit_ident(name),
        DynOp::Index(key) => v.visit_expr(key),
        DynOp::Call { args, .. } => exprs(v, args),
        DynOp::Method { name, args, .. } => {
            v.visit_ident(name);
            exprs(v, args);
        }
    }
}

fn walk_interface_elem<V: Visitor + ?Sized>(v: &mut V, elem: &InterfaceElem) {
    match elem {
        InterfaceElem::Method(m) => {
            v.visit_ident(&m.name);
            m.type_params.iter().for_each(|l| fields(v, l));
            v.visit_func_type(&m.ty);
        }
        InterfaceElem::Embedded(ty) => v.visit_expr(ty),
    }
}

fn stmts<'a, V: Visitor + ?Sized>(v: &mut V, stmts: impl IntoIterator<Item = &'a Stmt>) {
    stmts.into_iter().for_each(|s| v.visit_stmt(s));
}

/// Visits the children of a statement.
pub fn walk_stmt<V: Visitor + ?Sized>(v: &mut V, stmt: &Stmt) {
    match stmt {
        Stmt::Bad(_) | Stmt::Empty(_) => {}
        Stmt::Decl(s) => v.visit_decl(&s.decl),
        Stmt::Labeled(s) => {
            v.visit_ident(&s.label);
            v.visit_stmt(&s.stmt);
        }
        Stmt::Expr(s) => v.visit_expr(&s.x),
        Stmt::Send(s) => exprs(v, [&s.chan, &s.value]),
        Stmt::IncDec(s) => v.visit_expr(&s.x),
        Stmt::Assign(s) => exprs(v, s.lhs.iter().chain(&s.rhs)),
        Stmt::Go(s) => {
            exprs(v, &s.target);
            walk_call(v, &s.call);
        }
        Stmt::Defer(s) => walk_call(v, &s.call),
        Stmt::ErrDefer(s) => walk_call(v, &s.call),
        Stmt::Fail(s) => v.visit_expr(&s.x),
        Stmt::Return(s) => exprs(v, &s.results),
        Stmt::Branch(s) => idents(v, s.label.as_slice()),
        Stmt::Block(s) => v.visit_block(s),
        Stmt::If(s) => {
            stmts(v, &s.init);
            v.visit_expr(&s.cond);
            v.visit_block(&s.then);
            stmts(v, &s.els);
        }
        Stmt::Switch(s) => {
            stmts(v, &s.init);
            exprs(v, &s.tag);
            s.cases.iter().for_each(|c| walk_case(v, c));
        }
        Stmt::TypeSwitch(s) => {
            stmts(v, &s.init);
            idents(v, s.bind.as_slice());
            v.visit_expr(&s.x);
            s.cases.iter().for_each(|c| walk_case(v, c));
        }
        Stmt::Select(s) => {
            for c in &s.cases {
                stmts(v, &c.comm);
                stmts(v, &c.body);
            }
        }
        Stmt::For(s) => {
            stmts(v, &s.init);
            exprs(v, &s.cond);
            stmts(v, &s.post);
            v.visit_block(&s.body);
        }
        Stmt::Range(s) => {
            exprs(v, [&s.key, &s.value].into_iter().flatten());
            v.visit_expr(&s.x);
            v.visit_block(&s.body);
        }
    }
}

fn walk_case<V: Visitor + ?Sized>(v: &mut V, case: &CaseClause) {
    exprs(v, &case.exprs);
    stmts(v, &case.body);
}
