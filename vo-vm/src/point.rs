//! What the machine keeps for each suspend point of a function, beyond the module's table: what the
//! instruction there waits for, decoded once, and where the compiled code behind it is ([`crate::tier`]).
//!
//! A fiber that was woken is gone on with at its innermost record some ten million times a second: nothing
//! on that path decodes, hashes or allocates.
//!
//! Must stay true: points are made when a function's first record is gone on with, and never change but for their
//! slots.

use crate::compiled::RESULTS;
use crate::program::Code;
use crate::tier::Slot;
use crate::window::Window;
use vo_bytecode::operand::RegList;
use vo_bytecode::{Inst, PointKind, Reg, SuspendPoint};

/// A list of registers in a function's code.
#[derive(Clone, Copy)]
pub(crate) struct Regs {
    first: *const u16,
    len: usize,
}

impl Regs {
    fn new(list: RegList<'_>) -> Regs {
        Regs { first: list.0.as_ptr(), len: list.len() }
    }

    /// The list.
    #[inline(always)]
    pub(crate) fn list<'c>(self) -> RegList<'c> {
        // SAFETY: made from a list in the code of a program, which does not change and outlives its turns.
        RegList(unsafe { std::slice::from_raw_parts(self.first, self.len) })
    }
}

/// What an instruction at a blocking point waits for, and where the outcome goes.
#[derive(Clone, Copy)]
pub(crate) enum Wait {
    Send,
    Recv {
        ok: Reg,
        words: Regs,
    },
    SendPort,
    RecvPort {
        ok: Reg,
        words: Regs,
    },
    Select {
        dst: Reg,
    },
    Native {
        results: Regs,
    },
    /// It is no blocking operation.
    Nothing,
}

/// A suspend point as the machine goes on there.
pub(crate) struct Point {
    /// The registers of its record.
    live: (*const Reg, usize),
    /// A fiber can be gone on with there without more ado; see [`crate::wakeup`].
    pub(crate) short: bool,
    pub(crate) wait: Wait,
    /// Words of its record, with the last one.
    pub(crate) size: usize,
    /// Offset of what comes behind it: the next instruction, or this one where it is done again.
    pub(crate) behind: u32,
    /// The compiled code behind it.
    pub(crate) slot: Slot,
    /// The registers that the instruction sets, as a continuation gets them.
    sets: Box<[Reg]>,
}

// SAFETY: the registers point at the program's immutable code.
unsafe impl Send for Point {}
// SAFETY: as above.
unsafe impl Sync for Point {}

impl Point {
    /// The points of a function, in the order of its table.
    #[cold]
    pub(crate) fn all_of(code: &Code) -> Box<[Point]> {
        code.function().points.iter().map(|point| Point::new(code, point)).collect()
    }

    fn new(code: &Code, point: &SuspendPoint) -> Point {
        let (wait, behind) = match point.kind {
            PointKind::Entry | PointKind::Retry => (Wait::Nothing, point.pc),
            _ => {
                let (inst, next) = code.decode(point.pc);
                (Wait::of(&inst), next)
            }
        };
        let mut sets = Vec::new();
        code.decode(point.pc).0.for_each_set(|reg| sets.push(reg));
        let short = match point.kind {
            PointKind::Blocking => !matches!(wait, Wait::Nothing | Wait::SendPort | Wait::RecvPort { .. }),
            kind => kind == PointKind::Loop,
        };
        let short = short && code.results() <= RESULTS;
        let size = point.live.len() + code.slot_words + 1;
        let live = (point.live.as_ptr(), point.live.len());
        Point { live, short, wait, size, behind, slot: Slot::default(), sets: sets.into() }
    }

    /// Lays what a continuation takes of a frame that has gone on behind the point: the record's words into `into`,
    /// the instruction's registers behind them. Answers where those begin.
    pub(crate) fn pack(&self, code: &Code, w: Window, into: &mut Vec<u64>) -> usize {
        into.clear();
        into.extend(self.live().iter().map(|&reg| w.get(reg)));
        // SAFETY: the frame's slots lie behind its registers.
        into.extend_from_slice(unsafe { std::slice::from_raw_parts(w.slot(code, 0), code.slot_words) });
        let behind = into.len();
        into.extend(self.sets.iter().map(|&reg| w.get(reg)));
        behind
    }
}

impl Point {
    /// The registers of its record.
    #[inline(always)]
    pub(crate) fn live(&self) -> &[Reg] {
        // SAFETY: the list of a point of the program's module, which does not change and outlives it.
        unsafe { std::slice::from_raw_parts(self.live.0, self.live.1) }
    }
}

impl Wait {
    fn of(inst: &Inst<'_>) -> Wait {
        match inst {
            Inst::ChanSend { .. } => Wait::Send,
            Inst::ChanRecv { ok, words, .. } => Wait::Recv { ok: *ok, words: Regs::new(*words) },
            Inst::PortSend { .. } => Wait::SendPort,
            Inst::PortRecv { ok, words, .. } => Wait::RecvPort { ok: *ok, words: Regs::new(*words) },
            Inst::SelectExec { dst, .. } => Wait::Select { dst: *dst },
            Inst::CallNative { results, .. } => Wait::Native { results: Regs::new(*results) },
            _ => Wait::Nothing,
        }
    }
}
