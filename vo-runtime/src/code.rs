//! Compiled code as the machine sees it, and the program as the compiler sees it.
//!
//! The machine does not know the compiler: it is given a [`CompiledCode`]. Each function has one
//! address in a table that machine code reads too: its own code, or a stub that enters the
//! interpreter. That code follows the compiler's calling convention; the machine reaches it through
//! a *thunk*, which takes arguments and results as word lists.
//!
//! A *continuation* is a function's code from just behind one of its suspend points. It takes the address of
//! the registers of an interpreted frame, the slots behind them, and goes on from there.
//!
//! Must stay true: an address that was handed out stays valid while the `CompiledCode` lives.

use crate::context::JitContext;
use vo_bytecode::{Module, Status};

/// Native code's door from the machine: calls `code` with the words at `args` and leaves its results
/// at `results` where it answers `Ok`.
pub type Thunk = unsafe extern "C" fn(
    ctx: *mut JitContext,
    args: *const u64,
    results: *mut u64,
    code: *const u8,
) -> Status;

/// How the machine enters a piece of compiled code.
#[derive(Clone, Copy, Debug)]
pub struct NativeEntry {
    pub thunk: Thunk,
    pub code: *const u8,
}

// SAFETY: addresses of immutable code.
unsafe impl Send for NativeEntry {}
// SAFETY: as above.
unsafe impl Sync for NativeEntry {}

impl NativeEntry {
    /// Runs the code.
    ///
    /// # Safety
    /// `ctx` is the calling worker's; `args` and `results` have the words that the code takes and gives.
    #[inline(always)]
    pub unsafe fn call(self, ctx: *mut JitContext, args: *const u64, results: *mut u64) -> Status {
        // SAFETY: by the contract.
        unsafe { (self.thunk)(ctx, args, results, self.code) }
    }
}

/// A loaded program's addresses, which compiled code contains.
#[derive(Clone, Copy)]
pub struct Linkage<'p> {
    pub module: &'p Module,
    /// The type word of each type.
    pub type_words: &'p [u64],
    /// Address and length of each string constant.
    pub strings: &'p [(u64, u64)],
    /// The static closures, one word each: the address of a word is the function value.
    pub closures: &'p [u64],
}

/// The native code of a program.
pub trait CompiledCode: Send + Sync {
    /// The table of code addresses, one for each function.
    fn functions(&self) -> *const u64;

    /// The entry of a function; `None` where the interpreter runs it.
    fn entry(&self, func: u32) -> Option<NativeEntry>;

    /// The continuation behind a suspend point, where there is one by now. Asking counts: what is asked for
    /// often is compiled.
    fn continuation(&self, link: Linkage<'_>, func: u32, point: u32) -> Option<NativeEntry>;

    /// Function and code offset of the call that returns to an address of compiled code.
    fn place(&self, return_address: u64) -> Option<(u32, u32)>;

    /// Counters, ready to print.
    fn stats(&self) -> Vec<String>;
}
