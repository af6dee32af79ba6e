//! The Vo JIT compiler: bytecode to native code with Cranelift, for the whole instruction set.
//!
//! The unit of compilation is a pair (function, entry): the start, or a suspend point behind which a
//! resumed frame goes on (a *continuation*). Compiled code sees the machine through `JitContext` and the
//! callbacks' table alone; what it answers and how it leaves is described at `vo_bytecode::Status`
//! and in [`suspend`].
//!
//! Reading order: `abi` (the convention), `graph` (the order of a function's blocks) and `peel`, `translate` (one file per
//! group of opcodes), `facts` (what is known while one translates), `inline` (which calls are translated in
//! place), `phis` (what need not be passed from block to block), `branchless` (branches that only choose), `suspend` (leaving and
//! coming back), `hoist` (loads that leave
//! loops), `feedback` (what a translation may ask), `bias` (which blocks are rare), `dispatch` (where methods are), `compile` (the stages of a
//! unit), `workshop` (batches), `link` and `memory` (executable pages), `stub` (functions that are not
//! compiled), `background` (the thread), `program` (what
//! the machine holds).
//!
//! There is no test for what can be compiled: every function is. A failure is a bug; it is counted,
//! named in the statistics, and the function is interpreted.

mod abi;
mod background;
mod bias;
mod branchless;
mod callbacks;
mod compile;
mod dispatch;
mod dump;
mod escape;
mod facts;
mod feedback;
mod graph;
mod hoist;
mod inline;
mod link;
mod memory;
mod peel;
mod perf;
mod phis;
mod program;
mod stub;
mod suspend;
mod translate;
mod workshop;

pub use dump::{Shown, dump};
pub use program::{Compiled, Counters, Failure, Options, start};
