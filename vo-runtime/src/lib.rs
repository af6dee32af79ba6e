//! What running Vo programs are made of: layouts, heap, collector, strings, maps, channels.
//!
//! Reading order: [`value`] (words, and how shared memory is touched), [`rtype`] (type descriptors),
//! [`layout`] (where objects hold pointers), [`heap`], [`object`] (strings, slices, maps,
//! channels, interfaces), [`reflect`], [`port`] and [`transfer`] (what islands send each other), [`panic`] (what can go wrong), [`context`] (what Vo code shares with the machine),
//! [`code`] (compiled code as the machine sees it), [`leaf`] (natives that compiled code calls itself).
//!
//! Nothing here runs Vo code, waits, or collects on its own: an operation is one step for the
//! collector. The machine asks `Heap::must_collect` before operations that allocate.

pub mod code;
pub mod context;
pub mod heap;
pub mod layout;
pub mod leaf;
pub mod object;
pub mod panic;
pub mod port;
pub mod process;
pub mod reflect;
pub mod rtype;
pub mod transfer;
pub mod value;

#[cfg(test)]
mod testing;

pub use heap::{AllocCache, Heap};
pub use panic::{Fatal, Result, RuntimePanic, Trap};
pub use rtype::{Kind, LoadedTypes, RtType, Ty};
pub use value::{Iface, Slice, Str, Word};
