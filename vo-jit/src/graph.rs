//! A function's control flow as the translation walks it: blocks, their order, dominators, loops.
//!
//! Blocks are translated in reverse post-order, so that what dominates a block has been translated before it: what
//! is known there (see [`crate::facts`]) holds in it, and a block whose predecessors have all been
//! translated needs no parameters for values that are the same on all ways.
//!
//! The bytecode tests a loop's condition at its bottom, and goes there first. Here the
//! jump to the bottom is replaced by the bottom's own instructions (they are few), so that the
//! loop is entered at its top:
//!
//! ```text
//!        Jump C                       if !cond goto out
//!     H: body            becomes   H: body
//!     C: if cond goto H            C: if cond goto H
//! ```
//!
//! Every panic of a function that defers may lead to its landing pad. That is a second root of the graph: nothing
//! dominates what it reaches.
//!
//! Must stay true: `order` has exactly the blocks that are reached from the entry.

use std::ops::Range;
use vo_bytecode::flow::{RegSet, always_ends};
use vo_bytecode::inst::instructions;
use vo_bytecode::operand::Access;
use vo_bytecode::ops::Flags;
use vo_bytecode::{Function, Inst};

/// Instructions up to which a loop's bottom is copied to the loop's entry.
const BOTTOM: usize = 4;

/// A basic block.
pub(crate) struct Block {
    /// Offset of its first instruction.
    pub(crate) pc: u32,
    /// Its instructions, in one or two runs.
    pub(crate) runs: [Range<usize>; 2],
    pub(crate) next: Vec<usize>,
    /// Reached predecessors, each once.
    pub(crate) preds: Vec<usize>,
    /// Its place in the order of translation; `None` where it is not reached.
    pub(crate) rank: Option<usize>,
    /// The block that dominates it immediately.
    pub(crate) idom: Option<usize>,
    /// The loop that it is the header of.
    pub(crate) header_of: Option<usize>,
    /// How many loops it is in.
    pub(crate) depth: u32,
}

impl Block {
    /// A block of which nothing is known but what it does.
    pub(crate) fn new(pc: u32, runs: [Range<usize>; 2], next: Vec<usize>) -> Block {
        Block { pc, runs, next, preds: Vec::new(), rank: None, idom: None, header_of: None, depth: 0 }
    }

    /// Its instructions.
    pub(crate) fn insts(&self) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let [a, b] = self.runs.clone();
        a.chain(b)
    }
}

/// A natural loop.
pub(crate) struct Loop {
    /// Whether a block is in it.
    pub(crate) blocks: Vec<bool>,
    /// The one block from outside that leads to the header, where it is one.
    pub(crate) before: Option<usize>,
    /// What is read in it and never written there.
    pub(crate) invariant: RegSet,
}

/// A function's code.
pub(crate) struct Graph<'a> {
    /// Offset and instruction, in order.
    pub(crate) insts: Vec<(u32, Inst<'a>)>,
    /// The bytecode's blocks, in order, then those that [`crate::peel`] adds.
    pub(crate) blocks: Vec<Block>,
    /// How many blocks the bytecode has.
    own: usize,
    /// Where the function is entered. Not always the first of the order: where the landing pad leads to it (in the
    /// continuation of the landing pad's own instruction), that comes before it.
    pub(crate) entry: usize,
    /// The blocks as they are translated.
    pub(crate) order: Vec<usize>,
    pub(crate) loops: Vec<Loop>,
    /// Blocks that are not run: the frame leaves where they begin.
    ends: Vec<usize>,
}

