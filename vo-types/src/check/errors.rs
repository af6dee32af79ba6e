//! Reporting: one place through which all errors of the checker go.

use vo_syntax::ast::{Expr, Node};
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::{Pos, Span};

use super::{Checker, Operand};
use crate::object::ObjId;
use crate::types::{Qualifier, TypeId};

/// Something that has a place.
pub(crate) trait Place {
    fn place(&self) -> Span;
}

impl Place for Span {
    fn place(&self) -> Span {
        *self
    }
}

impl Place for Pos {
    fn place(&self) -> Span {
        super::at(*self)
    }
}

macro_rules! nodes_have_places {
    ($($node:ident)*) => {$(
        impl Place for vo_syntax::ast::$node {
            fn place(&self) -> Span {
                self.span()
            }
        }
    )*};
}

nodes_have_places! {
    Ident Stmt BasicLit FieldList ImportSpec ConstSpec FuncDecl CallExpr AssignStmt KeyValueExpr
}

impl Place for Expr {
    fn place(&self) -> Span {
        Span::new(start_pos(self), self.end())
    }
}

impl Place for Operand<'_> {
    fn place(&self) -> Span {
        self.expr.map_or(Span::NONE, Place::place)
    }
}

/// Where an expression stands when it is pointed to rather than reported: at its operator or
/// bracket, as in Go's compiler.
pub(crate) fn node_pos(e: &Expr) -> Pos {
    match e {
        Expr::Call(c) => c.lparen,
        Expr::Index(i) => i.lbrack,
        Expr::Slice(s) => s.lbrack,
        Expr::Binary(b) => b.op_pos,
        Expr::Selector(s) => Pos(s.sel.span.start.0.saturating_sub(1)),
        _ => start_pos(e),
    }
}

/// Where errors about an expression are reported: its start, but for slice expressions (and what
/// begins with one) their bracket, as in Go's compiler.
pub(crate) fn start_pos(e: &Expr) -> Pos {
    match e {
        Expr::Slice(s) => s.lbrack,
        Expr::FuncType(f) => f.params.span.start,
        Expr::CompositeLit(c) => c.ty.as_ref().map_or(c.lbrace, start_pos),
        Expr::KeyValue(kv) => start_pos(&kv.key),
        Expr::Selector(s) => start_pos(&s.x),
        Expr::Index(i) => start_pos(&i.x),
        Expr::TypeAssert(a) => start_pos(&a.x),
        Expr::Call(c) => start_pos(&c.fun),
        Expr::Binary(b) => {
            let mut left = &b.x;
            while let Expr::Binary(b) = left {
                left = &b.x;
            }
            start_pos(left)
        }
        _ => e.pos(),
    }
}

impl<'w> Checker<'w> {
    /// Reports an error.
    pub fn error(&self, code: Code, at: &impl Place, message: impl Into<String>) {
        self.report(Diagnostic::error(code, at.place(), message));
    }

    /// Reports a diagnostic, unless it only follows from an earlier error.
    pub fn report(&self, mut diagnostic: Diagnostic) {
        let state = &self.w.package(self.pkg).state;
        let text = &diagnostic.message;
        let follows = |what: &str| text.find(what).is_some_and(|at| at > 0);
        if state.failed.get() && (follows("invalid operand") || follows("invalid type")) {
            return;
        }
        if let Some(span) = self.env.error_span {
            diagnostic.span = span;
        }
        if self.repeats_last(&diagnostic) {
            return;
        }
        if diagnostic.span.len() <= 1 {
            diagnostic.span = self.name_span(diagnostic.span.start);
        }
        for label in &mut diagnostic.labels {
            if label.span.len() <= 1 {
                label.span = self.name_span(label.span.start);
            }
        }
        let diagnostic = self.with_causes(diagnostic);
        state.failed.set(true);
        state.diagnostics.borrow_mut().push(diagnostic);
    }

    /// Whether the last error said the same about the same line.
    fn repeats_last(&self, diagnostic: &Diagnostic) -> bool {
        let diagnostics = self.w.package(self.pkg).state.diagnostics.borrow();
        let Some(last) = diagnostics.last().filter(|d| d.message == diagnostic.message) else {
            return false;
        };
        let sources = self.w.sources.borrow();
        let line = |d: &Diagnostic| {
            let at = sources.lookup(d.span.start);
            (at.file, at.line)
        };
        line(last) == line(diagnostic)
    }

    /// Adds "other declaration of x" to a diagnostic, if there is a position.
    pub fn with_other(&self, diagnostic: Diagnostic, obj: ObjId) -> Diagnostic {
        let object = self.w.object(obj);
        if !object.pos.is_valid() {
            return diagnostic;
        }
        diagnostic.label(object.pos.span(), format!("other declaration of {}", object.name))
    }

    /// How this package's messages qualify names.
    pub fn qualifier(&self) -> Qualifier {
        Qualifier::RelativeTo(self.pkg)
    }

    /// A type in a message.
    pub fn ts(&self, ty: TypeId) -> String {
        self.w.type_string(ty, self.qualifier())
    }

    /// An expression in a message.
    pub fn es(&self, expr: &Expr) -> String {
        super::show::expr_string(expr)
    }

    /// A position in a message.
    pub fn ps(&self, pos: Pos) -> String {
        self.w.position(pos)
    }
}
