//! Strings.

use crate::interp::Site;
use crate::interp::{Flow, Interp};
use crate::machine::Machine;
use smallvec::SmallVec;
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::object::string;
use vo_runtime::panic::Trap;
use vo_runtime::value::{Slice, Str};

impl Interp<'_> {
    /// The string in two registers.
    #[inline(always)]
    fn str(&self, ptr: Reg, len: Reg) -> Str {
        Str { ptr: self.w.get(ptr), len: self.w.get(len) }
    }

    #[inline(always)]
    fn put_str(&mut self, ptr: Reg, len: Reg, made: Result<Str, Trap>) -> Flow {
        match made {
            Ok(s) => {
                self.w.set(ptr, s.ptr);
                self.w.set(len, s.len);
                Flow::Next
            }
            Err(trap) => self.trap(trap),
        }
    }

    #[inline(always)]
    pub(crate) fn put_slice(&mut self, ptr: Reg, len: Reg, cap: Reg, made: Result<Slice, Trap>) -> Flow {
        match made {
            Ok(s) => {
                self.w.set(ptr, s.ptr);
                self.w.set(len, s.len);
                self.w.set(cap, s.cap);
                Flow::Next
            }
            Err(trap) => self.trap(trap),
        }
    }

    #[inline(always)]
    pub(crate) fn str_concat(&mut self, ptr: Reg, len: Reg, parts: RegList<'_>) -> Flow {
        let made = concat(self.m, self.site(), parts);
        self.put_str(ptr, len, made)
    }

    #[inline(always)]
    pub(crate) fn str_eq(&mut self, dst: Reg, ap: Reg, al: Reg, bp: Reg, bl: Reg) -> Flow {
        // SAFETY: the registers hold strings.
        let equal = unsafe { string::eq(self.str(ap, al), self.str(bp, bl)) };
        self.w.set(dst, u64::from(equal));
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn str_cmp(&mut self, dst: Reg, ap: Reg, al: Reg, bp: Reg, bl: Reg) -> Flow {
        // SAFETY: the registers hold strings.
        let order = unsafe { string::cmp(self.str(ap, al), self.str(bp, bl)) };
        self.w.set(dst, order as u64);
        Flow::Next
    }

    #[inline(always)]
    pub(crate) fn str_slice(&mut self, ptr: Reg, len: Reg, ap: Reg, al: Reg, lo: Reg, hi: Reg) -> Flow {
        let made = string::slice(self.str(ap, al), self.w.get(lo), self.w.get(hi));
        self.put_str(ptr, len, made)
    }

    #[inline(always)]
    pub(crate) fn str_from_bytes(&mut self, ptr: Reg, len: Reg, ap: Reg, al: Reg) -> Flow {
        let s = self.str(ap, al);
        // SAFETY: the registers hold a byte slice.
        let made = self
            .m
            .ensure(self.site())
            .and_then(|()| unsafe { string::from_byte_slice(self.m.cache(), s.ptr, s.len) });
        self.put_str(ptr, len, made)
    }

    #[inline(always)]
    pub(crate) fn str_from_runes(&mut self, ptr: Reg, len: Reg, ap: Reg, al: Reg) -> Flow {
        let s = self.str(ap, al);
        // SAFETY: the registers hold a slice of runes.
        let made = self
            .m
            .ensure(self.site())
            .and_then(|()| unsafe { string::from_runes(self.m.cache(), s.ptr, s.len) });
        self.put_str(ptr, len, made)
    }

    #[inline(always)]
    pub(crate) fn str_from_rune(&mut self, ptr: Reg, len: Reg, rune: Reg) -> Flow {
        let rune = self.w.int(rune);
        let made = self.m.ensure(self.site()).and_then(|()| string::from_rune(self.m.cache(), rune));
        self.put_str(ptr, len, made)
    }

    #[inline(always)]
    pub(crate) fn bytes_from_str(&mut self, ptr: Reg, len: Reg, cap: Reg, ap: Reg, al: Reg) -> Flow {
        let s = self.str(ap, al);
        // SAFETY: the registers hold a string.
        let made = self.m.ensure(self.site()).and_then(|()| unsafe { string::to_bytes(self.m.cache(), s) });
        self.put_slice(ptr, len, cap, made)
    }

    #[inline(always)]
    pub(crate) fn runes_from_str(&mut self, ptr: Reg, len: Reg, cap: Reg, ap: Reg, al: Reg) -> Flow {
        let s = self.str(ap, al);
        // SAFETY: the registers hold a string.
        let made = self.m.ensure(self.site()).and_then(|()| unsafe { string::to_runes(self.m.cache(), s) });
        self.put_slice(ptr, len, cap, made)
    }

    #[inline(always)]
    pub(crate) fn str_rune(&mut self, rune: Reg, width: Reg, ap: Reg, al: Reg, index: Reg) -> Flow {
        // SAFETY: the registers hold a string, and an index below its length.
        let (r, n) = unsafe { string::rune_at(self.str(ap, al), self.w.get(index)) };
        self.w.set(rune, r as u64);
        self.w.set(width, n);
        Flow::Next
    }
}

/// Concatenates the strings in pairs of registers.
#[inline(never)]
fn concat(m: &mut Machine, site: Site, parts: RegList<'_>) -> Result<Str, Trap> {
    m.ensure(site)?;
    let w = site.w;
    let part = |i: usize| Str { ptr: w.get(parts.get(2 * i)), len: w.get(parts.get(2 * i + 1)) };
    let strings: SmallVec<[Str; 8]> = (0..parts.len() / 2).map(part).collect();
    // SAFETY: pairs of registers that hold strings.
    unsafe { string::concat(m.cache(), &strings) }
}
