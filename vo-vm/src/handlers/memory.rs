//! Loads, stores, addresses, allocation.
//!
//! Memory that Vo code shares is read and written by value, never through references; words are
//! relaxed atomics, so they do not tear.

use crate::interp::{Flow, Interp, Site, Transfer};
use crate::machine::Machine;
use crate::unwind;
use crate::value;
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::object::mem;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_runtime::rtype;
use vo_runtime::value::{load_uint, store_uint};

macro_rules! loads {
    ($($name:ident $at:ident $size:literal |$word:ident| $value:expr;)*) => {
        impl Interp<'_> {
            $(#[inline(always)]
            pub(crate) fn $name(&mut self, dst: Reg, base: Reg, offset: i32) -> Flow {
                let base = self.w.get(base);
                if base == 0 {
                    return self.nil();
                }
                // SAFETY: a base that is not nil is the address of an object, or of a slot of the
                // frame, in which verified code accesses what its types say.
                let $word = unsafe { load_uint(base.wrapping_add(offset as i64 as u64), $size) };
                self.w.set(dst, $value);
                Flow::Next
            }

            #[inline(always)]
            pub(crate) fn $at(&mut self, dst: Reg, base: Reg, len: Reg, index: Reg) -> Flow {
                let (i, l) = (self.w.get(index), self.w.get(len));
                if i >= l {
                    return self.out_of_range(i, l);
                }
                // SAFETY: element `i` of the `l` elements at the base.
                let $word = unsafe { load_uint(self.w.get(base) + i * $size, $size) };
                self.w.set(dst, $value);
                Flow::Next
            })*
        }
    };
}

macro_rules! stores {
    ($($name:ident $at:ident $size:literal;)*) => {
        impl Interp<'_> {
            $(#[inline(always)]
            pub(crate) fn $name(&mut self, base: Reg, offset: i32, src: Reg) -> Flow {
                let base = self.w.get(base);
                if base == 0 {
                    return self.nil();
                }
                // SAFETY: as for loads.
                unsafe { store_uint(base.wrapping_add(offset as i64 as u64), $size, self.w.get(src)) };
                Flow::Next
            }

            #[inline(always)]
            pub(crate) fn $at(&mut self, base: Reg, len: Reg, index: Reg, src: Reg) -> Flow {
                let (i, l) = (self.w.get(index), self.w.get(len));
                if i >= l {
                    return self.out_of_range(i, l);
                }
                // SAFETY: element `i` of the `l` elements at the base.
                unsafe { store_uint(self.w.get(base) + i * $size, $size, self.w.get(src)) };
                Flow::Next
            })*
        }
    };
}

loads! {
    load_i8 load_at_i8 1 |w| w as i8 as i64 as u64;
    load_u8 load_at_u8 1 |w| w;
    load_i16 load_at_i16 2 |w| w as i16 as i64 as u64;
    load_u16 load_at_u16 2 |w| w;
    load_i32 load_at_i32 4 |w| w as i32 as i64 as u64;
    load_u32 load_at_u32 4 |w| w;
    load_i64 load_at_i64 8 |w| w;
    load_f32 load_at_f32 4 |w| w;
    load_f64 load_at_f64 8 |w| w;
    load_ptr load_at_ptr 8 |w| w;
}

stores! {
    store8 store_at8 1;
    store16 store_at16 2;
    store32 store_at32 4;
    store64 store_at64 8;
    store_f32 store_at_f32 4;
    store_f64 store_at_f64 8;
}

/// Sets a register to what an operation made, or raises what it answered.
pub(super) fn made(m: &mut Machine, site: Site, dst: Reg, made: Result<u64, Trap>) -> Option<Transfer> {
    match made {
        Ok(word) => {
            site.w.set(dst, word);
            None
        }
        Err(trap) => Some(unwind::trap(m, site, trap)),
    }
}

#[cold]
#[inline(never)]
fn nil_dereference(m: &mut Machine, site: Site) -> Transfer {
    unwind::trap(m, site, RuntimePanic::NilDereference {}.into())
}

#[cold]
#[inline(never)]
fn out_of_range(m: &mut Machine, site: Site, index: u64, len: u64) -> Transfer {
    unwind::trap(m, site, RuntimePanic::Index { index: index as i64, len: len as i64 }.into())
}

