//! Which blocks are rare, as far as the interpreter has seen.
//!
//! A block is rare where all ways to it are: ways of a jump that never went there when it was looked at, and what comes from
//! rare blocks. Rare blocks lie behind the function, and the register allocator comes to them last.
//!
//! The jumps that lead to rare blocks count how often they do, there. Where it is often in a short time, the program has
//! changed its ways: the machine is told, forgets what it saw of the jump, and has the unit compiled again.
//!
//! A way out of a loop is never rare: a loop that is compiled while it runs has not been left yet, and what is behind it will
//! run all the same.
//!
//! What was measured (user time of whole runs, the least of several, in pairs): a maximum over an array takes 0.48 of what it took with
//! conditional moves, the lexer benchmark 0.80 to 0.88; a loop with two error paths that append 0.82 to 1.13; the
//! other benchmarks what they took before. Without the counts, a loop whose branches go both ways after a thousand calls took
//! 3.5 times as long as without all this; with them it takes as long. A branch that is biased, but not always goes one way, may
//! become a conditional move as before: nothing counts how it goes later.
//!
//! Must stay true: this says where code lies, never what it does.

use crate::feedback::Bias;
use crate::graph::Graph;
use cranelift_codegen::ir::{Block, Function};
use std::collections::HashSet;

/// How rare a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rare {
    No,
    /// It is come to by way of other rare blocks.
    Within,
    /// It is where rare blocks begin: behind the jump at this offset, among others.
    Behind(u32),
}

/// How rare the blocks are. `bias` knows the conditional jumps by their offsets.
pub(crate) fn rare_blocks(
    graph: &Graph<'_>,
    landing: Option<usize>,
    bias: impl Fn(u32) -> Option<Bias>,
) -> Vec<Rare> {
    let mut rare = vec![Rare::No; graph.blocks.len()];
    for &block in &graph.order {
        let rank = graph.blocks[block].rank;
        let mut ways = graph.blocks[block].preds.iter().filter(|&&p| graph.blocks[p].rank < rank).peekable();
        if block == graph.entry || Some(block) == landing || ways.peek().is_none() {
            continue;
        }
        let mut found = Rare::Within;
        for &from in ways {
            if rare[from] != Rare::No {
                continue;
            }
            match rare_way(graph, from, block, &bias) {
                Some(jump) => found = Rare::Behind(jump),
                None => {
                    found = Rare::No;
                    break;
                }
            }
        }
        rare[block] = found;
    }
    rare
}

/// The jump at a block's end, if it never went to another block, which it may.
fn rare_way(graph: &Graph<'_>, from: usize, to: usize, bias: impl Fn(u32) -> Option<Bias>) -> Option<u32> {
    let [jump, on] = graph.blocks[from].next[..] else { return None };
    let pc = graph.insts[graph.blocks[from].insts().next_back()?].0;
    let Bias { jumps, always: true } = bias(pc)? else { return None };
    let leaves = graph.loops.iter().any(|natural| natural.blocks[from] && !natural.blocks[to]);
    (jump != on && !leaves && to == if jumps { on } else { jump }).then_some(pc)
}

/// What is only come to by way of cold blocks is cold as well.
pub(crate) fn spread(func: &mut Function) {
    let Some(entry) = func.layout.entry_block() else { return };
    let mut warm = HashSet::from([entry]);
    let mut work = vec![entry];
    while let Some(block) = work.pop() {
        let Some(last) = func.layout.last_inst(block) else { continue };
        let dfg = &func.dfg;
        for call in dfg.insts[last].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
            let next = call.block(&dfg.value_lists);
            if !func.layout.is_cold(next) && warm.insert(next) {
                work.push(next);
            }
        }
    }
    let cold: Vec<Block> = func.layout.blocks().filter(|block| !warm.contains(block)).collect();
    cold.into_iter().for_each(|block| func.layout.set_cold(block));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::testing::function;
    use vo_bytecode::{Inst, Reg};

    /// `for { if x { y++; if y { y++ } }; if y { break } }`.
    #[test]
    fn blocks_are_rare_behind_jumps_that_never_go_there_but_not_behind_loops() {
        let (x, y) = (Reg(0), Reg(1));
        let more = Inst::AddImm { dst: y, a: y, imm: 1 };
        let (func, at) = function(&[
            Inst::LoopHeader {},
            Inst::JumpIf { a: x, target: 4 },
            Inst::JumpIf { a: y, target: 8 },
            Inst::Jump { target: 0 },
            more,
            Inst::JumpIf { a: y, target: 2 },
            more,
            Inst::Jump { target: 2 },
            Inst::Unreachable {},
        ]);
        let graph = Graph::new(&func, 0);
        let never = |pc: u32| (pc != at[5]).then_some(Bias { jumps: false, always: true });
        let rare = rare_blocks(&graph, None, never);
        let of = |inst: usize| rare[graph.block_at(at[inst])];
        assert_eq!((of(4), of(6)), (Rare::Behind(at[1]), Rare::Within));
        assert_eq!((of(2), of(3), of(8)), (Rare::No, Rare::No, Rare::No));
        let seldom = |_: u32| Some(Bias { jumps: false, always: false });
        assert!(rare_blocks(&graph, None, seldom).iter().all(|&rare| rare == Rare::No));
    }
}
