//! The doors, by the names of their rows. All have the same contract.
//!
//! # Safety
//! `ctx` is the context of the calling worker's machine; addresses have the words that the
//! row says, type words are type words, values are of their types: what the verifier has seen.
//!
//! Compiled code is the only caller, and keeps it for a door as a whole: whatever a door does rests on it. So doors are
//! unsafe functions whose bodies are not taken apart into blocks that would all say the same.

#![allow(clippy::missing_safety_doc, unsafe_op_in_unsafe_fn)]

mod call;
mod chan;
mod defer;
mod iface;
mod map;
mod memory;
mod port;
mod select;
mod slice;
mod string;

pub(super) use call::*;
pub(super) use chan::*;
pub(super) use defer::*;
pub(super) use iface::*;
pub(super) use map::*;
pub(super) use memory::*;
pub(super) use port::*;
pub(super) use select::*;
pub(super) use slice::*;
pub(super) use string::*;
