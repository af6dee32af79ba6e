//! Slices.

use crate::interp::{Flow, Interp};
use vo_bytecode::Reg;
use vo_runtime::object::slice;
use vo_runtime::value::Slice;

impl Interp<'_> {
    /// The slice in three registers.
    #[inline(always)]
    fn slice(&self, ptr: Reg, len: Reg, cap: Reg) -> Slice {
        Slice { ptr: self.w.get(ptr), len: self.w.get(len), cap: self.w.get(cap) }
    }

    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    pub(crate) fn slice_expr(
        &mut self,
        ptr: Reg,
        len: Reg,
        cap: Reg,
        ap: Reg,
        al: Reg,
        ac: Reg,
        lo: Reg,
        hi: Reg,
        max: Reg,
        size: u32,
        three: u16,
    ) -> Flow {
        let (lo, hi, max) = (self.w.get(lo), self.w.get(hi), self.w.get(max));
        let made = slice::slice_expr(self.slice(ap, al, ac), lo, hi, max, u64::from(size), three);
        self.put_slice(ptr, len, cap, made)
    }

    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    pub(crate) fn slice_grow(
        &mut self,
        ptr: Reg,
        cap: Reg,
        ap: Reg,
        al: Reg,
        ac: Reg,
        n: Reg,
        ty: u32,
    ) -> Flow {
        let (s, n) = (self.slice(ap, al, ac), self.w.get(n));
        if n <= s.cap - s.len {
            self.w.set(ptr, s.ptr);
            self.w.set(cap, s.cap);
            return Flow::Next;
        }
        let ty = self.m.program().ty(ty);
        // SAFETY: the registers hold a slice of elements of the type.
        let made = self.m.ensure(self.site()).and_then(|()| unsafe { slice::grow(self.m.cache(), ty, s, n) });
        match made {
            Ok(grown) => {
                self.w.set(ptr, grown.ptr);
                self.w.set(cap, grown.cap);
                Flow::Next
            }
            Err(trap) => self.trap(trap),
        }
    }

    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    pub(crate) fn slice_append(
        &mut self,
        ptr: Reg,
        len: Reg,
        cap: Reg,
        ap: Reg,
        al: Reg,
        ac: Reg,
        bp: Reg,
        bl: Reg,
        ty: u32,
    ) -> Flow {
        let (a, bp, bl) = (self.slice(ap, al, ac), self.w.get(bp), self.w.get(bl));
        let ty = self.m.program().ty(ty);
        // SAFETY: the registers hold slices of elements of the type.
        let made =
            self.m.ensure(self.site()).and_then(|()| unsafe { slice::append(self.m.cache(), ty, a, bp, bl) });
        self.put_slice(ptr, len, cap, made)
    }

    #[inline(always)]
    pub(crate) fn slice_copy(&mut self, n: Reg, ap: Reg, al: Reg, bp: Reg, bl: Reg, ty: u32) -> Flow {
        let ty = self.m.program().ty(ty);
        let w = self.w;
        // SAFETY: the registers hold slices of elements of the type.
        let copied = unsafe { slice::copy(&ty, w.get(ap), w.get(al), w.get(bp), w.get(bl)) };
        self.w.set(n, copied);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn slice_clear(&mut self, ap: Reg, al: Reg, ty: u32) -> Flow {
        let ty = self.m.program().ty(ty);
        // SAFETY: the registers hold a slice of elements of the type.
        unsafe { slice::clear(&ty, self.w.get(ap), self.w.get(al)) };
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn slice_to_array(&mut self, ptr: Reg, ap: Reg, al: Reg, n: u32) -> Flow {
        let made = slice::to_array(self.w.get(ap), self.w.get(al), u64::from(n));
        self.put_result(ptr, made)
    }
}
