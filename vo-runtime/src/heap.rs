//! The heap of an island.
pub mod sizeclass;

/// Free memory of one bin, taken from the front.
#[repr(C)]
pub struct CacheEntry {
    pub next: u64,
    pub end: u64,
}

/// A worker's allocation caches for one island.
#[repr(C)]
pub struct AllocCache {
    pub(crate) entries: *mut CacheEntry,
}
pub struct Heap {}
