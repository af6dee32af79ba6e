//! Maps. A lookup answers the address of the element; loads and stores follow.

use crate::interp::{Flow, Interp};
use vo_bytecode::Reg;
use vo_runtime::object::map;
use vo_runtime::panic::Trap;
use vo_runtime::rtype::Ty;
use vo_runtime::value::Str;

impl Interp<'_> {
    #[inline(always)]
    fn ty(&self, ty: u32) -> Ty {
        self.m.program().ty(ty)
    }

    /// The string key in two registers.
    #[inline(always)]
    fn key(&self, ptr: Reg, len: Reg) -> Str {
        Str { ptr: self.w.get(ptr), len: self.w.get(len) }
    }

    #[inline(always)]
    fn put_found(&mut self, elem: Reg, ok: Reg, found: Result<(u64, bool), Trap>) -> Flow {
        match found {
            Ok((addr, there)) => {
                self.w.set(elem, addr);
                self.w.set(ok, u64::from(there));
                Flow::Next
            }
            Err(trap) => self.trap(trap),
        }
    }

    #[inline(always)]
    pub(crate) fn map_new(&mut self, dst: Reg, ty: u32, n: Reg) -> Flow {
        let (ty, n) = (self.ty(ty), self.w.int(n));
        let made = self.m.ensure(self.site()).and_then(|()| map::new(self.m.cache(), ty, n));
        self.put_result(dst, made)
    }

    #[inline(always)]
    pub(crate) fn map_get_int(&mut self, elem: Reg, ok: Reg, map: Reg, key: Reg, ty: u32) -> Flow {
        // SAFETY: verified code gives a map of the type, or nil, and a key of its form.
        let found = unsafe { map::get_int(self.w.get(map), self.w.get(key), self.ty(ty)) };
        self.put_found(elem, ok, found)
    }

    #[inline(always)]
    pub(crate) fn map_set_int(&mut self, elem: Reg, map: Reg, key: Reg, ty: u32) -> Flow {
        let (ty, map, key) = (self.ty(ty), self.w.get(map), self.w.get(key));
        // SAFETY: verified code gives a map of the type, or nil, and a key of its form.
        let set =
            self.m.ensure(self.site()).and_then(|()| unsafe { map::set_int(self.m.cache(), map, key, ty) });
        self.put_result(elem, set)
    }

    #[inline(always)]
    pub(crate) fn map_del_int(&mut self, map: Reg, key: Reg, ty: u32) -> Flow {
        // SAFETY: verified code gives a map of the type, or nil, and a key of its form.
        let deleted = unsafe { map::delete_int(self.w.get(map), self.w.get(key), self.ty(ty)) };
        self.done(deleted)
    }

    #[inline(always)]
    pub(crate) fn map_get_str(&mut self, elem: Reg, ok: Reg, map: Reg, kp: Reg, kl: Reg, ty: u32) -> Flow {
        // SAFETY: verified code gives a map of the type, or nil, and a key of its form.
        let found = unsafe { map::get_str(self.w.get(map), self.key(kp, kl), self.ty(ty)) };
        self.put_found(elem, ok, found)
    }

    #[inline(always)]
    pub(crate) fn map_set_str(&mut self, elem: Reg, map: Reg, kp: Reg, kl: Reg, ty: u32) -> Flow {
        let (ty, map, key) = (self.ty(ty), self.w.get(map), self.key(kp, kl));
        // SAFETY: verified code gives a map of the type, or nil, and a key of its form.
        let set =
            self.m.ensure(self.site()).and_then(|()| unsafe { map::set_str(self.m.cache(), map, key, ty) });
        self.put_result(elem, set)
    }

    #[inline(always)]
    pub(crate) fn map_del_str(&mut self, map: Reg, kp: Reg, kl: Reg, ty: u32) -> Flow {
        // SAFETY: verified code gives a map of the type, or nil, and a key of its form.
        let deleted = unsafe { map::delete_str(self.w.get(map), self.key(kp, kl), self.ty(ty)) };
        self.done(deleted)
    }

    #[inline(always)]
    pub(crate) fn map_get_mem(&mut self, elem: Reg, ok: Reg, map: Reg, key: Reg, ty: u32) -> Flow {
        // SAFETY: verified code gives a map of the type, or nil, and a key of its form.
        let found = unsafe { map::get_mem(self.w.get(map), self.w.get(key), self.ty(ty)) };
        self.put_found(elem, ok, found)
    }

    #[inline(always)]
    pub(crate) fn map_set_mem(&mut self, elem: Reg, map: Reg, key: Reg, ty: u32) -> Flow {
        let (ty, map, key) = (self.ty(ty), self.w.get(map), self.w.get(key));
        // SAFETY: verified code gives a map of the type, or nil, and a key of its form.
        let set =
            self.m.ensure(self.site()).and_then(|()| unsafe { map::set_mem(self.m.cache(), map, key, ty) });
        self.put_result(elem, set)
    }

    #[inline(always)]
    pub(crate) fn map_del_mem(&mut self, map: Reg, key: Reg, ty: u32) -> Flow {
        // SAFETY: verified code gives a map of the type, or nil, and a key of its form.
        let deleted = unsafe { map::delete_mem(self.w.get(map), self.w.get(key), self.ty(ty)) };
        self.done(deleted)
    }

    #[inline(always)]
    pub(crate) fn map_len(&mut self, dst: Reg, map: Reg) -> Flow {
        // SAFETY: a map value is nil or the address of a map.
        let len = unsafe { map::len(self.w.get(map)) };
        self.w.set(dst, len);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn map_clear(&mut self, map: Reg, ty: u32) -> Flow {
        // SAFETY: verified code gives a map of the type, or nil.
        let cleared = unsafe { map::clear(self.w.get(map), self.ty(ty)) };
        self.done(cleared)
    }

    #[inline(always)]
    pub(crate) fn map_iter(&mut self, dst: Reg, map: Reg, ty: u32) -> Flow {
        let (ty, map) = (self.ty(ty), self.w.get(map));
        // SAFETY: verified code gives a map of the type, or nil.
        let made = self.m.ensure(self.site()).and_then(|()| unsafe { map::iter(self.m.cache(), map, ty) });
        self.put_result(dst, made)
    }

    #[inline(always)]
    pub(crate) fn map_next(&mut self, ok: Reg, key: Reg, elem: Reg, iter: Reg) -> Flow {
        // SAFETY: the register holds an iterator of this frame.
        match unsafe { map::next(self.w.get(iter)) } {
            Ok(Some((k, e))) => {
                self.w.set(key, k);
                self.w.set(elem, e);
                self.w.set(ok, 1);
                Flow::Next
            }
            Ok(None) => {
                self.w.set(key, 0);
                self.w.set(elem, 0);
                self.w.set(ok, 0);
                Flow::Next
            }
            Err(trap) => self.trap(trap),
        }
    }
}
