//! Keys: how each form is hashed, compared with an entry's, and stored.

use crate::panic::Result;
use crate::rtype::{KeyForm, Ty, eq_mem, eq_str, hash_mem, hash_str, hash_word};
use crate::value::{Str, Word, load_str, load_uint, store_uint, store_word};

/// A key that is looked for.
pub(super) trait Key {
    /// Fails where the key is unhashable.
    fn hash(&self, seed: u64) -> Result<u64>;

    /// Whether an entry has this key.
    ///
    /// # Safety
    /// `entry` is the address of an entry of the map's type.
    unsafe fn is_at(&self, entry: Word) -> bool;

    /// Makes it the key of an entry.
    ///
    /// # Safety
    /// As for [`Key::is_at`].
    unsafe fn store(&self, entry: Word);
}

/// An integer of `SIZE` bytes.
pub(super) struct IntKey<const SIZE: u8>(Word);

impl<const SIZE: u8> IntKey<SIZE> {
    #[inline(always)]
    pub(super) fn new(word: Word) -> Self {
        IntKey(word & KeyForm::mask(SIZE))
    }
}

impl<const SIZE: u8> Key for IntKey<SIZE> {
    #[inline(always)]
    fn hash(&self, seed: u64) -> Result<u64> {
        Ok(hash_word(self.0, seed))
    }

    #[inline(always)]
    unsafe fn is_at(&self, entry: Word) -> bool {
        // SAFETY: the entry begins with its key.
        unsafe { load_uint(entry, SIZE as u64) == self.0 }
    }

    #[inline(always)]
    unsafe fn store(&self, entry: Word) {
        // SAFETY: the entry begins with its key.
        unsafe { store_uint(entry, SIZE as u64, self.0) }
    }
}

/// A string.
pub(super) struct StrKey(pub(super) Str);

impl Key for StrKey {
    #[inline(always)]
    fn hash(&self, seed: u64) -> Result<u64> {
        // SAFETY: the caller's key is alive.
        Ok(unsafe { hash_str(self.0, seed) })
    }

    #[inline(always)]
    unsafe fn is_at(&self, entry: Word) -> bool {
        // SAFETY: the entry begins with its key.
        unsafe { eq_str(load_str(entry), self.0) }
    }

    #[inline(always)]
    unsafe fn store(&self, entry: Word) {
        // SAFETY: the entry begins with its key.
        unsafe {
            store_word(entry, self.0.ptr);
            store_word(entry + 8, self.0.len);
        }
    }
}

/// A value in memory.
pub(super) struct MemKey {
    pub(super) addr: Word,
    pub(super) ty: Ty,
}

impl Key for MemKey {
    fn hash(&self, seed: u64) -> Result<u64> {
        // SAFETY: the address holds a key of the type.
        unsafe { hash_mem(&self.ty, self.addr, seed) }
    }

    unsafe fn is_at(&self, entry: Word) -> bool {
        // A key that was hashed, like those in the map, compares without panic.
        // SAFETY: the entry begins with its key.
        unsafe { eq_mem(&self.ty, entry, self.addr).unwrap_or(false) }
    }

    unsafe fn store(&self, entry: Word) {
        // SAFETY: the entry begins with its key.
        unsafe { crate::object::mem::copy(&self.ty, entry, self.addr) }
    }
}
