//! Interfaces.

use super::Translator;
use crate::callbacks::Callback;
use crate::compile::ByType;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types};
use vo_bytecode::Reg;

impl Translator<'_, '_> {
    pub(crate) fn iface_eq(&mut self, dst: Reg, at: Reg, ad: Reg, bt: Reg, bd: Reg) {
        let (at, ad, bt, bd) = (self.get(at), self.get(ad), self.get(bt), self.get(bd));
        let (look, done) = (self.b.create_block(), self.b.create_block());
        let answer = self.b.append_block_param(done, types::I64);
        let same = self.b.ins().icmp(IntCC::Equal, at, bt);
        let zero = self.int(0);
        self.b.ins().brif(same, look, &[], done, &[zero.into()]);
        self.go_to(look);
        let outs = self.outs_area(1);
        self.check(Callback::iface_eq, &[at, ad, bt, bd, outs]);
        let equal = self.out(0);
        self.b.ins().jump(done, &[equal.into()]);
        self.go_to(done);
        self.set(dst, answer);
    }

    pub(crate) fn iface_impl(&mut self, dst: Reg, at: Reg, ty: u32) {
        let (at, iface) = (self.get(at), self.type_word_of(ty));
        let (some, done) = (self.b.create_block(), self.b.create_block());
        let answer = self.b.append_block_param(done, types::I64);
        let nil = self.int(0);
        self.b.ins().brif(at, some, &[], done, &[nil.into()]);
        self.go_to(some);
        let implements =
            self.by_type(ByType::Implements(ty), at, |t| t.ask_quietly(Callback::iface_impl, &[at, iface]));
        self.b.ins().jump(done, &[implements.into()]);
        self.go_to(done);
        self.set(dst, answer);
    }

    pub(crate) fn assert_fail(&mut self, at: Reg, from: u32, to: u32) {
        let values = [self.get(at), self.type_word_of(from), self.type_word_of(to)];
        let _ = self.ask(Callback::assert_fail, &values);
        self.panicked();
    }
}
