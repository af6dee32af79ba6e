//! The Vo JIT compiler: bytecode to native code with Cranelift, for the whole instruction set.
//!
//! The unit of compilation is a pair (function, entry): the start, or a suspend point behind which a
//! resumed frame goes on (a *continuation*). Compiled code sees the machine through `JitContext` and the
//! callbacks' table alone; what it answers and how it leaves is described at `vo_bytecode::Status`
//! and in [`suspend`].
//!
//! Reading order: `abi` (the convention), `translate` (one file per group of opcodes), `suspend` (leaving
//! and coming back), `compile` (the stages of a unit, batches), `memory` (executable pages), `program` (what
//! the machine holds).
//!
//! There is no test for what can be compiled: every function is. A failure is a bug; it is counted,
//! named in the statistics, and the function is interpreted.

mod abi;
mod callbacks;
mod compile;
mod memory;
mod program;
mod suspend;
mod translate;

pub use program::{Compiled, Failure, compile};
