//! Deferred calls that a function makes by itself where it returns.
//!
//! The idea: where every `defer` statement runs at most once, and in the order of the text, the list of
//! deferred calls is known but for which statements were reached. So each statement keeps what it has
//! evaluated in registers of its own and sets a flag; each exit makes the calls whose flags are set, the last
//! first, as ordinary calls. Only a panic, or whatever else comes to the landing pad, needs the list: there the
//! calls still to be made are put onto it, and from then on it is as in any function that defers.
//!
//! ```text
//! start     set0 = false, args0 = zero …
//! defer     args0 = …; set0 = true
//! exit      if set1 { set1 = false; call1 }; if set0 { set0 = false; call0 }; Return
//! landing   if set0 { DeferPush list, args0 }; if set1 { DeferPush list, args1 }; sets = false; …
//! ```
//!
//! What must stay true: a flag is cleared before its call begins, so that a panic in it does not find it
//! again; the registers have values from the start on, since every instruction may lead to the landing pad.

use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{Block, NodeId, Stmt};

use super::Lower;
use super::call::Callee;
use crate::program::Code;

/// The `defer` statements of a function so far, and what is known of those to come.
#[derive(Default)]
pub(super) struct OpenDefers {
    calls: Vec<OpenCall>,
    /// Statements that nothing jumps over: exits behind them make their calls without asking.
    certain: Vec<NodeId>,
}

/// One statement's call.
struct OpenCall {
    /// Whether the statement was reached and the call has not begun.
    set: Reg,
    certain: bool,
    on_error: bool,
    callee: Callee,
    args: Vec<u16>,
    results: Vec<Class>,
}

impl OpenDefers {
    /// Of a function with this body.
    pub(super) fn of(block: &Block) -> OpenDefers {
        let certain = block.stmts.iter().filter_map(|stmt| match stmt {
            Stmt::Defer(s) => Some(s.id),
            _ => None,
        });
        OpenDefers { calls: Vec::new(), certain: certain.collect() }
    }
}

impl Lower<'_, '_> {
    /// Keeps a deferred call, whose function and arguments have been evaluated.
    pub(super) fn open_defer(
        &mut self,
        stmt: NodeId,
        (callee, args): (Callee, Vec<u16>),
        results: Vec<Class>,
        on_error: bool,
    ) {
        let args: Vec<u16> = args.into_iter().map(|arg| self.keep_reg(Reg(arg)).0).collect();
        let callee = match callee {
            Callee::Closure(closure) => Callee::Closure(self.keep_reg(closure)),
            Callee::Iface { ty, data, method } => {
                self.nil_method_panics(ty, data, method, &args);
                Callee::Iface { ty: self.keep_reg(ty), data: self.keep_reg(data), method }
            }
            callee => callee,
        };
        let set = self.kept_reg(Class::Int);
        self.int(set, 1);
        let Some(open) = &mut self.open else { return };
        let certain = open.certain.contains(&stmt) && !on_error;
        open.calls.push(OpenCall { set, certain, on_error, callee, args, results });
    }

    /// `defer x.m()` panics here where `x` is nil. The list does not get the call.
    fn nil_method_panics(&mut self, ty: Reg, data: Reg, method: u32, args: &[u16]) {
        let ok = self.label();
        let list = self.defers.expect("internal error: defer without list");
        self.emit(Inst::JumpNeImm { a: ty, imm: 0, target: ok.0 });
        self.emit(Inst::DeferIface { list, ty, data, method, args: RegList(args) });
        self.bind(ok);
    }

    fn kept_reg(&mut self, class: Class) -> Reg {
        let dst = self.f.regs.pinned(class);
        self.f.emit_at_start(Inst::Zero { dst });
        dst
    }

    fn keep_reg(&mut self, src: Reg) -> Reg {
        let dst = self.kept_reg(self.f.regs.class(src));
        self.emit(Inst::Mov { dst, src });
        dst
    }

    /// Makes the deferred calls at an exit.
    pub(super) fn run_open_defers(&mut self) {
        let Some(open) = self.open.take() else { return };
        for call in open.calls.iter().rev() {
            let done = self.label();
            if !call.certain {
                self.emit(Inst::JumpIfNot { a: call.set, target: done.0 });
            }
            self.emit(Inst::Zero { dst: call.set });
            let results = self.tmps(&call.results);
            self.emit_call(&call.callee, &call.args, &results);
            self.bind(done);
        }
        self.open = Some(open);
    }

    /// Forgets the calls of `errdefer`: no error is returned.
    pub(super) fn drop_open_err_defers(&mut self) {
        let Some(open) = self.open.take() else { return };
        for call in open.calls.iter().filter(|call| call.on_error) {
            self.emit(Inst::Zero { dst: call.set });
        }
        self.open = Some(open);
    }

    /// At the landing pad: the calls that are still to be made go onto the list.
    pub(super) fn list_open_defers(&mut self, list: Reg) {
        let Some(open) = self.open.take() else { return };
        for OpenCall { set, on_error, callee, args, .. } in &open.calls {
            let next = self.label();
            self.emit(Inst::JumpIfNot { a: *set, target: next.0 });
            self.list_deferred(list, callee, args, *on_error);
            self.emit(Inst::Zero { dst: *set });
            self.bind(next);
        }
    }

    /// Puts a call before the list of deferred calls.
    pub(super) fn list_deferred(&mut self, list: Reg, callee: &Callee, args: &[u16], on_error: bool) {
        let args = RegList(args);
        match *callee {
            Callee::Code(Code::Func(func)) => self.emit(Inst::DeferPush { list, func, args }),
            Callee::Closure(closure) => self.emit(Inst::DeferClosure { list, closure, args }),
            Callee::Iface { ty, data, method } => {
                self.emit(Inst::DeferIface { list, ty, data, method, args })
            }
            Callee::Code(_) => panic!("internal error: defer of no function"),
        }
        if on_error {
            self.emit(Inst::ErrDeferPush { list });
        }
    }
}
