//! What Vo values are made of beyond words: strings, slices, maps, channels, interfaces, memory.
//!
//! One module per kind of value, named as in the opcode table. Functions on Vo memory are
//! `unsafe`: their licence is that the code which calls them passed the verifier. None of them
//! collects, waits or runs Vo code.

pub mod chan;
pub mod iface;
pub mod map;
pub mod mem;
pub mod slice;
pub mod string;
