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

use super::strip::{Step, stepped};
use super::{Entry, Translator};
use crate::callbacks::Callback;
use crate::graph::Graph;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
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
        let set = self.interrupt_word();
        self.look(set, to);
    }

    /// A continuation that begins at a loop's header does not look there first: it would leave where it was.
    pub(super) fn enter_at_header(&mut self, graph: &Graph<'a>) {
        let first = graph.blocks[graph.entry].insts().next();
        let at_header = first.is_some_and(|i| matches!(graph.insts[i].1, Inst::LoopHeader {}));
        if at_header && self.callers.is_empty() && matches!(self.unit.entry, Entry::Point(_)) {
            let looks = self.b.declare_var(types::I32);
            let not_yet = self.b.ins().iconst(types::I32, 0);
            self.b.def_var(looks, not_yet);
            self.body.looks = Some(looks);
        }
    }

    /// The interrupt word, as a loop's header sees it.
    pub(super) fn word_at_header(&mut self) -> Value {
        let word = self.interrupt_word();
        match self.body.looks.filter(|_| self.body.block == self.body.graph.entry) {
            None => word,
            Some(looks) => {
                let mask = self.b.use_var(looks);
                let (word, all) = (self.b.ins().band(word, mask), self.b.ins().iconst(types::I32, -1));
                self.b.def_var(looks, all);
                word
            }
        }
    }

    /// Looks at the interrupt word and goes on at a block, or leaves.
    fn look(&mut self, set: Value, on: Block) {
        // Asking is rare, but where it stands, behind the loop, it is in nobody's way.
        let (ask, leave) = (self.b.create_block(), self.cold_block());
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
            let (set, on) = (self.word_at_header(), self.b.create_block());
            self.look(set, on);
            self.go_to(on);
        }
    }
}
