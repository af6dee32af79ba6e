//! Values that natives make, and how they store them where the collector looks.

use super::NativeCx;
use std::sync::Arc;
use vo_runtime::heap::AllocCache;
use vo_runtime::panic::Trap;
use vo_runtime::rtype::Ty;
use vo_runtime::value::{Iface, Slice, Str};

/// Making values.
impl NativeCx<'_> {
    /// A new string with these bytes.
    pub fn string(&mut self, bytes: &[u8]) -> Str {
        let made = self.m.new_string(self.site, bytes);
        self.made(made)
    }

    /// A new `[]byte` with these bytes.
    pub fn byte_slice(&mut self, bytes: &[u8]) -> Slice {
        let Str { ptr, len } = self.string(bytes);
        Slice { ptr, len, cap: len }
    }

    /// A new zeroed value of a type: its address.
    pub fn alloc(&mut self, ty: Ty) -> u64 {
        let made = self.m.alloc(self.site, ty);
        self.made(made)
    }

    /// What was made; without memory the program ends at once, and the native goes on with nothing.
    fn made<T: Default>(&mut self, made: Result<T, Trap>) -> T {
        made.unwrap_or_else(|trap| {
            let _ = self.trap(trap);
            T::default()
        })
    }

    /// `len` zeroed elements of type `elem` with room for `cap`.
    ///
    /// # Errors
    /// As `make` panics.
    pub fn make_slice(&mut self, elem: Ty, len: usize, cap: usize) -> Result<Slice, Trap> {
        self.m.make_slice(self.site, elem, len as u64, cap as u64)
    }

    /// A `[]string` of these strings.
    pub fn string_slice<T: AsRef<[u8]>>(&mut self, strings: &[T]) -> Slice {
        let ty = self.types().known.string.expect("internal error: a program without type string");
        let made = self.make_slice(ty, strings.len(), strings.len());
        let slice = made.expect("internal error: a slice of strings is too long");
        for (i, string) in strings.iter().enumerate() {
            let s = self.string(string.as_ref());
            let at = slice.ptr + 16 * i as u64;
            self.store_ptr(at, s.ptr);
            // SAFETY: element `i` of the new slice of strings.
            unsafe { vo_runtime::value::store_word(at + 8, s.len) };
        }
        slice
    }

    /// An `any` that holds a string.
    pub fn any_string(&mut self, bytes: &[u8]) -> Iface {
        let ty = self.types().known.string.expect("internal error: a program without type string");
        let made = self.m.box_string(self.site, ty, bytes);
        self.made(made)
    }

    /// An `any` that holds an int.
    pub fn any_int(&self, value: i64) -> Iface {
        let ty = self.types().known.int.expect("internal error: a program without type int");
        Iface { ty: ty.word(), data: value as u64 }
    }

    /// An `any` that holds a bool.
    pub fn any_bool(&self, value: bool) -> Iface {
        let ty = self.types().known.bool_.expect("internal error: a program without type bool");
        Iface { ty: ty.word(), data: u64::from(value) }
    }

    /// A `runtime.Error` with exactly this text.
    pub fn runtime_error(&mut self, text: &str) -> Iface {
        crate::value::plain_error(self.m, self.site, text).unwrap_or_default()
    }

    /// Where the runtime's operations allocate from; collects first if the heap wants it. What the next
    /// operations make is safe in local variables until this is called again.
    ///
    /// # Errors
    /// The island is over its limit.
    pub fn allocator(&mut self) -> Result<&mut AllocCache, Trap> {
        self.m.ensure(self.site)?;
        Ok(self.m.cache())
    }

    /// `debug.SetGCPercent`: how much the heap may grow between collections, `None` for no collections.
    /// Answers the setting before.
    pub fn set_gc_percent(&mut self, percent: Option<u32>) -> Option<u32> {
        self.m.island().heap().set_gogc(percent)
    }

    /// `debug.SetMemoryLimit`: sets the heap's soft limit in bytes where one is given; answers the one before.
    pub fn memory_limit(&mut self, limit: Option<u64>) -> Option<u64> {
        self.m.island().heap().soft_limit(limit)
    }

    /// The island's heap: for finalizers, cleanups and weak pointers.
    pub fn heap(&self) -> &Arc<vo_runtime::heap::Heap> {
        self.m.island().heap()
    }

    /// Collects, and gives all free memory back to the system.
    pub fn free_os_memory(&mut self) {
        self.collect();
        self.m.island().heap().release_pages();
    }

    /// The island's fibers that can never run again: how many, and their traces.
    pub fn find_leaks(&mut self) -> (usize, String) {
        self.m.find_leaks(self.site, false)
    }

    /// Bytes of the island's fibers: their frames, and what the machine knows of them.
    pub fn fiber_bytes(&mut self) -> u64 {
        self.m.with_island_stopped(self.site, |m| {
            let mut bytes = 0;
            m.island().world().for_each_fiber(|fiber| {
                // SAFETY: the island is stopped; all its fibers are of this crate.
                let fiber = unsafe { crate::fiber::VoFiber::of(fiber) };
                bytes += size_of::<crate::fiber::VoFiber>() + 8 * fiber.saved.capacity();
            });
            bytes as u64
        })
    }

    /// Tells the collector that the address at `at`, which is readable, is about to be replaced by other means than
    /// [`NativeCx::store_ptr`].
    pub fn overwriting(&mut self, at: u64) {
        // SAFETY: an aligned word of Vo memory, which the caller is about to write.
        unsafe { vo_runtime::heap::barrier::overwriting(at) };
    }

    /// Stores an address into memory that the collector looks at.
    pub fn store_ptr(&mut self, at: u64, value: u64) {
        self.m.store_ptr(at, value);
    }

    /// Writes a new string with these bytes to `results[at..at + 2]`.
    pub fn put_string(&mut self, results: &mut [u64], at: usize, bytes: &[u8]) {
        let s = self.string(bytes);
        (results[at], results[at + 1]) = (s.ptr, s.len);
    }

    /// Writes a new `[]byte` to `results[at..at + 3]`.
    pub fn put_bytes(&mut self, results: &mut [u64], at: usize, bytes: &[u8]) {
        let slice = self.byte_slice(bytes);
        put_slice(results, at, slice);
    }
}

/// Writes a slice to `results[at..at + 3]`.
pub fn put_slice(results: &mut [u64], at: usize, slice: Slice) {
    (results[at], results[at + 1], results[at + 2]) = (slice.ptr, slice.len, slice.cap);
}

/// Writes an interface value to `results[at..at + 2]`.
pub fn put_iface(results: &mut [u64], at: usize, value: Iface) {
    (results[at], results[at + 1]) = (value.ty, value.data);
}
