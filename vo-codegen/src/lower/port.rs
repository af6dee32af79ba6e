//! Islands and ports: making them, `go @(island)`, and what ports have of their own where channels have an instruction.

use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, Expr};
use vo_types::types::{Type, TypeId};

use super::call::Callee;
use super::{Lower, Value, Wish};
use crate::lower::Spawned;
use crate::program::Code;

impl<'w> Lower<'_, 'w> {
    /// Whether a type is a port's, not a channel's.
    pub(super) fn is_port(&self, ty: TypeId) -> bool {
        matches!(self.under(ty), Type::Port { .. })
    }

    /// Receives from a channel or port of type `ty`.
    pub(super) fn emit_receive(&mut self, ty: TypeId, ok: Reg, words: &[u16], from: Reg) {
        let words = RegList(words);
        self.emit(match self.is_port(ty) {
            true => Inst::PortRecv { ok, words, port: from },
            false => Inst::ChanRecv { ok, words, chan: from },
        });
    }

    /// Sends to a channel or port of type `ty`.
    pub(super) fn emit_send(&mut self, ty: TypeId, to: Reg, words: &[u16]) {
        let words = RegList(words);
        self.emit(match self.is_port(ty) {
            true => Inst::PortSend { port: to, words },
            false => Inst::ChanSend { chan: to, words },
        });
    }

    /// `make(island)`, `make(island, n)`
    pub(super) fn make_island(&mut self, workers: Option<Reg>, wish: Wish<'_>) -> Value {
        // No number is any number; a number that is not positive panics.
        let n = match workers {
            None => self.const_int(0),
            Some(n) => {
                let (some, zero) = (self.label(), self.label());
                let dst = self.tmp_int();
                self.mov(dst, n);
                self.emit(Inst::JumpEqImm { a: dst, imm: 0, target: zero.0 });
                self.jump(some);
                self.bind(zero);
                self.emit(Inst::ConstI32 { dst, value: -1 });
                self.bind(some);
                dst
            }
        };
        let dst = self.dst(wish, Class::Ptr);
        self.emit(Inst::IslandNew { dst, n });
        Value::one(dst)
    }

    /// `go @(target) call`: the call becomes a closure over all that it takes, and the closure crosses.
    pub(super) fn go_island(&mut self, s: &'w ast::GoStmt, target: &'w Expr) {
        let island = self.reg(target);
        let island = self.copied(island);
        let closure = self.spawned(&s.call);
        self.at(s.span.start);
        self.emit(Inst::GoIsland { island, closure });
    }

    /// The closure without parameters and results that makes a call.
    fn spawned(&mut self, call: &'w ast::CallExpr) -> Reg {
        let fun = call.fun.unparen();
        if let (Expr::FuncLit(_), []) = (fun, &call.args[..])
            && self.signature(self.ty(fun)).results.is_empty()
        {
            return self.reg(fun);
        }
        let results = self.later_results(call);
        let (callee, args, params) = self.later(call);
        let (callee, first, mut types) = match callee {
            Callee::Code(Code::Func(func)) => (Spawned::Func(func), Vec::new(), Vec::new()),
            Callee::Closure(closure) => (Spawned::Closure, vec![closure], vec![self.ty(fun)]),
            Callee::Iface { ty, data, method } => {
                self.p.mark_called(method);
                (Spawned::Iface(method), vec![ty, data], vec![TypeId::EMPTY_INTERFACE])
            }
            Callee::Code(_) => panic!("internal error: go of no function"),
        };
        types.extend(params);
        let words: Vec<Reg> = first.into_iter().chain(args.into_iter().map(Reg)).collect();
        let func = self.p.spawn_thunk(callee, &types, results);
        let held = types.iter().map(|&ty| self.held(ty)).collect();
        self.p.set_captures(func, held);
        self.closure(func, &words, None).regs()[0]
    }
}