impl<'a> Graph<'a> {
    /// The graph of a function that is entered at an offset.
    pub(crate) fn new(func: &'a Function, entry: u32) -> Graph<'a> {
        Graph::entered(func, entry, false)
    }

    /// As [`Graph::new`], but if it is entered inside of a loop, it ends where other loops begin that come later.
    pub(crate) fn of_loop(func: &'a Function, entry: u32) -> Graph<'a> {
        Graph::entered(func, entry, true)
    }

    fn entered(func: &'a Function, entry: u32, only_loop: bool) -> Graph<'a> {
        let insts: Vec<(u32, Inst<'a>)> = instructions(&func.code)
            .map(|i| i.expect("internal error: verified code does not decode"))
            .collect();
        let blocks = find_blocks(&insts, func.landing, entry);
        let own = blocks.len();
        let mut graph =
            Graph { insts, blocks, own, entry: 0, order: Vec::new(), loops: Vec::new(), ends: Vec::new() };
        graph.enter_loops_at_top();
        let landing = func.landing.map(|pc| graph.block_at(pc));
        graph.entry = graph.block_at(entry);
        if only_loop && landing.is_none() {
            graph.end_at_later_loops();
        }
        if entry != 0 {
            graph.peel(func, graph.entry, landing);
        }
        graph.analyse(func, graph.entry, landing);
        if graph.add_preheaders(landing) {
            graph.analyse(func, graph.entry, landing);
        }
        graph
    }

    /// What comes back to the entry stays. Other loops run later, if at all: there the function is left.
    fn end_at_later_loops(&mut self) {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.blocks.len()];
        for (from, block) in self.blocks.iter().enumerate() {
            block.next.iter().for_each(|&next| before[next].push(from));
        }
        let mut comes_back = vec![false; self.blocks.len()];
        let mut work = before[self.entry].clone();
        while let Some(block) = work.pop() {
            if !std::mem::replace(&mut comes_back[block], true) {
                work.extend(&before[block]);
            }
        }
        if !self.blocks[self.entry].next.iter().any(|&next| comes_back[next]) {
            return;
        }
        for block in (0..self.blocks.len()).filter(|&b| !comes_back[b]) {
            let first = self.blocks[block].insts().next();
            if first.is_some_and(|i| matches!(self.insts[i].1, Inst::LoopHeader {})) {
                self.blocks[block].next.clear();
                self.ends.push(block);
            }
        }
    }

    /// Whether the frame leaves where a block begins, which is a loop header.
    pub(crate) fn is_end(&self, block: usize) -> bool {
        self.ends.contains(&block)
    }

    /// Finds order, dominators and loops, as entered at a block.
    pub(crate) fn analyse(&mut self, func: &Function, entry: usize, landing: Option<usize>) {
        for block in &mut self.blocks {
            let runs = block.runs.clone();
            *block = Block::new(block.pc, runs, std::mem::take(&mut block.next));
        }
        self.loops.clear();
        self.sort(entry, landing);
        self.find_dominators(entry, landing);
        self.find_loops(func);
    }

    /// The block of the bytecode that begins at an offset.
    pub(crate) fn block_at(&self, pc: u32) -> usize {
        let found = self.blocks[..self.own].binary_search_by_key(&pc, |block| block.pc);
        found.unwrap_or_else(|_| panic!("internal error: no block begins at {pc}"))
    }

    /// Where a block leads that goes on at an offset: there may be copies of what begins there.
    pub(crate) fn next_at(&self, block: usize, pc: u32) -> usize {
        let found = self.blocks[block].next.iter().find(|&&next| self.blocks[next].pc == pc);
        found.copied().unwrap_or_else(|| self.block_at(pc))
    }

    /// Whether a block is a copy that a continuation runs once.
    pub(crate) fn is_run_once(&self, block: usize) -> bool {
        block >= self.own && self.blocks[block].depth == 0
    }

    /// The place of the instruction at an offset.
    pub(crate) fn inst_at(&self, pc: u32) -> usize {
        let found = self.insts.binary_search_by_key(&pc, |(at, _)| *at);
        found.unwrap_or_else(|_| panic!("internal error: no instruction begins at {pc}"))
    }

    /// The offset behind an instruction.
    pub(crate) fn pc_behind(&self, inst: usize) -> u32 {
        self.insts.get(inst + 1).unwrap_or(&self.insts[inst]).0
    }

    /// Whether all predecessors of a block come before it, and it is no landing pad.
    pub(crate) fn is_forward(&self, block: usize) -> bool {
        let rank = self.blocks[block].rank;
        self.blocks[block].preds.iter().all(|&p| self.blocks[p].rank < rank)
    }

    /// Whether control never comes back from a block: it ends with a panic.
    pub(crate) fn ends_in_panic(&self, block: usize) -> bool {
        let last = self.blocks[block].insts().next_back();
        let last = last.map(|i| &self.insts[i].1);
        matches!(last, Some(Inst::Panic { .. } | Inst::AssertFail { .. } | Inst::Unreachable {}))
    }

    fn enter_loops_at_top(&mut self) {
        for b in 0..self.blocks.len() {
            let own = self.blocks[b].runs[0].clone();
            let Some((pc, Inst::Jump { target })) = own.clone().next_back().map(|i| &self.insts[i]) else {
                continue;
            };
            let (pc, bottom) = (*pc, self.block_at(*target));
            let copied = self.blocks[bottom].runs[0].clone();
            if self.blocks[bottom].pc > pc && self.is_bottom(copied.clone(), pc) {
                self.blocks[b].runs = [own.start..own.end - 1, copied];
                self.blocks[b].next = self.blocks[bottom].next.clone();
            }
        }
    }

    /// Whether instructions are few, do nothing but compute, and then jump back, but not before `pc`.
    fn is_bottom(&self, range: Range<usize>, pc: u32) -> bool {
        let last = range.end - 1;
        let (at, inst) = &self.insts[last];
        let mut back = false;
        inst.for_each_label(|target| back |= target <= *at && target > pc);
        let quiet = |i: usize| {
            let flags = self.insts[i].1.op().flags();
            !flags.has(Flags::SUSPEND) && !flags.has(Flags::ALLOC)
        };
        let conditional = !matches!(inst, Inst::Jump { .. } | Inst::JumpTable { .. });
        back && conditional && range.len() <= BOTTOM && range.clone().all(quiet)
    }

    /// Sorts what is reached in reverse post-order, the entry first.
    fn sort(&mut self, entry: usize, landing: Option<usize>) {
        let mut post = Vec::with_capacity(self.blocks.len());
        let mut seen = vec![false; self.blocks.len()];
        for root in landing.into_iter().chain([entry]) {
            let mut stack = vec![(root, 0)];
            if std::mem::replace(&mut seen[root], true) {
                continue;
            }
            while let Some((block, at)) = stack.last_mut() {
                let Some(&next) = self.blocks[*block].next.get(*at) else {
                    post.push(*block);
                    stack.pop();
                    continue;
                };
                *at += 1;
                if !std::mem::replace(&mut seen[next], true) {
                    stack.push((next, 0));
                }
            }
        }
        post.reverse();
        for (rank, &b) in post.iter().enumerate() {
            self.blocks[b].rank = Some(rank);
        }
        for &b in &post {
            for next in self.blocks[b].next.clone() {
                if !self.blocks[next].preds.contains(&b) {
                    self.blocks[next].preds.push(b);
                }
            }
        }
        self.order = post;
    }

    /// Cooper, Harvey and Kennedy's iteration; `None` is a root above entry and landing pad.
    fn find_dominators(&mut self, entry: usize, landing: Option<usize>) {
        let mut done = vec![false; self.blocks.len()];
        loop {
            let mut changed = false;
            for at in 0..self.order.len() {
                let b = self.order[at];
                let is_root = b == entry || Some(b) == landing;
                let mut idom = None;
                if !is_root {
                    let mut preds = self.blocks[b].preds.iter().copied().filter(|&p| done[p]);
                    idom = preds.next();
                    for pred in preds {
                        idom = idom.and_then(|a| self.common_dominator(a, pred));
                    }
                }
                changed |= !std::mem::replace(&mut done[b], true) || self.blocks[b].idom != idom;
                self.blocks[b].idom = idom;
            }
            if !changed {
                return;
            }
        }
    }

    fn common_dominator(&self, a: usize, b: usize) -> Option<usize> {
        let (mut a, mut b) = (a, b);
        while a != b {
            if self.blocks[a].rank > self.blocks[b].rank {
                a = self.blocks[a].idom?;
            } else {
                b = self.blocks[b].idom?;
            }
        }
        Some(a)
    }

    /// Whether `a` dominates `b`.
    pub(crate) fn dominates(&self, a: usize, b: usize) -> bool {
        let mut at = Some(b);
        while let Some(b) = at {
            if a == b {
                return true;
            }
            at = self.blocks[b].idom;
        }
        false
    }

    fn find_loops(&mut self, func: &Function) {
        for at in 0..self.order.len() {
            let header = self.order[at];
            let back: Vec<usize> =
                self.blocks[header].preds.iter().copied().filter(|&p| self.dominates(header, p)).collect();
            if back.is_empty() {
                continue;
            }
            let mut inside = vec![false; self.blocks.len()];
            inside[header] = true;
            let mut work = back;
            while let Some(b) = work.pop() {
                if !std::mem::replace(&mut inside[b], true) {
                    work.extend(&self.blocks[b].preds);
                }
            }
            let outside: Vec<usize> =
                self.blocks[header].preds.iter().copied().filter(|&p| !inside[p]).collect();
            let before = match outside[..] {
                [one] => Some(one),
                _ => None,
            };
            let (mut read, mut written) = (RegSet::empty(func.regs.len()), RegSet::empty(func.regs.len()));
            for b in (0..inside.len()).filter(|&b| inside[b]) {
                self.blocks[b].depth += 1;
                for i in self.blocks[b].insts() {
                    self.insts[i].1.for_each_reg(|u| {
                        if u.access == Access::Use {
                            read.insert(u.reg);
                        } else {
                            written.insert(u.reg);
                        }
                    });
                }
            }
            written.iter().for_each(|reg| read.remove(reg));
            self.blocks[header].header_of = Some(self.loops.len());
            self.loops.push(Loop { blocks: inside, before, invariant: read });
        }
    }
}

fn find_blocks(insts: &[(u32, Inst<'_>)], landing: Option<u32>, entry: u32) -> Vec<Block> {
    let mut leader = vec![false; insts.len()];
    let index = |pc: u32| {
        let found = insts.binary_search_by_key(&pc, |(at, _)| *at);
        found.expect("internal error: verified code jumps to no instruction")
    };
    leader[0] = true;
    landing.into_iter().chain([entry]).for_each(|pc| leader[index(pc)] = true);
    for (i, (_, inst)) in insts.iter().enumerate() {
        inst.for_each_label(|target| leader[index(target)] = true);
        if inst.op().flags().has(Flags::END) && i + 1 < insts.len() {
            leader[i + 1] = true;
        }
    }
    let starts: Vec<usize> = (0..insts.len()).filter(|&i| leader[i]).collect();
    let block_of = |i: usize| starts.partition_point(|&s| s <= i) - 1;
    let block = |(b, &first): (usize, &usize)| {
        let end = starts.get(b + 1).copied().unwrap_or(insts.len());
        let last = &insts[end - 1].1;
        let mut next = Vec::new();
        last.for_each_label(|target| next.push(block_of(index(target))));
        if !always_ends(last) {
            next.push(b + 1);
        }
        Block::new(insts[first].0, [first..end, end..end], next)
    };
    starts.iter().enumerate().map(block).collect()
}

/// Functions for the tests of what works on graphs.
#[cfg(test)]
pub(crate) mod testing {
    use vo_bytecode::{Class, Function, Inst};

    /// A function of instructions whose targets are their places in the list, and the code offset of each.
    pub(crate) fn function(insts: &[Inst<'_>]) -> (Function, Vec<u32>) {
        let mut at = vec![0u32];
        for inst in insts {
            let mut units = Vec::new();
            inst.encode(&mut units);
            at.push(at.last().unwrap() + units.len() as u32);
        }
        let mut code = Vec::new();
        for inst in insts {
            let placed = match *inst {
                Inst::Jump { target } => Inst::Jump { target: at[target as usize] },
                Inst::JumpIf { a, target } => Inst::JumpIf { a, target: at[target as usize] },
                Inst::JumpLtS { a, b, target } => Inst::JumpLtS { a, b, target: at[target as usize] },
                other => other,
            };
            placed.encode(&mut code);
        }
        (Function { code, regs: vec![Class::Int; 4], params: 2, ..Function::default() }, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vo_bytecode::{Class, Reg};

    fn function(insts: &[Inst<'_>]) -> Function {
        let mut code = Vec::new();
        insts.iter().for_each(|inst| inst.encode(&mut code));
        Function { code, regs: vec![Class::Int; 4], params: 1, ..Function::default() }
    }

    /// `for x {}; for y { for x {} }; for x {}`, entered in the second.
    #[test]
    fn what_begins_in_a_loop_ends_at_later_ones() {
        let (x, y) = (Reg(0), Reg(1));
        let (func, at) = testing::function(&[
            Inst::LoopHeader {},
            Inst::JumpIf { a: x, target: 0 },
            Inst::LoopHeader {},
            Inst::Zero { dst: y },
            Inst::LoopHeader {},
            Inst::JumpIf { a: x, target: 4 },
            Inst::JumpIf { a: y, target: 2 },
            Inst::LoopHeader {},
            Inst::JumpIf { a: x, target: 7 },
            Inst::Unreachable {},
        ]);
        let graph = Graph::of_loop(&func, at[3]);
        let ends = |graph: &Graph<'_>| -> Vec<u32> {
            graph.order.iter().filter(|&&b| graph.is_end(b)).map(|&b| graph.blocks[b].pc).collect()
        };
        assert_eq!(ends(&graph), [at[7]]);
        assert!(!graph.order.contains(&graph.block_at(at[9])));
        assert!(ends(&Graph::new(&func, at[3])).is_empty());
        assert!(ends(&Graph::of_loop(&func, at[9])).is_empty(), "it is in no loop");
    }

    /// `for i := 0; i < n; i++ {}`, tested at the bottom.
    #[test]
    fn a_loop_is_entered_at_its_top() {
        let (i, n) = (Reg(1), Reg(0));
        let code = [
            Inst::Zero { dst: i },
            Inst::Jump { target: 11 },
            Inst::LoopHeader {},
            Inst::AddImm { dst: i, a: i, imm: 1 },
            Inst::JumpLtS { a: i, b: n, target: 5 },
            Inst::Unreachable {},
        ];
        let mut sizes = vec![0u32];
        for inst in &code {
            let mut units = Vec::new();
            inst.encode(&mut units);
            sizes.push(sizes.last().unwrap() + units.len() as u32);
        }
        let (top, bottom) = (sizes[2], sizes[4]);
        let mut code = code;
        code[1] = Inst::Jump { target: bottom };
        code[4] = Inst::JumpLtS { a: i, b: n, target: top };
        let func = function(&code);
        let graph = Graph::new(&func, 0);
        let top = graph.block_at(top);
        assert_eq!(graph.blocks[top].preds.len(), 2);
        let natural = &graph.loops[graph.blocks[top].header_of.unwrap()];
        assert_eq!(natural.before, Some(0));
        assert!(natural.invariant.has(n) && !natural.invariant.has(i));
        assert_eq!(graph.blocks[0].insts().count(), 2);
        assert!(!graph.is_forward(top));
    }
}
