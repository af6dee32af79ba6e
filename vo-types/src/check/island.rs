//! Islands and ports: what may cross from one island to another, and the statements that send it there.
//!
//! A type *crosses* when its values can be copied to another island (X8.1). Interfaces, functions and type
//! parameters are decided by the value at run time; what is known of the type is decided here, and the message names
//! the way to the part that cannot cross.

use rustc_hash::FxHashSet;
use vo_syntax::ast::*;
use vo_syntax::diag::Code;

use super::builtins::Call;
use super::errors::Place;
use super::{Checker, Operand};
use crate::info::SelectionKind;
use crate::object::VarKind;
use crate::types::{Basic, Dir, Type, TypeId};

impl<'w> Checker<'w> {
    // ---- go @(island) f(x) ----------------------------------------------------------------------

    /// The operand of `go @(…)`: whether it is an island.
    pub fn island_target(&mut self, target: &'w Expr) -> bool {
        let x = self.expr(target);
        if !x.is_valid() {
            return false;
        }
        let island = matches!(self.w.under(x.ty), Type::Island);
        if !island {
            let message = format!("go @ needs an island, and this is {}", self.os(&x));
            self.error(Code::InvalidIslandTarget, target, message);
        }
        island
    }

    /// Everything that a call on another island takes along must cross: receiver, arguments, captured variables.
    pub fn call_crosses(&mut self, call: &'w CallExpr) {
        let fun = call.fun.unparen();
        if let Expr::FuncLit(lit) = fun {
            self.captures_cross(lit);
        }
        if let Expr::Selector(sel) = fun
            && let Some(selection) = self.w.info.selection(sel.id)
            && selection.kind == SelectionKind::MethodVal
        {
            self.crosses(&sel.x, selection.recv, None);
        }
        for arg in &call.args {
            if let Expr::FuncLit(lit) = arg.unparen() {
                self.captures_cross(lit);
            }
        }
        let Some(sig) = self.w.types.as_signature(self.w.underlying(self.w.info.type_of(call.fun.id())))
        else {
            return;
        };
        for (i, arg) in call.args.iter().enumerate() {
            if let Some(param) = sig.params.get(i).or(sig.params.last()) {
                self.crosses(arg, param.ty, None);
            }
        }
    }

    /// The variables of enclosing functions that a literal mentions must cross.
    fn captures_cross(&mut self, lit: &'w FuncLit) {
        struct Names(Vec<(NodeId, vo_syntax::source::Span)>);
        impl Visitor for Names {
            fn visit_expr(&mut self, e: &Expr) {
                if let Expr::Ident(name) = e {
                    self.0.push((name.id, name.span));
                }
                walk_expr(self, e);
            }
        }
        let mut names = Names(Vec::new());
        names.visit_block(&lit.body);
        let mut seen = FxHashSet::default();
        for (id, span) in names.0 {
            let Some(obj) = self.w.info.use_of(id) else { continue };
            let object = self.w.object(obj);
            let outside = object.pos < lit.span.start || object.pos >= lit.span.end;
            let local = object.var_kind().is_some_and(|kind| kind != VarKind::Package);
            if local && outside && seen.insert(obj) {
                self.crosses(&span, object.ty(), Some(object.name.as_str()));
            }
        }
    }

    // ---- what crosses -----------------------------------------------------------------------------

    /// Reports a type whose values cannot cross between islands; `root` names the value where it has a name.
    pub fn crosses(&self, at: &impl Place, ty: TypeId, root: Option<&str>) {
        let mut walk = Walk { c: self, seen: FxHashSet::default(), path: Vec::new() };
        let Some(why) = walk.blocked(ty) else { return };
        let path: String = walk.path.concat();
        let message = match (root, path.is_empty()) {
            (None, true) => why,
            (None, false) => format!("{}{path}: {why}", self.ts(self.w.deref(ty).0)),
            (Some(root), _) => format!("{root}{path}: {why}"),
        };
        self.error(Code::CannotCrossIslands, at, message);
    }

    // ---- ports --------------------------------------------------------------------------------------

    /// `case p <- v:` with a port.
    pub fn no_port_send(&mut self, send: &'w SendStmt) {
        if matches!(self.w.under(self.w.info.type_of(send.chan.id())), Type::Port { .. }) {
            let message = "select cannot send to a port; use a goroutine or port.TrySend";
            self.error(Code::PortSendInSelect, &send.span, message);
        }
    }

    /// `make(island)`, `make(island, n)`, `make(port T, n)`.
    pub(super) fn make_isolated(&mut self, ty: TypeId, c: Call<'w>) -> Option<Operand<'w>> {
        let rest = &c.call.args[1..];
        let shown = super::show::call_string(c.call);
        let problem = match (self.w.under(ty), rest.len()) {
            (Type::Port { dir: Dir::Both, .. }, 1) | (Type::Island, 0 | 1) => None,
            (Type::Port { dir: Dir::Both, .. }, n) => Some(format!(
                "invalid operation: {shown} expects 2 arguments, a port's type and its capacity; found {}",
                n + 1
            )),
            (Type::Port { .. }, _) => {
                Some(format!("invalid argument: cannot make {}: only port T can be made", self.ts(ty)))
            }
            (_, n) => Some(format!("invalid operation: {shown} expects 1 or 2 arguments; found {}", n + 1)),
        };
        if let Some(message) = problem {
            self.error(Code::InvalidPort, &c.call.span, message);
            self.use_exprs(rest);
            return None;
        }
        for e in rest {
            if self.make_size(e) == Some(0) {
                let what = if matches!(self.w.under(ty), Type::Island) { "workers" } else { "capacity" };
                self.error(Code::InvalidPort, e, format!("invalid argument: {what} must be at least 1"));
            }
        }
        c.value(ty)
    }
}

/// The search for a part that cannot cross.
struct Walk<'c, 'w> {
    c: &'c Checker<'w>,
    seen: FxHashSet<TypeId>,
    path: Vec<String>,
}

impl Walk<'_, '_> {
    /// What of the type cannot cross; the path then leads to it.
    fn blocked(&mut self, ty: TypeId) -> Option<String> {
        let w = self.c.w;
        if !self.seen.insert(ty) {
            return None;
        }
        let shown = self.c.ts(ty);
        match w.under(ty) {
            _ if w.is_type_param(ty) => None,
            Type::Chan { elem, .. } => {
                Some(format!("{shown} cannot cross islands; use port<- {}", self.c.ts(*elem)))
            }
            // What goes through it has been looked at where its type is written.
            Type::Port { dir: Dir::Send, .. } => None,
            Type::Port { elem, .. } => {
                Some(format!("{shown} cannot cross islands; use port<- {}", self.c.ts(*elem)))
            }
            Type::Island | Type::Basic(Basic::UnsafePointer) => Some(format!("{shown} cannot cross islands")),
            Type::Pointer(elem) => self.step("", *elem),
            Type::Slice(elem) | Type::Array { elem, .. } => self.step("[...]", *elem),
            Type::Map { key, value } => self.step("[key]", *key).or_else(|| self.step("[...]", *value)),
            Type::Struct(s) => s.fields.iter().find_map(|f| self.step(&format!(".{}", f.name), f.ty)),
            _ => None,
        }
    }

    fn step(&mut self, name: &str, ty: TypeId) -> Option<String> {
        self.path.push(name.to_owned());
        let found = self.blocked(ty);
        if found.is_none() {
            self.path.pop();
        }
        found
    }
}
