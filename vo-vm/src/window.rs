//! The register window: how handlers reach the registers of the running frame.
//!
//! A frame lies on the worker's VM stack as words:
//!
//! ```text
//!   base + 0   *const Code   the function that runs in the frame
//!   base + 1   base of the caller's frame, 0 in the bottom frame of an activation
//!   base + 2   *const u16    the caller's list of destination registers, with the next
//!                            instruction behind it; null where the return is not that simple
//!   base + 3   offset of the caller's instruction (low half), [`Bottom`] (high half)
//!   base + 4   registers, one word each
//!   ...        slots, each rounded up to words
//! ```
//!
//! Must stay true: a window is only made for a frame that has room for all registers of its
//! function, and only code that [`vo_bytecode::verify`] has accepted names registers through
//! it. That is the licence for the unchecked accesses, and why the methods are safe to call.

use crate::program::Code;
use vo_bytecode::Reg;

/// Words of a frame's header.
pub(crate) const HEADER: usize = 4;

/// What stands below the bottom frame of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Bottom {
    /// The fiber's saved records, or nothing.
    Fiber = 0,
    /// Native code that entered the interpreter and wants a status.
    Native = 1,
}

/// The registers of one frame, and through them the frame.
#[derive(Clone, Copy)]
pub(crate) struct Window(*mut u64);

impl Window {
    /// The window of the frame at `base`.
    ///
    /// # Safety
    /// `base` is the base of a frame with a complete header and room for its registers and slots.
    #[inline(always)]
    pub(crate) unsafe fn at(base: *mut u64) -> Window {
        Window(base.wrapping_add(HEADER))
    }

    /// The address of the frame's header.
    #[inline(always)]
    pub(crate) fn base(self) -> *mut u64 {
        self.0.wrapping_sub(HEADER)
    }

    /// The address of the registers; the slots are behind them.
    pub(crate) fn registers(self) -> *mut u64 {
        self.0
    }

    /// The word in a register.
    #[inline(always)]
    pub(crate) fn get(self, reg: Reg) -> u64 {
        // SAFETY: verified code names registers of its own frame.
        unsafe { *self.0.add(reg.0 as usize) }
    }

    /// The word in a register as a signed integer.
    #[inline(always)]
    pub(crate) fn int(self, reg: Reg) -> i64 {
        self.get(reg) as i64
    }

    /// Sets a register.
    #[inline(always)]
    pub(crate) fn set(self, reg: Reg, word: u64) {
        // SAFETY: verified code names registers of its own frame.
        unsafe { *self.0.add(reg.0 as usize) = word }
    }

    #[inline(always)]
    fn header(self, i: usize) -> u64 {
        // SAFETY: `at` was given a frame with a complete header.
        unsafe { *self.base().add(i) }
    }

    /// Writes the header of a new frame.
    #[inline(always)]
    pub(crate) fn set_header(
        self,
        code: &Code,
        caller: *mut u64,
        ret: *const u16,
        call_pc: u32,
        bottom: Bottom,
    ) {
        let base = self.base();
        // SAFETY: `at` was given a frame with room for its header.
        unsafe {
            *base = std::ptr::from_ref(code) as u64;
            *base.add(1) = caller as u64;
            *base.add(2) = ret as u64;
            *base.add(3) = u64::from(call_pc) | u64::from(bottom as u32) << 32;
        }
    }

    /// The function that runs in the frame.
    #[inline(always)]
    pub(crate) fn code<'p>(self) -> &'p Code {
        // SAFETY: the header names a function of the program, which outlives its activations.
        unsafe { &*(self.header(0) as *const Code) }
    }

    /// The caller's window; `None` in the bottom frame.
    #[inline(always)]
    pub(crate) fn caller(self) -> Option<Window> {
        match self.header(1) {
            0 => None,
            // SAFETY: the header of a frame names its caller's, which is below it on the stack.
            base => Some(unsafe { Window::at(base as *mut u64) }),
        }
    }

    /// Where the caller's destination registers are listed.
    #[inline(always)]
    pub(crate) fn ret(self) -> *const u16 {
        self.header(2) as *const u16
    }

    /// Offset of the caller's instruction.
    #[inline(always)]
    pub(crate) fn call_pc(self) -> u32 {
        self.header(3) as u32
    }

    /// What is below a bottom frame.
    pub(crate) fn bottom(self) -> Bottom {
        if (self.header(3) >> 32) as u32 == Bottom::Native as u32 { Bottom::Native } else { Bottom::Fiber }
    }

    /// The address of slot memory, `offset` words behind the first slot.
    #[inline(always)]
    pub(crate) fn slot(self, code: &Code, word: usize) -> *mut u64 {
        self.0.wrapping_add(code.regs + word)
    }

    /// Zeroes the slots of a new frame.
    #[inline(always)]
    pub(crate) fn clear_slots(self, code: &Code) {
        if code.slot_words != 0 {
            // SAFETY: the frame has room for its slots, which lie behind its registers.
            unsafe { std::ptr::write_bytes(self.slot(code, 0), 0, code.slot_words) };
        }
    }

    /// The first word behind the frame.
    #[inline(always)]
    pub(crate) fn end(self) -> *mut u64 {
        self.base().wrapping_add(self.code().frame_words)
    }
}
