//! Suspend points: where a fiber may leave a function, and what is live there.
//!
//! The code generator computes the table once; interpreter, JIT, collector and
//! tracebacks read it. A frame that leaves is written as a record: the header
//! (function, point), then the live registers in the order of `live`, one word
//! each, then the contents of the function's slots, all of them, in order, each
//! rounded up to words.
//!
//! Invariants: points are sorted by `pc` and a `pc` has one point; `live` never
//! holds a register of class `Raw`; a point's `live` holds what is read on any
//! path after it, the path over the function's landing pad included.

use crate::operand::Reg;
use serde::{Deserialize, Serialize};

/// What kind of point it is, which says how the fiber goes on there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PointKind {
    /// Offset 0, before the first instruction: the parameters are live. Goes on with the instruction at `pc`.
    Entry,
    /// At a `LoopHeader`. Goes on with the instruction after it.
    Loop,
    /// At a call. The results are live for nobody yet: the callee's are put into
    /// the destination registers, then the function goes on after the call. A
    /// callee that panicked sends it to the landing pad, or returns `Panic`.
    Call,
    /// At a blocking operation (channel, select, native). It is completed, not
    /// repeated: what the waker left is put into the destination registers and
    /// the function goes on after it.
    Blocking,
    /// At `RunDefers` or `DeferUnwind`: when the deferred call has returned, the
    /// instruction is executed again.
    Retry,
}

/// One suspend point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendPoint {
    /// Offset of the instruction, in code units.
    pub pc: u32,
    pub kind: PointKind,
    /// Registers saved in a record, in the order of the record. Destination
    /// registers of the instruction itself are not among them unless they are
    /// also read by the landing pad.
    pub live: Vec<Reg>,
}
