//! Maps. Keys of eight or four bytes and strings have callbacks of their own, which answer the element's address
//! and nothing else; other keys go through callbacks that know three forms of keys and answer a status.

use super::Translator;
use crate::abi::{STATUS, plain};
use crate::callbacks::Callback;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use vo_bytecode::{Reg, Status};
use vo_runtime::panic::RuntimePanic;
use vo_runtime::rtype::KeyForm;

const INT: i64 = 0;
const STR: i64 = 1;
const MEM: i64 = 2;

/// What a lookup of [`Callback::map_find64`] and its like answers where the program ends.
const ENDING: i64 = 1;

impl Translator<'_, '_> {
    /// The callbacks that find and put keys of a map of integers, where it has such.
    fn int_doors(&self, ty: u32) -> Option<(Callback, Callback)> {
        match self.link.types.get(ty).map_shape().form {
            KeyForm::Int(8) => Some((Callback::map_find64, Callback::map_put64)),
            KeyForm::Int(4) => Some((Callback::map_find32, Callback::map_put32)),
            _ => None,
        }
    }

    /// Leaves where `cond` holds: the program ends.
    fn leave_if(&mut self, cond: Value) {
        let (exit, on) = (self.exit_block(), self.b.create_block());
        let wake = self.b.ins().iconst(STATUS, Status::Wake as i64);
        self.b.ins().brif(cond, exit, &[wake.into()], on, &[]);
        self.go_to(on);
    }

    fn find(&mut self, door: Callback, elem: Reg, ok: Reg, map: Reg, key: &[Value], ty: u32) {
        let zero = self.link.types.get(ty).map_shape().zero;
        let (map, ty) = (self.get(map), self.type_word_of(ty));
        let args: Vec<Value> = [map].into_iter().chain(key.iter().copied()).chain([ty]).collect();
        let found = self.ask(door, &args);
        let ending = self.b.ins().icmp_imm_s(IntCC::Equal, found, ENDING);
        self.leave_if(ending);
        let there = self.b.ins().icmp_imm_s(IntCC::NotEqual, found, 0);
        let zero = self.int(zero as i64);
        let address = self.b.ins().select(there, found, zero);
        self.set(elem, address);
        self.set_checked(elem);
        self.set_bool(ok, there);
    }

    fn put(&mut self, door: Callback, elem: Reg, map: Reg, key: &[Value], ty: u32) {
        let (map, ty) = (self.get(map), self.type_word_of(ty));
        let nil = self.b.ins().icmp_imm_s(IntCC::Equal, map, 0);
        self.trap_if(nil, RuntimePanic::NilMapAssign {}, None, None);
        let args: Vec<Value> = [map].into_iter().chain(key.iter().copied()).chain([ty]).collect();
        let address = self.made(door, &args);
        self.set(elem, address);
    }

    fn map_get(&mut self, form: i64, elem: Reg, ok: Reg, map: Reg, key: [Value; 2], ty: u32) {
        let (form, map, ty, outs) = (self.int(form), self.get(map), self.type_word_of(ty), self.outs_area(2));
        self.check(Callback::map_get, &[form, map, key[0], key[1], ty, outs]);
        let (address, there) = (self.out(0), self.out(1));
        self.set(elem, address);
        self.set_checked(elem);
        self.set(ok, there);
    }

    fn map_set(&mut self, form: i64, elem: Reg, map: Reg, key: [Value; 2], ty: u32) {
        let (form, map, ty, outs) = (self.int(form), self.get(map), self.type_word_of(ty), self.outs_area(1));
        self.check(Callback::map_set, &[form, map, key[0], key[1], ty, outs]);
        let address = self.out(0);
        self.set(elem, address);
        self.set_checked(elem);
    }

    fn map_delete(&mut self, form: i64, map: Reg, key: [Value; 2], ty: u32) {
        let (form, map, ty) = (self.int(form), self.get(map), self.type_word_of(ty));
        self.check(Callback::map_delete, &[form, map, key[0], key[1], ty]);
    }

    fn int_key(&mut self, key: Reg) -> [Value; 2] {
        [self.word(key), self.int(0)]
    }

    fn str_key(&mut self, ptr: Reg, len: Reg) -> [Value; 2] {
        [self.get(ptr), self.get(len)]
    }

