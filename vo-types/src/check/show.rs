//! Expressions in messages: the source on one line, bodies and elements cut to `…`.

use std::fmt::Write;

use vo_syntax::ast::*;

/// The expression as messages show it.
pub(crate) fn expr_string(expr: &Expr) -> String {
    let mut shower = Shower { out: String::new() };
    shower.expr(expr);
    shower.out
}

/// A call as messages show it.
pub(crate) fn call_string(call: &CallExpr) -> String {
    let mut shower = Shower { out: String::new() };
    shower.call(call);
    shower.out
}

struct Shower {
    out: String,
}

impl Shower {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Bad(_) => self.text("<bad expr>"),
            Expr::Ident(e) => self.text(&e.name),
            Expr::BasicLit(e) => self.text(&e.raw),
            Expr::CompositeLit(e) => {
                if let Some(ty) = &e.ty {
                    self.expr(ty);
                }
                self.text(if e.elts.is_empty() { "{}" } else { "{…}" });
            }
            Expr::FuncLit(e) => {
                self.text("func");
                self.signature(&e.ty);
                self.text(if e.body.stmts.is_empty() { " {}" } else { " {…}" });
            }
            Expr::Paren(e) => self.wrapped("(", &e.x, ")"),
            Expr::Selector(e) => {
                self.expr(&e.x);
                self.text(".");
                self.text(&e.sel.name);
            }
            Expr::Index(e) => {
                self.expr(&e.x);
                self.text("[");
                self.list(&e.indices);
                self.text("]");
            }
            Expr::Slice(e) => self.slice(e),
            Expr::TypeAssert(e) => {
                self.expr(&e.x);
                match &e.ty {
                    Some(ty) => self.wrapped(".(", ty, ")"),
                    None => self.text(".(type)"),
                }
            }
            Expr::Call(e) => self.call(e),
            Expr::Star(e) => self.wrapped("*", &e.x, ""),
            Expr::Unary(e) => self.wrapped(e.op.text(), &e.x, ""),
            Expr::Binary(e) => self.binary(e),
            Expr::KeyValue(e) => {
                self.wrapped("", &e.key, ": ");
                self.expr(&e.value);
            }
            Expr::ArrayType(e) => {
                match &e.len {
                    ArrayLen::Expr(len) => self.wrapped("[", len, "]"),
                    ArrayLen::Ellipsis(_) => self.text("[...]"),
                }
                self.expr(&e.elem);
            }
            Expr::SliceType(e) => self.wrapped("[]", &e.elem, ""),
            Expr::StructType(e) => self.structure(e),
            Expr::FuncType(e) => {
                self.text("func");
                self.signature(e);
            }
            Expr::InterfaceType(e) => self.interface(e),
            Expr::MapType(e) => {
                self.wrapped("map[", &e.key, "]");
                self.expr(&e.value);
            }
            Expr::ChanType(e) => self.chan("chan", e.dir, &e.elem),
            Expr::PortType(e) => self.chan("port", e.dir, &e.elem),
            Expr::Union(e) => self.union(e),
            Expr::Try(e) => self.wrapped("", &e.x, "?"),
            Expr::Dyn(e) => self.dynamic(e),
            Expr::IslandType(_) => self.text("island"),
        }
    }

    fn wrapped(&mut self, before: &str, expr: &Expr, after: &str) {
        self.text(before);
        self.expr(expr);
        self.text(after);
    }

    fn list(&mut self, exprs: &[Expr]) {
        for (i, e) in exprs.iter().enumerate() {
            self.text(if i > 0 { ", " } else { "" });
            self.expr(e);
        }
    }

    fn call(&mut self, call: &CallExpr) {
        self.wrapped("", &call.fun, "(");
        self.list(&call.args);
        self.text(if call.ellipsis.is_valid() { "...)" } else { ")" });
    }

    fn slice(&mut self, e: &SliceExpr) {
        self.wrapped("", &e.x, "[");
        if let Some(lo) = &e.lo {
            self.expr(lo);
        }
        self.text(":");
        if let Some(hi) = &e.hi {
            self.expr(hi);
        }
        if let Some(max) = &e.max {
            self.wrapped(":", max, "");
        }
        self.text("]");
    }

    /// Chains of operators are long to the left: follow the left side in a loop.
    fn binary(&mut self, e: &BinaryExpr) {
        let mut chain = vec![e];
        let mut left = &e.x;
        while let Expr::Binary(b) = left {
            chain.push(b);
            left = &b.x;
        }
        self.expr(left);
        for b in chain.into_iter().rev() {
            let _ = write!(self.out, " {} ", b.op.text());
            self.expr(&b.y);
        }
    }

    fn chan(&mut self, word: &str, dir: ChanDir, elem: &Expr) {
        self.text(if dir == ChanDir::Recv { "<-" } else { "" });
        self.text(word);
        self.text(if dir == ChanDir::Send { "<- " } else { " " });
        let receives = matches!(elem, Expr::ChanType(c) if c.dir == ChanDir::Recv);
        if dir == ChanDir::Both && receives {
            self.wrapped("(", elem, ")");
        } else {
            self.expr(elem);
        }
    }

    fn structure(&mut self, e: &StructType) {
        self.text("struct{");
        for (i, f) in e.fields.fields.iter().enumerate() {
            self.text(if i > 0 { "; " } else { "" });
            self.field(f);
            if let Some(tag) = &f.tag {
                let _ = write!(self.out, " {}", tag.raw);
            }
        }
        self.text("}");
    }

    fn field(&mut self, f: &Field) {
        for (i, name) in f.names.iter().enumerate() {
            self.text(if i > 0 { ", " } else { "" });
            self.text(&name.name);
        }
        self.text(if f.names.is_empty() { "" } else { " " });
        self.text(if f.ellipsis.is_valid() { "..." } else { "" });
        self.expr(&f.ty);
    }

    fn signature(&mut self, e: &FuncType) {
        self.params(&e.params);
        match &*e.results.fields {
            [] => {}
            [only] if only.names.is_empty() => self.wrapped(" ", &only.ty, ""),
            _ => {
                self.text(" ");
                self.params(&e.results);
            }
        }
    }

    fn params(&mut self, list: &FieldList) {
        self.text("(");
        for (i, f) in list.fields.iter().enumerate() {
            self.text(if i > 0 { ", " } else { "" });
            self.field(f);
        }
        self.text(")");
    }

    fn interface(&mut self, e: &InterfaceType) {
        self.text("interface{");
        for (i, elem) in e.elems.iter().enumerate() {
            self.text(if i > 0 { "; " } else { "" });
            match elem {
                InterfaceElem::Method(m) => {
                    self.text(&m.name.name);
                    self.signature(&m.ty);
                }
                InterfaceElem::Embedded(ty) => self.expr(ty),
            }
        }
        self.text("}");
    }

    fn union(&mut self, e: &UnionExpr) {
        for (i, term) in e.terms.iter().enumerate() {
            self.text(if i > 0 { " | " } else { "" });
            self.text(if term.tilde.is_valid() { "~" } else { "" });
            self.expr(&term.ty);
        }
    }

    fn dynamic(&mut self, e: &DynExpr) {
        self.wrapped("", &e.x, "~>");
        let (name, args) = match &e.op {
            DynOp::Field(name) => (Some(name), None),
            DynOp::Index(key) => return self.wrapped("[", key, "]"),
            DynOp::Call { args, .. } => (None, Some(args)),
            DynOp::Method { name, args, .. } => (Some(name), Some(args)),
        };
        self.text(name.map_or("", |n| n.name.as_str()));
        if let Some(args) = args {
            self.text("(");
            self.list(args);
            self.text(")");
        }
    }
}
