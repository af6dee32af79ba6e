//! What compiled code and the interpreter share with the machine: `JitContext` and `VmCallbacks`.
//!
//! Both are written once, here, and read by machine code through [`offsets`], which are taken from the
//! structs themselves. A context belongs to one worker and is passed as the first argument to all
//! Vo code; the machine switches its island and fiber fields when the worker takes another fiber.

use crate::heap::{AllocCache, CacheEntry};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use vo_bytecode::{Status, for_each_callback};

/// Results that do not fit the return registers, in words.
pub const RETURN_WORDS: usize = 64;

/// The worker's state that Vo code reads.
#[repr(C)]
pub struct JitContext {
    /// What may be asked of the machine.
    pub callbacks: *const VmCallbacks,
    /// Function entries compare the stack pointer with it; an interrupt moves it up.
    pub stack_limit: u64,
    /// Not 0 where a safepoint should call `interrupt`.
    pub interrupt: *const AtomicU32,
    /// The fiber that runs (the machine's type).
    pub fiber: *mut (),
    /// Its island (the machine's type).
    pub island: *mut (),
    /// Address of the island's package variables.
    pub globals: u64,
    /// The worker's allocation caches for this island.
    pub alloc: *mut AllocCache,
    /// Their entries, one for each bin: how compiled code allocates; see [`CacheEntry`]. It moves when bins are
    /// added, so it is loaded anew for each allocation.
    pub entries: *mut CacheEntry,
    /// Not 0 while the collector marks beside the running fibers: each store of an address over another one in
    /// heap or package variables is told to `write_barrier` *before* it is done. New objects' first
    /// stores need not be told.
    pub barrier: AtomicU64,
    /// The table of the functions' native code, one address for each function; see [`crate::code`].
    pub functions: *const u64,
    /// Frame pointer and site of the compiled function that called a native last, for traces.
    pub last_frame: u64,
    pub last_site: u64,
    /// The case that `select_exec` has chosen, -1 for the default.
    pub select_case: i64,
    /// What the receive that a select has chosen got, and whether it was sent.
    pub select_values: *const u64,
    pub select_ok: u64,
    /// What compiled selects draw from when two cases are ready; it begins as a number of the worker's.
    pub select_draw: u64,
    /// The byte is 1 while no other worker runs in the island: what guards channels, and the order of atomic
    /// operations, is then not needed.
    pub alone: *const AtomicBool,
    /// The right to recover that the next function entered with `takes_token` takes.
    pub recover_token: u64,
    /// Where a frame that leaves at a suspend point puts its record, backwards, and the end of the room.
    pub spill: *mut u64,
    pub spill_end: *mut u64,
    /// Where a continuation that has nothing but saved records below it may put its record, in its own order, when it
    /// waits; it moves this behind the record. Null, and so is the end of the room, for all others.
    pub record: *mut u64,
    pub record_end: *mut u64,
    /// Results beyond the registers' room.
    pub ret: [u64; RETURN_WORDS],
    /// The machine's state of this worker.
    pub machine: *mut (),
    /// The function whose stub was called: it is interpreted.
    pub callee: u64,
}

/// A case of a select as compiled code lays it on its stack.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SelectCase {
    /// The channel, or the handle of a port; or 0.
    pub chan: u64,
    /// 1: it sends. 2: it receives from a port.
    pub sends: u64,
    /// The words to send.
    pub words: *mut u64,
}

/// Offsets of the fields that machine code uses, in bytes.
pub mod offsets {
    use super::JitContext;
    use crate::heap::CacheEntry;
    use crate::rtype::RtType;
    use std::mem::offset_of;

    macro_rules! offsets {
        ($($name:ident = $ty:ident . $field:ident;)*) => {
            $(pub const $name: i32 = offset_of!($ty, $field) as i32;)*
        };
    }

    offsets! {
        CALLBACKS = JitContext.callbacks;
        STACK_LIMIT = JitContext.stack_limit;
        INTERRUPT = JitContext.interrupt;
        FIBER = JitContext.fiber;
        ISLAND = JitContext.island;
        GLOBALS = JitContext.globals;
        ALLOC = JitContext.alloc;
        ENTRIES = JitContext.entries;
        BARRIER = JitContext.barrier;
        FUNCTIONS = JitContext.functions;
        LAST_FRAME = JitContext.last_frame;
        LAST_SITE = JitContext.last_site;
        SELECT_CASE = JitContext.select_case;
        SELECT_VALUES = JitContext.select_values;
        SELECT_OK = JitContext.select_ok;
        SELECT_DRAW = JitContext.select_draw;
        ALONE = JitContext.alone;
        RECOVER_TOKEN = JitContext.recover_token;
        SPILL = JitContext.spill;
        SPILL_END = JitContext.spill_end;
        RECORD = JitContext.record;
        RECORD_END = JitContext.record_end;
        RET = JitContext.ret;
        CALLEE = JitContext.callee;
        ENTRY_NEXT = CacheEntry.next;
        ENTRY_END = CacheEntry.end;
        TYPE_ID = RtType.id;
    }

    /// Bytes from one bin's entry to the next.
    pub const ENTRY_SIZE: i32 = size_of::<CacheEntry>() as i32;
}

macro_rules! callback_type {
    (word) => { u64 };
    (addr) => { *mut u64 };
    (status) => { Status };
    (none) => { () };
}

macro_rules! define_callbacks {
    ($($name:ident $doc:literal ($($param:ident : $ty:ident),*) -> $ret:ident;)*) => {
        /// The operations of the machine, one function each (declared in `vo_bytecode::callbacks`).
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub struct VmCallbacks {
            $(#[doc = $doc]
            pub $name: unsafe extern "C" fn(*mut JitContext, $($param: callback_type!($ty)),*) -> callback_type!($ret),)*
        }

        impl VmCallbacks {
            /// Names of the fields in their order; field `i` lies at `8 * i` bytes.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];
        }
    };
}

for_each_callback!(define_callbacks);

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn machine_code_finds_the_fields() {
        assert_eq!(offsets::CALLBACKS, 0);
        assert_eq!(offsets::STACK_LIMIT, 8);
        assert_eq!(offsets::ALLOC as usize, offset_of!(JitContext, alloc));
        assert_eq!(offsets::ENTRIES as usize, offset_of!(JitContext, entries));
        assert_eq!((offsets::ENTRY_NEXT, offsets::ENTRY_END), (0, 8));
    }

    #[test]
    fn callbacks_lie_in_a_row() {
        assert_eq!(size_of::<VmCallbacks>(), 8 * VmCallbacks::NAMES.len());
        let place = VmCallbacks::NAMES.iter().position(|&n| n == "alloc").unwrap();
        assert_eq!(offset_of!(VmCallbacks, alloc), 8 * place);
        let last = VmCallbacks::NAMES.iter().position(|&n| n == "iface_impl").unwrap();
        assert_eq!(offset_of!(VmCallbacks, iface_impl), 8 * last);
    }
}
