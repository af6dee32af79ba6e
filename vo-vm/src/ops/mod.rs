//! The operations behind opcodes that the interpreter and compiled code share.

pub(crate) mod chan;
pub(crate) mod port;
pub(crate) mod select;
