//! The ends of loops' turns, where the interrupt word is looked at.
//!
//! All ways back to a loop's header lead over one block behind the loop, the *latch*:
//!
//! ```text
//!     header: body
//!             if ... goto latch                 latch: (not this turn? goto header)
//!             body                                     interrupted? ask, or leave
//!             if ... goto latch                        goto header
//! ```
//!
//! So the loop's blocks, the look among them, lie in a row and end with what leads back to the header. Where the header
//! itself looked, or what leads back lay behind the loop's exits, the register allocator would split values'
//! lives inside the loop and move them in every turn.
//!
//! An innermost loop that adds a constant to a register in every turn has a *clock*: it looks only in the turns
//! in which certain bits of that register are zero, one in [`LOOKS`]. What runs for fewer turns may not look at all, so
//! the loops around it have none.
//!
//! Must stay true: a frame that leaves at a latch is one that has come to the header's instruction. Loops that run in strips
//! have no latch.

use super::Translator;
use super::strip::{Step, stepped};
use crate::callbacks::Callback;
use crate::graph::Graph;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use vo_bytecode::Inst;

/// Turns from one look at the interrupt word to the next where there is a clock.
const LOOKS: i64 = 1 << 6;

impl<'a> Translator<'a, '_> {
    /// Gives the loop with this header its latch, if its turns are to end there.
    pub(super) fn plan_latch(&mut self, graph: &Graph<'a>, header: usize) {
        let first = graph.blocks[header].insts().next();
        let is_loop = graph.blocks[header].header_of.is_some();
        if is_loop && first.is_some_and(|i| matches!(graph.insts[i].1, Inst::LoopHeader {})) {
            let latch = self.b.create_block();
            self.body.latches[header] = Some(latch);
        }
    }

    /// Where the running block goes that goes on at another.
    pub(super) fn way_to(&self, next: usize) -> Block {
        match self.body.latches[next] {
            Some(latch) if self.is_in_loop_of(next) => latch,
            _ => self.body.blocks[next],
        }
    }

    /// Whether a jump from the running block to an offset ends a turn.
    pub(super) fn goes_back(&self, target: u32) -> bool {
        let next = self.body.graph.next_at(self.body.block, target);
        self.body.latches[next].is_some() && self.is_in_loop_of(next)
    }

    /// Whether the running block is in the loop with this header.
    fn is_in_loop_of(&self, header: usize) -> bool {
        let graph = &self.body.graph;
        graph.blocks[header].header_of.is_some_and(|natural| graph.loops[natural].blocks[self.body.block])
    }

    /// Translates the latch of a loop, of which all other blocks have been translated.
    pub(super) fn fill_latch(&mut self, graph: &Graph<'a>, header: usize) {
        let Some(latch) = self.body.latches[header] else { return };
        let first = graph.blocks[header].insts().next();
        self.body.pc = graph.insts[first.expect("internal error: a loop header without instructions")].0;
        self.go_to(latch);
        self.set_location(&Inst::LoopHeader {});
        let to = self.body.blocks[header];
        if let Some(clock) = self.clock(graph, header) {
            let look = self.b.create_block();
            self.b.ins().brif(clock, to, &[], look, &[]);
            self.go_to(look);
        }
        self.look(to);
    }

    /// Looks at the interrupt word and goes on at a block, or leaves.
    fn look(&mut self, on: Block) {
        // Asking is rare, but where it stands, behind the loop, it is in nobody's way.
        let (set, ask, leave) = (self.interrupt_word(), self.b.create_block(), self.cold_block());
        self.b.ins().brif(set, ask, &[], on, &[]);
        self.go_to(ask);
        let status = self.ask_quietly(Callback::interrupt, &[]);
        self.b.ins().brif(status, leave, &[], on, &[]);
        self.go_to(leave);
        self.spill_and_exit(status);
    }

    /// A value that is zero at the end of one of [`LOOKS`] turns of an innermost loop.
    fn clock(&mut self, graph: &Graph<'a>, header: usize) -> Option<Value> {
        let natural = &graph.loops[graph.blocks[header].header_of?];
        let depth = graph.blocks[header].depth;
        let mut inside = (0..natural.blocks.len()).filter(|&b| natural.blocks[b]);
        if inside.any(|b| graph.blocks[b].depth != depth) {
            return None;
        }
        let (reg, bits) = stepped(graph, header).into_iter().find_map(|counter| {
            let Step::Imm(step) = counter.step else { return None };
            // From the step's lowest bit on they are different in each of as many turns as they have values.
            counter
                .is_in_every_turn(graph, header)
                .then(|| (counter.reg, (LOOKS - 1) << step.trailing_zeros()))
        })?;
        let counter = self.get(reg);
        Some(self.b.ins().band_imm_s(counter, bits))
    }

    /// A loop header whose loop has no latch: of several beginnings, or a landing pad.
    pub(crate) fn loop_header(&mut self) {
        if !self.runs_in_strips() && self.body.latches[self.body.block].is_none() {
            let on = self.b.create_block();
            self.look(on);
            self.go_to(on);
        }
    }
}
