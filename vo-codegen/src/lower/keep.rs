//! `//go:uintptrescapes`: a call whose arguments convert pointers to integers keeps what those point at.
//!
//! An integer keeps nothing alive. A function with this directive is told addresses as integers, and whoever calls it with
//! `uintptr(p)` among the arguments, `p` an `unsafe.Pointer`, relies on `*p` until the call returns. So the pointers are kept in registers of
//! their own, which `runtime.KeepAlive` takes after the call. Calls by `go` and `defer`, and through function values and interfaces, keep nothing.
//!
//! Must stay true: between the arguments of a call and the call itself nothing else is called.

use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{CallExpr, Expr, Node};
use vo_types::info::Mode;
use vo_types::object::ObjId;
use vo_types::types::{Basic, Type, TypeId};

use super::Lower;

/// Pointers that conversions of arguments have met, and their types.
#[derive(Default)]
pub(super) struct Kept {
    /// While the arguments of a call that keeps are evaluated.
    met: Option<Vec<(Reg, TypeId)>>,
    /// For the call that is about to be made.
    due: Vec<(Reg, TypeId)>,
}

impl<'w> Lower<'_, 'w> {
    /// Evaluates the arguments of a call with `evaluate`, and has the call keep what they convert, if what is called wants that.
    pub(super) fn keeping<R>(
        &mut self,
        called: Option<ObjId>,
        call: &'w CallExpr,
        evaluate: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let keeps = called.is_some_and(|obj| self.converts_pointers(call) && self.wants_kept(obj));
        let outer = std::mem::replace(&mut self.kept.met, keeps.then(Vec::new));
        let result = evaluate(self);
        self.kept.due = std::mem::replace(&mut self.kept.met, outer).unwrap_or_default();
        result
    }

    /// A pointer in `reg` is converted to an integer.
    pub(super) fn keep_pointer(&mut self, reg: Reg, ty: TypeId) {
        if self.kept.met.is_none() {
            return;
        }
        // A variable: the arguments' temporaries may be given back before the call.
        let own = self.f.regs.var(Class::Any);
        self.mov(own, reg);
        self.kept.met.get_or_insert_default().push((own, ty));
    }

    /// The call has been made.
    pub(super) fn release_kept(&mut self) {
        for (reg, ty) in std::mem::take(&mut self.kept.due) {
            let word = self.type_word(ty);
            let native = self.p.native("runtime.KeepAlive", &[Class::Int, Class::Any], &[]);
            self.emit(Inst::CallNative { native, args: RegList(&[word.0, reg.0]), results: RegList(&[]) });
        }
    }

    /// Whether an argument is `uintptr(p)`, which hardly any is: only then the callee's declaration is looked at.
    fn converts_pointers(&self, call: &'w CallExpr) -> bool {
        let is_basic = |e: &'w Expr, basic| matches!(*self.under(self.ty(e)), Type::Basic(b) if b == basic);
        call.args.iter().any(|arg| match arg.unparen() {
            Expr::Call(conversion) => {
                let fun = self.world.info.type_and_value(conversion.fun.id());
                fun.is_some_and(|tv| tv.mode == Mode::TypeExpr)
                    && is_basic(arg, Basic::Uintptr)
                    && is_basic(&conversion.args[0], Basic::UnsafePointer)
            }
            _ => false,
        })
    }

    fn wants_kept(&mut self, obj: ObjId) -> bool {
        let decl = self.p.decl(obj);
        decl.is_some_and(|decl| decl.directives.iter().any(|d| d.verb() == "go:uintptrescapes"))
    }
}
