//! Interface values: boxing, type words, type assertions.

use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, Expr, Node};
use vo_types::types::TypeId;

use super::{Hint, Lower, Place, Regs, Value, Wish};
use crate::func::Label;

impl<'w> Lower<'_, 'w> {
    /// A register with a type's word.
    pub(super) fn type_word(&mut self, ty: TypeId) -> Reg {
        let dst = self.tmp_int();
        self.type_word_to(ty, dst);
        dst
    }

    fn type_word_to(&mut self, ty: TypeId, dst: Reg) {
        let ty = self.desc(ty);
        self.emit(Inst::TypeWord { dst, ty });
    }

    /// An expression of a concrete type as an interface value.
    pub(super) fn box_expr(&mut self, e: &'w Expr, from: TypeId, wish: Wish<'_>) -> Value {
        let value = self.expr(e, None);
        self.box_value(value, from, wish)
    }

    /// A value of a concrete type as an interface value.
    pub(super) fn box_value(&mut self, value: Value, from: TypeId, wish: Wish<'_>) -> Value {
        self.p.mark_boxed(from);
        let dst = self.dsts(wish, &[Class::Int, Class::Any]);
        // The value may lie in a wished-for register: the data word first, the type word over it last.
        self.box_data(value, from, dst[1]);
        self.type_word_to(from, dst[0]);
        Value::Regs(dst)
    }

    /// The data word for a value.
    pub(super) fn box_data(&mut self, value: Value, ty: TypeId, dst: Reg) {
        match value {
            Value::Regs(regs) if regs.is_empty() => self.emit(Inst::Zero { dst }),
            Value::Regs(regs) if regs.len() == 1 => match self.f.regs.class(regs[0]) {
                Class::F64 => self.emit(Inst::BitsFromF64 { dst, a: regs[0] }),
                Class::F32 => self.emit(Inst::BitsFromF32 { dst, a: regs[0] }),
                _ => self.mov(dst, regs[0]),
            },
            Value::Regs(regs) => {
                let ptr = self.tmp(Class::Ptr);
                let desc = self.desc(ty);
                self.emit(Inst::New { dst: ptr, ty: desc });
                self.store(&Place::at(ptr), ty, &regs);
                self.mov(dst, ptr);
            }
            value => {
                let ptr = self.own(value, ty);
                self.mov(dst, ptr);
            }
        }
    }

    /// The value that a data word stands for.
    pub(super) fn unbox(&mut self, data: Reg, ty: TypeId, wish: Wish<'_>) -> Value {
        let classes = self.classes(ty);
        match self.leaves(ty) {
            Some(leaves) if leaves.is_empty() => Value::Regs(Regs::new()),
            Some(leaves) if leaves.len() == 1 => {
                let dst = self.dst(wish, classes[0]);
                match classes[0] {
                    Class::F64 => self.emit(Inst::F64FromBits { dst, a: data }),
                    Class::F32 => self.emit(Inst::F32FromBits { dst, a: data }),
                    _ => self.mov(dst, data),
                }
                Value::one(dst)
            }
            _ => {
                let ptr = self.tmp(Class::Ptr);
                self.mov(ptr, data);
                self.load_value(Place::at(ptr), ty, wish)
            }
        }
    }

    /// Goes to `no` where the dynamic type in `word` is not `ty`, or does not implement it.
    pub(super) fn type_test(&mut self, word: Reg, ty: TypeId, no: Label) {
        if self.is_interface(ty) {
            let dst = self.tmp_int();
            let ty = self.desc(ty);
            self.emit(Inst::IfaceImpl { dst, at: word, ty });
            self.emit(Inst::JumpIfNot { a: dst, target: no.0 });
        } else {
            let want = self.type_word(ty);
            self.emit(Inst::JumpNe { a: word, b: want, target: no.0 });
        }
    }

    /// Goes to `yes` where the dynamic type in `word` is `ty`, or implements it.
    pub(super) fn type_hit(&mut self, word: Reg, ty: TypeId, yes: Label) {
        if self.is_interface(ty) {
            let dst = self.tmp_int();
            let ty = self.desc(ty);
            self.emit(Inst::IfaceImpl { dst, at: word, ty });
            self.emit(Inst::JumpIf { a: dst, target: yes.0 });
        } else {
            let want = self.type_word(ty);
            self.emit(Inst::JumpEq { a: word, b: want, target: yes.0 });
        }
    }

    /// The interface value as a value of a type that it has been found to be of.
    pub(super) fn asserted(&mut self, iface: &Regs, ty: TypeId, wish: Wish<'_>) -> Value {
        match self.is_interface(ty) {
            true => Value::Regs(iface.clone()),
            false => self.unbox(iface[1], ty, wish),
        }
    }

    /// `x.(T)`
    pub(super) fn type_assert(&mut self, e: &'w Expr, x: &'w ast::TypeAssertExpr, wish: Wish<'_>) -> Value {
        let from = self.ty(&x.x);
        let to = self.asserted_type(x);
        let iface = self.regs(&x.x);
        self.at(e.pos());
        let yes = self.label();
        self.type_hit(iface[0], to, yes);
        let (from, target) = (self.desc(from), self.desc(to));
        self.emit(Inst::AssertFail { at: iface[0], from, to: target });
        self.bind(yes);
        self.asserted(&iface, to, wish)
    }

    fn asserted_type(&self, x: &'w ast::TypeAssertExpr) -> TypeId {
        self.ty(x.ty.as_ref().expect("internal error: type assertion without type"))
    }

    /// `v, ok := x.(T)`: both registers are written on either way.
    pub(super) fn type_assert_ok(&mut self, x: &'w ast::TypeAssertExpr) -> (Value, Reg) {
        let to = self.asserted_type(x);
        let ok = self.tmp_int();
        let classes = self.classes(to);
        let dst = self.tmps(&classes);
        self.type_assert_into(x, &dst, ok);
        (self.arrived(&dst, to), ok)
    }

    /// `v, ok := x.(T)` into registers that nothing reads meanwhile.
    pub(super) fn type_assert_into(&mut self, x: &'w ast::TypeAssertExpr, dst: &[Reg], ok: Reg) {
        let to = self.asserted_type(x);
        let iface = self.regs(&x.x);
        let wish = Some(Hint { regs: dst, fresh: true });
        let (no, end) = (self.label(), self.label());
        self.type_test(iface[0], to, no);
        let held = self.asserted(&iface, to, wish);
        let held = self.words(held, to);
        self.moves(dst, &held);
        self.int(ok, 1);
        self.jump(end);
        self.bind(no);
        let none = self.zero(to, wish);
        let none = self.words(none, to);
        self.moves(dst, &none);
        self.emit(Inst::Zero { dst: ok });
        self.bind(end);
    }
}
