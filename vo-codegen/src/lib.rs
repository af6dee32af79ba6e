//! Typed Vo trees to bytecode.
#![forbid(unsafe_code)]
