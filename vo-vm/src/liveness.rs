//! What is live in an interpreted frame at an instruction that is no suspend point.
//!
//! A frame that has called, or that stands at a loop header, is at a suspend point, whose table says what is live.
//! The innermost one may also be at an instruction that allocates, and so collects. For such a function the live
//! registers at the end of each block are computed when they are asked for, once; few functions ever need
//! them: those that the interpreter runs while a collection is due.

use crate::program::Code;
use vo_bytecode::Inst;
use vo_bytecode::Reg;
use vo_bytecode::flow::{Flow, RegSet, step_back};

/// Liveness at the ends of a function's blocks.
pub(crate) struct Liveness {
    blocks: Box<[Block]>,
    /// Registers that are live at the landing pad, if there is one.
    landing: Option<RegSet>,
}

struct Block {
    /// Offsets of its first instruction, and of the one behind it.
    first: u32,
    end: u32,
    live_out: RegSet,
}

impl Liveness {
    pub(crate) fn of(code: &Code) -> Liveness {
        let Ok(flow) = Flow::new(code.function()) else {
            panic!("internal error: {} does not decode", code.name())
        };
        let live_in = flow.live_in();
        let end_of_code = code.function().code.len() as u32;
        let start = |i: usize| flow.insts.get(i).map_or(end_of_code, |(pc, _)| *pc);
        let blocks = flow.blocks.iter().enumerate().map(|(b, block)| Block {
            first: start(block.first),
            end: start(block.end),
            live_out: flow.live_out(b, &live_in),
        });
        Liveness { blocks: blocks.collect(), landing: flow.landing.map(|b| live_in[b].clone()) }
    }

    /// Registers that are read by the instruction at `pc`, or may be read behind it.
    pub(crate) fn before(&self, code: &Code, pc: u32) -> RegSet {
        let block = &self.blocks[self.blocks.partition_point(|block| block.first <= pc) - 1];
        let mut insts: Vec<Inst<'_>> = Vec::new();
        let mut at = pc;
        while at < block.end {
            let (inst, next) = code.decode(at);
            insts.push(inst);
            at = next;
        }
        let mut live = block.live_out.clone();
        for inst in insts.iter().rev() {
            step_back(inst, &mut live, self.landing.as_ref());
        }
        live
    }

    /// Appends the registers of class "address" that are live before the instruction at `pc`.
    pub(crate) fn traced_before(&self, code: &Code, pc: u32, into: &mut Vec<Reg>) {
        let function = code.function();
        into.extend(self.before(code, pc).iter().filter(|&reg| function.class(reg).is_traced()));
    }
}
