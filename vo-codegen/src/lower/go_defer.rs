//! `go` and `defer`: the function and its arguments are evaluated now, the call is made later.
//!
//! A built-in function becomes a call of a function made for it, which takes the evaluated operands.

use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Inst};
use vo_syntax::ast::{self, Node, NodeId};
use vo_syntax::source::Pos;
use vo_types::info::Mode;
use vo_types::types::TypeId;
use vo_types::universe::Builtin;

use super::call::{Callee, MethodTarget};
use super::{Lower, Regs};
use crate::program::Code;

impl<'w> Lower<'_, 'w> {
    pub(super) fn go_stmt(&mut self, s: &'w ast::GoStmt) {
        if let Some(target) = &s.target {
            return self.go_island(s, target);
        }
        let (callee, args, _) = self.later(&s.call);
        self.at(s.span.start);
        let args = RegList(&args);
        match callee {
            Callee::Code(Code::Func(func)) => self.emit(Inst::GoStart { func, args }),
            Callee::Closure(closure) => self.emit(Inst::GoClosure { closure, args }),
            Callee::Iface { ty, data, method } => self.emit(Inst::GoIface { ty, data, method, args }),
            Callee::Code(_) => panic!("internal error: go of no function"),
        }
    }

    pub(super) fn errdefer_stmt(&mut self, s: &'w ast::ErrDeferStmt) {
        self.deferred(s.id, &s.call, s.span.start, true);
    }

    pub(super) fn defer_stmt(&mut self, s: &'w ast::DeferStmt) {
        self.deferred(s.id, &s.call, s.span.start, false);
    }

    /// `on_error` says that the call is one of `errdefer`.
    fn deferred(&mut self, stmt: NodeId, call: &'w ast::CallExpr, pos: Pos, on_error: bool) {
        let (callee, args, _) = self.later(call);
        if self.open.is_some() {
            let results = self.later_results(call);
            self.at(pos);
            return self.open_defer(stmt, (callee, args), results, on_error);
        }
        let list = match self.defer_box {
            Some(base) => {
                let dst = self.tmp(Class::Ptr);
                self.emit(Inst::LoadPtr { dst, base, offset: 0 });
                dst
            }
            None => self.defers.expect("internal error: defer without list"),
        };
        self.at(pos);
        self.list_deferred(list, &callee, &args, on_error);
        if let Some(base) = self.defer_box {
            self.emit(Inst::StorePtr { base, offset: 0, src: list });
        }
    }

    /// What a call that is made later answers, to nobody.
    pub(super) fn later_results(&mut self, call: &'w ast::CallExpr) -> Vec<Class> {
        let fun = call.fun.unparen();
        let tv = self.world.info.type_and_value(fun.id());
        if tv.is_some_and(|tv| matches!(tv.mode, Mode::Builtin(_))) {
            return Vec::new();
        }
        let sig = self.ty(fun);
        self.p.types.signature_classes(sig).1
    }

    /// What is to be called later, the words that it takes (receiver and arguments), and the types of those. A closure or
    /// an interface value is not among them.
    pub(super) fn later(&mut self, call: &'w ast::CallExpr) -> (Callee, Vec<u16>, Vec<TypeId>) {
        let tv = self.world.info.type_and_value(call.fun.id());
        if let Some(Mode::Builtin(builtin)) = tv.map(|tv| tv.mode) {
            return self.later_builtin(builtin, call);
        }
        let fun = call.fun.unparen();
        // A function of the library must be one that a fiber can run.
        if let Some((obj, targs)) = self.static_function(fun) {
            let sig = self.ty(fun);
            let func = self.p.func_of(obj, &targs);
            let args = self.argument_words(self.signature(sig), &call.args, call.ellipsis.is_valid());
            let words = args.iter().map(|r| r.0).collect();
            return (Callee::Code(Code::Func(func)), words, self.param_types(sig));
        }
        if let Some((sel, selection)) = self.method_selection(fun) {
            let resolved = self.resolve(sel, selection);
            if let MethodTarget::Declared { obj, targs, by_pointer } = resolved.target {
                let sig = self.ty(fun);
                let base = self.location(&sel.x);
                let recv = self.ty(&sel.x);
                let (at, ty) = self.walk(base, recv, &resolved.path);
                let first = self.receiver(at, ty, by_pointer);
                let func = self.p.func_of(obj, &targs);
                let mut types: Vec<TypeId> = self.p.receiver_type(obj, &targs).into_iter().collect();
                types.extend(self.param_types(sig));
                return (Callee::Code(Code::Func(func)), self.later_args(&first, sig, call), types);
            }
        }
        let prepared = self.prepare(fun);
        let args = self.arguments(&prepared, call);
        let types = self.param_types(prepared.sig);
        (prepared.callee, args, types)
    }

    fn param_types(&self, sig: TypeId) -> Vec<TypeId> {
        self.signature(sig).params.iter().map(|p| self.subst(p.ty)).collect()
    }

    fn later_args(&mut self, first: &Regs, sig: TypeId, call: &'w ast::CallExpr) -> Vec<u16> {
        let args = self.argument_words(self.signature(sig), &call.args, call.ellipsis.is_valid());
        first.iter().chain(&args).map(|r| r.0).collect()
    }

    fn later_builtin(&mut self, b: Builtin, call: &'w ast::CallExpr) -> (Callee, Vec<u16>, Vec<TypeId>) {
        let (types, values) = self.effect_operands(b, call);
        let mut words = Vec::new();
        for (value, &ty) in values.into_iter().zip(&types) {
            words.extend(self.words(value, ty).iter().map(|r| r.0));
        }
        let out = self.prints_out(call);
        let func = self.p.builtin_thunk(b, types.clone(), out);
        (Callee::Code(Code::Func(func)), words, types)
    }
}