impl Interp<'_> {
    /// Raises the nil dereference.
    #[inline(always)]
    pub(crate) fn nil(&mut self) -> Flow {
        let site = self.site();
        let transfer = nil_dereference(self.m, site);
        self.transfer(transfer)
    }

    /// Raises the index error.
    #[inline(always)]
    fn out_of_range(&mut self, index: u64, len: u64) -> Flow {
        let site = self.site();
        let transfer = out_of_range(self.m, site, index, len);
        self.transfer(transfer)
    }

    /// Goes on, or raises what an operation answered.
    #[inline(always)]
    pub(crate) fn done(&mut self, result: Result<(), Trap>) -> Flow {
        match result {
            Ok(()) => Flow::Next,
            Err(trap) => self.trap(trap),
        }
    }

    /// Sets a register to what an operation made, or raises what it answered.
    #[inline(always)]
    pub(crate) fn put_result(&mut self, dst: Reg, result: Result<u64, Trap>) -> Flow {
        match result {
            Ok(word) => {
                self.w.set(dst, word);
                Flow::Next
            }
            Err(trap) => self.trap(trap),
        }
    }

    #[inline(always)]
    pub(crate) fn load_any(&mut self, dst: Reg, base: Reg, offset: i32) -> Flow {
        self.load_ptr(dst, base, offset)
    }

    #[inline(always)]
    pub(crate) fn load_len(&mut self, dst: Reg, base: Reg, offset: i32) -> Flow {
        self.load_i64(dst, base, offset)
    }

    #[inline(always)]
    pub(crate) fn store_len(&mut self, base: Reg, offset: i32, src: Reg) -> Flow {
        self.store64(base, offset, src)
    }

    #[inline(always)]
    pub(crate) fn store_ptr(&mut self, base: Reg, offset: i32, src: Reg) -> Flow {
        let base = self.w.get(base);
        if base == 0 {
            return self.nil();
        }
        self.m.store_ptr(base.wrapping_add(offset as i64 as u64), self.w.get(src));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn store_any(&mut self, base: Reg, offset: i32, src: Reg) -> Flow {
        self.store_ptr(base, offset, src)
    }

    #[inline(always)]
    pub(crate) fn store_at_ptr(&mut self, base: Reg, len: Reg, index: Reg, src: Reg) -> Flow {
        let (i, l) = (self.w.get(index), self.w.get(len));
        if i >= l {
            return self.out_of_range(i, l);
        }
        self.m.store_ptr(self.w.get(base) + i * 8, self.w.get(src));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn index_addr(&mut self, dst: Reg, base: Reg, len: Reg, index: Reg, size: u32) -> Flow {
        let (i, l) = (self.w.get(index), self.w.get(len));
        if i >= l {
            return self.out_of_range(i, l);
        }
        self.w.set(dst, self.w.get(base) + i * u64::from(size));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn field_addr(&mut self, dst: Reg, base: Reg, offset: u32) -> Flow {
        let base = self.w.get(base);
        if base == 0 {
            return self.nil();
        }
        self.w.set(dst, base + u64::from(offset));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn nil_check(&mut self, ptr: Reg) -> Flow {
        if self.w.get(ptr) == 0 { self.nil() } else { Flow::Next }
    }

    #[inline(always)]
    pub(crate) fn bounds_check(&mut self, index: Reg, len: Reg) -> Flow {
        let (i, l) = (self.w.get(index), self.w.get(len));
        if i >= l { self.out_of_range(i, l) } else { Flow::Next }
    }

    #[inline(always)]
    pub(crate) fn copy_mem(&mut self, dst: Reg, src: Reg, ty: u32) -> Flow {
        let (dst, src) = (self.w.get(dst), self.w.get(src));
        if dst == 0 || src == 0 {
            return self.nil();
        }
        let ty = self.m.program().ty(ty);
        // SAFETY: verified code copies between places of the type.
        unsafe { mem::copy(&ty, dst, src) };
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn zero_mem(&mut self, dst: Reg, ty: u32) -> Flow {
        let dst = self.w.get(dst);
        if dst == 0 {
            return self.nil();
        }
        let ty = self.m.program().ty(ty);
        // SAFETY: verified code zeroes a place of the type.
        unsafe { mem::zero(&ty, dst) };
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn eq_mem(&mut self, dst: Reg, a: Reg, b: Reg, ty: u32) -> Flow {
        let ty = self.m.program().ty(ty);
        // SAFETY: both addresses hold a value of the type.
        let equal = unsafe { rtype::eq_mem(&ty, self.w.get(a), self.w.get(b)) };
        self.put_result(dst, equal.map(u64::from))
    }

    #[inline(always)]
    pub(crate) fn new_object(&mut self, dst: Reg, ty: u32) -> Flow {
        let ty = self.m.program().ty(ty);
        let made = self.m.alloc(self.site(), ty);
        self.put_result(dst, made)
    }

    #[inline(always)]
    pub(crate) fn new_closure(&mut self, dst: Reg, func: u32, ty: u32, captures: RegList<'_>) -> Flow {
        self.aside(move |m, site| {
            let closure = value::new_closure(m, site, func, m.program().ty(ty), &site.words(captures));
            made(m, site, dst, closure)
        })
    }

    #[inline(always)]
    pub(crate) fn make_slice(&mut self, ptr: Reg, ty: u32, len: Reg, cap: Reg) -> Flow {
        let elem = self.m.program().ty(ty);
        let made = self.m.make_slice(self.site(), elem, self.w.get(len), self.w.get(cap));
        self.put_result(ptr, made.map(|slice| slice.ptr))
    }
}