    pub(crate) fn map_new(&mut self, dst: Reg, ty: u32, n: Reg) {
        let (ty, n) = (self.type_word_of(ty), self.get(n));
        let map = self.made(Callback::map_new, &[ty, n]);
        self.set(dst, map);
    }

    pub(crate) fn map_get_int(&mut self, elem: Reg, ok: Reg, map: Reg, key: Reg, ty: u32) {
        let key = self.int_key(key);
        match self.int_doors(ty) {
            Some((find, _)) => self.find(find, elem, ok, map, &key[..1], ty),
            None => self.map_get(INT, elem, ok, map, key, ty),
        }
    }

    pub(crate) fn map_get_str(&mut self, elem: Reg, ok: Reg, map: Reg, kp: Reg, kl: Reg, ty: u32) {
        let key = self.str_key(kp, kl);
        self.find(Callback::map_find_str, elem, ok, map, &key, ty);
    }

    pub(crate) fn map_get_mem(&mut self, elem: Reg, ok: Reg, map: Reg, key: Reg, ty: u32) {
        let key = self.int_key(key);
        self.map_get(MEM, elem, ok, map, key, ty);
    }

    pub(crate) fn map_set_int(&mut self, elem: Reg, map: Reg, key: Reg, ty: u32) {
        let key = self.int_key(key);
        match self.int_doors(ty) {
            Some((_, put)) => self.put(put, elem, map, &key[..1], ty),
            None => self.map_set(INT, elem, map, key, ty),
        }
    }

    pub(crate) fn map_set_str(&mut self, elem: Reg, map: Reg, kp: Reg, kl: Reg, ty: u32) {
        let key = self.str_key(kp, kl);
        self.put(Callback::map_put_str, elem, map, &key, ty);
    }

    pub(crate) fn map_set_mem(&mut self, elem: Reg, map: Reg, key: Reg, ty: u32) {
        let key = self.int_key(key);
        self.map_set(MEM, elem, map, key, ty);
    }

    pub(crate) fn map_del_int(&mut self, map: Reg, key: Reg, ty: u32) {
        let key = self.int_key(key);
        self.map_delete(INT, map, key, ty);
    }

    pub(crate) fn map_del_str(&mut self, map: Reg, kp: Reg, kl: Reg, ty: u32) {
        let key = self.str_key(kp, kl);
        self.map_delete(STR, map, key, ty);
    }

    pub(crate) fn map_del_mem(&mut self, map: Reg, key: Reg, ty: u32) {
        let key = self.int_key(key);
        self.map_delete(MEM, map, key, ty);
    }

    pub(crate) fn map_len(&mut self, dst: Reg, map: Reg) {
        let map = self.get(map);
        let (some, done) = (self.b.create_block(), self.b.create_block());
        let len = self.b.append_block_param(done, types::I64);
        let none = self.int(0);
        self.b.ins().brif(map, some, &[], done, &[none.into()]);
        self.go_to(some);
        // The count is a map's first word.
        let count = self.b.ins().load(types::I64, plain(), map, 0);
        self.b.ins().jump(done, &[count.into()]);
        self.go_to(done);
        self.set(dst, len);
    }

    pub(crate) fn map_clear(&mut self, map: Reg, ty: u32) {
        let (map, ty) = (self.get(map), self.type_word_of(ty));
        self.check(Callback::map_clear, &[map, ty]);
    }

    pub(crate) fn map_iter(&mut self, dst: Reg, map: Reg, ty: u32) {
        let (map, ty) = (self.get(map), self.type_word_of(ty));
        let iter = self.made(Callback::map_iter, &[map, ty]);
        self.set(dst, iter);
    }

    pub(crate) fn map_next(&mut self, ok: Reg, key: Reg, elem: Reg, iter: Reg) {
        let (iter, outs) = (self.get(iter), self.outs_area(2));
        let more = self.ask(Callback::map_next, &[iter, outs]);
        let ending = self.b.ins().icmp_imm_s(IntCC::Equal, more, 2);
        self.leave_if(ending);
        let words = [self.out(0), self.out(1)];
        // Behind the last entry they are no addresses.
        words.into_iter().for_each(|word| self.memory.doubt(word));
        self.set(key, words[0]);
        self.set(elem, words[1]);
        self.set(ok, more);
    }
}
