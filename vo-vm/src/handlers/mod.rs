//! The handlers of all opcodes, grouped as the opcode table is. Each is a method of
//! [`crate::interp::Interp`] with the name of its row.

mod arith;
pub(crate) mod call;
mod chan;
mod control;
mod data;
mod defer;
mod iface;
mod map;
mod memory;
mod port;
mod slice;
mod string;
