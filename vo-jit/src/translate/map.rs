//! Maps: everything goes through the callbacks, which know three forms of keys.

use super::Translator;
use crate::callbacks::Callback;
use cranelift_codegen::ir::Value;
use vo_bytecode::Reg;

const INT: i64 = 0;
const STR: i64 = 1;
const MEM: i64 = 2;

impl Translator<'_, '_> {
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
        self.map_get(INT, elem, ok, map, key, ty);
    }

    pub(crate) fn map_get_str(&mut self, elem: Reg, ok: Reg, map: Reg, kp: Reg, kl: Reg, ty: u32) {
        let key = self.str_key(kp, kl);
        self.map_get(STR, elem, ok, map, key, ty);
    }

    pub(crate) fn map_get_mem(&mut self, elem: Reg, ok: Reg, map: Reg, key: Reg, ty: u32) {
        let key = self.int_key(key);
        self.map_get(MEM, elem, ok, map, key, ty);
    }

    pub(crate) fn map_set_int(&mut self, elem: Reg, map: Reg, key: Reg, ty: u32) {
        let key = self.int_key(key);
        self.map_set(INT, elem, map, key, ty);
    }

    pub(crate) fn map_set_str(&mut self, elem: Reg, map: Reg, kp: Reg, kl: Reg, ty: u32) {
        let key = self.str_key(kp, kl);
        self.map_set(STR, elem, map, key, ty);
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
        let len = self.ask(Callback::map_len, &[map]);
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
        let (iter, outs) = (self.get(iter), self.outs_area(3));
        self.check(Callback::map_next, &[iter, outs]);
        let words = [self.out(0), self.out(1), self.out(2)];
        self.set(key, words[1]);
        self.set(elem, words[2]);
        self.set(ok, words[0]);
    }
}
