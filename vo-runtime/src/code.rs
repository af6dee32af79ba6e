//! Compiled code as the machine sees it, and the program as the compiler sees it.
//!
//! The machine does not know the compiler: it is given a [`CompiledCode`], which it tells what is hot, and
//! gives the compiler its [`Entries`], where finished code is put. Each function has one
//! address in a table that machine code reads too: its own code, or a stub that enters the
//! interpreter. That code follows the compiler's calling convention; the machine reaches it through
//! a *thunk*, which takes arguments and results as word lists.
//!
//! A *continuation* is a function's code from just behind one of its suspend points. It takes the address of
//! a frame record (without its last word), and that of the words that the registers get which the point's
//! instruction sets, in the order of its operands; it reads both before it does anything else.
//!
//! Must stay true: an address that was handed out stays valid while the `CompiledCode` lives.

use crate::context::JitContext;
use crate::rtype::LoadedTypes;
use std::sync::Arc;
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
    pub types: &'p LoadedTypes,
    /// Address and length of each string constant.
    pub strings: &'p [(u64, u64)],
    /// The static closures, one word each: the address of a word is the function value.
    pub closures: &'p [u64],
}

/// As [`Linkage`], for whoever outlives the borrow: it keeps what the addresses point at.
#[derive(Clone)]
pub struct SharedLinkage {
    pub module: Arc<Module>,
    pub types: Arc<LoadedTypes>,
    pub strings: Arc<[(u64, u64)]>,
    pub closures: Arc<[u64]>,
}

impl SharedLinkage {
    /// The addresses.
    pub fn get(&self) -> Linkage<'_> {
        Linkage { module: &self.module, types: &self.types, strings: &self.strings, closures: &self.closures }
    }
}

/// What the machine has found to be hot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// A function that has been called often.
    Function { func: u32 },
    /// The rest of a function behind a suspend point: a loop header that has been passed often, or a
    /// point where fibers have gone on often.
    Continuation { func: u32, point: u32 },
    /// The code of a function, or of its rest behind a point, was compiled on a guess that is wrong by now.
    Again { func: u32, point: Option<u32> },
}

/// When the machine finds something to be hot. All numbers are at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Interpreted calls of a function.
    pub calls: u32,
    /// Turns of a loop.
    pub turns: u32,
    /// The machine looks at the loop that it is in once in so many turns of any loop.
    pub sample: u32,
    /// How often a suspend point is gone on with.
    pub resumptions: u32,
    /// As how many a look at a conditional jump counts.
    pub weight: u32,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds { calls: 400, turns: 2000, sample: 128, resumptions: 16, weight: 1 }
    }
}

impl Thresholds {
    /// For the stress modes: everything is hot nearly at once.
    pub fn tiny() -> Thresholds {
        Thresholds { calls: 3, turns: 2, sample: 1, resumptions: 2, weight: 16 }
    }
}

/// What a call through a function value or an interface has seen while it was interpreted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSeen {
    /// Code offset of the call.
    pub pc: u32,
    /// What was seen, each target with how often, approximately; counts saturate.
    pub targets: Vec<(Target, u32)>,
    /// How often other targets were seen.
    pub rest: u32,
}

/// What a conditional jump has done while it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchSeen {
    /// Code offset of the jump.
    pub pc: u32,
    /// How often it jumped, and how often it went on, approximately; counts saturate.
    pub jumped: u32,
    pub went_on: u32,
}

/// The target of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The function of a function value.
    Function(u32),
    /// The type word of an interface value.
    Type(u64),
}

/// The machine's table of entries, which the compiler fills, also while the program runs.
pub trait Entries: Send + Sync {
    /// From now on calls of the function run this code. May be called again with newer code, whose thunk
    /// is the same.
    fn install(&self, func: u32, entry: NativeEntry);

    /// From now on whoever goes on at the point runs this code. All continuations of a function have the same
    /// thunk.
    fn install_continuation(&self, func: u32, point: u32, entry: NativeEntry);

    /// The continuation that was asked for is not made now: it is counted anew how often the point is gone on with.
    fn count_again(&self, func: u32, point: u32);

    /// Interpreted calls of a function so far, as far as they are counted.
    fn calls(&self, func: u32) -> u32;

    /// What was seen at a function's calls.
    fn seen(&self, func: u32) -> Vec<SiteSeen>;

    /// What was seen of a function's conditional jumps.
    fn branches(&self, func: u32) -> Vec<BranchSeen>;

    /// How many guesses of compiled code have been found wrong by now: what is compiled from here on knows of them.
    fn edition(&self) -> u32;
}

/// A site is a function and a code offset. With this bit in place of a function it is the number of a site in
/// an inlined body: see [`CompiledCode::inlined`].
pub const INLINED: u32 = 1 << 31;

/// A site in a body that is inlined into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InlinedSite {
    /// Function and code offset.
    pub site: (u32, u32),
    /// The site of the call that was inlined, which may be in an inlined body too.
    pub caller: (u32, u32),
}

/// The native code of a program.
pub trait CompiledCode: Send + Sync {
    /// The table of code addresses, one for each function. Every word is an address of code that may be
    /// called once any code was installed.
    fn functions(&self) -> *const u64;

    /// Something is hot: it is to be compiled, in the background. Does not wait.
    fn request(&self, wanted: Wanted);

    /// The site of the call that returns to an address of compiled code.
    fn place(&self, return_address: u64) -> Option<(u32, u32)>;

    /// The inlined site with a number.
    fn inlined(&self, number: u32) -> Option<InlinedSite>;

    /// Counters, ready to print.
    fn stats(&self) -> Vec<String>;

    /// What went wrong, for the user to see: bugs of the compiler, no memory for code.
    fn warnings(&self) -> Vec<String>;
}
