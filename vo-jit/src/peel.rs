//! Blocks that the bytecode does not have: what a continuation runs once, and places before loops.
//!
//! A continuation begins inside the loops that its point lies in. If it were entered there, all of them would be
//! one loop with several beginnings, of which little is known. So what is left of the innermost one's turn is copied; then
//! what is left of a turn of the one around it, which contains the inner loop, whole; and so on. From the
//! outermost header on, the continuation runs the function's own blocks.
//!
//! ```text
//!     O: ...                                             entry: rest1; if a goto H2
//!     H: ... point, rest              becomes, before           goto more2
//!        if a goto H                  what there was,       H2: ... point, rest2; if a goto H2
//!        more; if b goto O                               more2: if b goto O
//! ```
//!
//! A point at a loop's header has the whole turn before it: that loop is entered at its top.
//!
//! A loop that is entered from several places gets a block of its own that they lead to, so that there
//! is one place where what holds before the loop is known.
//!
//! Must stay true: a copy has its original's instructions, and so its suspend points; no landing pad is copied, and no
//! header of the outermost loop.

use crate::graph::{Block, Graph};
use std::collections::HashMap;
use vo_bytecode::Function;

/// Instructions that are copied at most; a continuation of more is entered in the middle of its loops.
const LARGEST: usize = 1500;

impl Graph<'_> {
    /// Makes the copies that a continuation which begins at a block runs first, and enters the graph there.
    pub(crate) fn peel(&mut self, func: &Function, at: usize, landing: Option<usize>) {
        self.analyse(func, 0, landing);
        // The loops around the point, the inner ones first.
        let mut around: Vec<(usize, Vec<bool>)> = Vec::new();
        for (header, block) in self.blocks.iter().enumerate() {
            // Of a turn that has not begun nothing is left.
            if header == at {
                continue;
            }
            if let Some(natural) = block.header_of.map(|l| &self.loops[l]).filter(|l| l.blocks[at]) {
                let mut copied = natural.blocks.clone();
                copied[header] = false;
                landing.into_iter().for_each(|pad| copied[pad] = false);
                around.push((natural.blocks.iter().filter(|&&inside| inside).count(), copied));
            }
        }
        around.sort_by_key(|(size, _)| *size);
        let levels: Vec<Vec<bool>> = around.into_iter().map(|(_, copied)| copied).collect();
        let insts = |b: usize| self.blocks[b].insts().count();
        let size: usize =
            levels.iter().map(|level| (0..level.len()).filter(|&b| level[b]).map(insts).sum::<usize>()).sum();
        if !levels.is_empty() && size <= LARGEST && Some(at) != landing {
            self.entry = self.copy_levels(at, &levels);
        }
    }

    /// Copies a block and what is reached from it, each level's blocks by way of that level's only. Answers the
    /// block's copy in the first.
    fn copy_levels(&mut self, at: usize, levels: &[Vec<bool>]) -> usize {
        // Where a copy of some level leads.
        let level_of = |from: usize, next: usize| (from..levels.len()).find(|&level| levels[level][next]);
        let first = self.blocks.len();
        let mut found = vec![(0, at)];
        let mut places = HashMap::from([((0, at), first)]);
        let mut done = 0;
        while let Some(&(level, block)) = found.get(done) {
            let mut next = self.blocks[block].next.clone();
            for next in &mut next {
                let Some(to) = level_of(level, *next) else { continue };
                *next = *places.entry((to, *next)).or_insert_with(|| {
                    found.push((to, *next));
                    first + found.len() - 1
                });
            }
            let runs = self.blocks[block].runs.clone();
            self.blocks.push(Block::new(self.blocks[block].pc, runs, next));
            done += 1;
        }
        first
    }

    /// Gives loops that are entered from several blocks one block before them. Answers whether there was one.
    pub(crate) fn add_preheaders(&mut self, landing: Option<usize>) -> bool {
        let originals = self.blocks.len();
        for header in 0..originals {
            let Some(natural) = self.blocks[header].header_of.map(|l| &self.loops[l]) else { continue };
            if header == self.entry || Some(header) == landing || natural.before.is_some() {
                continue;
            }
            let preds = self.blocks[header].preds.iter().copied();
            let outside: Vec<usize> = preds.filter(|&p| p < originals && !natural.blocks[p]).collect();
            if outside.is_empty() {
                continue;
            }
            let before = self.blocks.len();
            for pred in outside {
                let next = self.blocks[pred].next.iter_mut().filter(|next| **next == header);
                next.for_each(|next| *next = before);
            }
            self.blocks.push(Block::new(self.blocks[header].pc, [0..0, 0..0], vec![header]));
        }
        self.blocks.len() > originals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::testing::function;
    use vo_bytecode::{Inst, Reg};

    /// `for i < n { for j < n { j++ }; i++ }`, tested at the bottoms.
    fn nest() -> (Function, Vec<u32>) {
        let (n, i, j) = (Reg(0), Reg(1), Reg(2));
        function(&[
            Inst::Zero { dst: i },
            Inst::Jump { target: 8 },
            Inst::LoopHeader {},
            Inst::Zero { dst: j },
            Inst::Jump { target: 7 },
            Inst::LoopHeader {},
            Inst::AddImm { dst: j, a: j, imm: 1 },
            Inst::JumpLtS { a: j, b: n, target: 5 },
            Inst::JumpLtS { a: i, b: n, target: 2 },
            Inst::Unreachable {},
        ])
    }

    #[test]
    fn a_continuation_leaves_the_loops_as_they_are() {
        let (func, at) = nest();
        let whole = Graph::new(&func, 0);
        // Behind the inner loop's header.
        let graph = Graph::new(&func, at[6]);
        assert_eq!(graph.blocks[graph.entry].pc, at[6]);
        assert!(graph.is_run_once(graph.entry));
        let header = |graph: &Graph<'_>, pc: u32| {
            let at = graph.block_at(pc);
            let found = graph.blocks[at].header_of.map(|l| &graph.loops[l]);
            let natural = found.expect("this is a loop's header");
            let inside = natural.blocks.iter().filter(|&&inside| inside).count();
            (natural.before.is_some(), inside)
        };
        let (outer, inner) = (header(&graph, at[2]), header(&graph, at[5]));
        assert_eq!((outer.0, inner.0), (true, true));
        // The inner header is a block of its own, since the point ends it.
        assert_eq!(inner.1, header(&whole, at[5]).1 + 1);
        assert_eq!(outer.1, header(&whole, at[2]).1 + 1);
        // The inner loop is there twice: to finish the turn of the outer one, and in it.
        assert_eq!(graph.loops.len(), 3);
    }

    #[test]
    fn what_is_outside_loops_is_not_copied() {
        let (func, at) = nest();
        let graph = Graph::new(&func, at[9]);
        assert_eq!(graph.entry, graph.block_at(at[9]));
        assert!(!graph.is_run_once(graph.entry));
    }
}
