//! Control flow of one function: instructions, blocks, liveness and definite
//! assignment, as the verifier needs them.
//!
//! A function with a landing pad has an edge to it from every instruction that
//! may panic, taken before the instruction writes its results.

use crate::inst::{DecodeError, Inst};
use crate::module::Function;
use crate::operand::{Access, Reg};
use crate::ops::Flags;

/// A set of registers.
#[derive(Clone, PartialEq, Eq)]
pub struct RegSet(Vec<u64>);

impl RegSet {
    pub fn empty(regs: usize) -> RegSet {
        RegSet(vec![0; regs.div_ceil(64)])
    }
    pub fn full(regs: usize) -> RegSet {
        RegSet(vec![u64::MAX; regs.div_ceil(64)])
    }
    pub fn insert(&mut self, reg: Reg) {
        self.0[reg.0 as usize / 64] |= 1 << (reg.0 % 64);
    }
    pub fn remove(&mut self, reg: Reg) {
        self.0[reg.0 as usize / 64] &= !(1 << (reg.0 % 64));
    }
    pub fn has(&self, reg: Reg) -> bool {
        self.0[reg.0 as usize / 64] >> (reg.0 % 64) & 1 == 1
    }
    /// Adds all of `other`; says whether anything was new.
    pub fn union(&mut self, other: &RegSet) -> bool {
        let mut changed = false;
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            changed |= *b & !*a != 0;
            *a |= b;
        }
        changed
    }
    /// Keeps what is also in `other`; says whether anything went.
    pub fn intersect(&mut self, other: &RegSet) -> bool {
        let mut changed = false;
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            changed |= *a & !*b != 0;
            *a &= b;
        }
        changed
    }
    pub fn iter(&self) -> impl Iterator<Item = Reg> + '_ {
        self.0.iter().enumerate().flat_map(|(i, &word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| Reg((i * 64 + bit) as u16))
        })
    }
}

/// A basic block: a range of instructions and where it goes on.
pub struct Block {
    pub first: usize,
    pub end: usize,
    pub next: Vec<usize>,
}

/// The decoded function.
pub struct Flow<'c> {
    pub func: &'c Function,
    /// Offset and instruction, in order.
    pub insts: Vec<(u32, Inst<'c>)>,
    pub blocks: Vec<Block>,
    /// The block of the landing pad.
    pub landing: Option<usize>,
}

/// What is wrong with the shape of the code.
pub enum ShapeError {
    Decode(DecodeError),
    /// A jump or the landing pad does not lead to an instruction.
    Target {
        pc: u32,
        target: u32,
    },
    /// Control runs off the end.
    FallsOff,
}

impl<'c> Flow<'c> {
    /// Decodes and finds the blocks.
    pub fn new(func: &'c Function) -> Result<Flow<'c>, ShapeError> {
        let insts = crate::inst::instructions(&func.code)
            .collect::<Result<Vec<_>, _>>()
            .map_err(ShapeError::Decode)?;
        match insts.last() {
            Some((_, inst)) if always_ends(inst) => {}
            _ => return Err(ShapeError::FallsOff),
        }
        let index_of = |pc: u32, target: u32| {
            insts.binary_search_by_key(&target, |(at, _)| *at).map_err(|_| ShapeError::Target { pc, target })
        };
        let mut leader = vec![false; insts.len()];
        leader[0] = true;
        let mut targets = vec![Vec::new(); insts.len()];
        for (i, (pc, inst)) in insts.iter().enumerate() {
            let mut labels = Vec::new();
            inst.for_each_label(|target| labels.push(target));
            for target in labels {
                let at = index_of(*pc, target)?;
                leader[at] = true;
                targets[i].push(at);
            }
            if inst.op().flags().has(Flags::END) && i + 1 < insts.len() {
                leader[i + 1] = true;
            }
        }
        let landing = func.landing.map(|pc| index_of(pc, pc)).transpose()?;
        if let Some(at) = landing {
            leader[at] = true;
        }
        let starts: Vec<usize> = (0..insts.len()).filter(|&i| leader[i]).collect();
        let block_of = |i: usize| starts.partition_point(|&s| s <= i) - 1;
        let mut blocks = Vec::with_capacity(starts.len());
        for (b, &first) in starts.iter().enumerate() {
            let end = starts.get(b + 1).copied().unwrap_or(insts.len());
            let mut next: Vec<usize> = targets[end - 1].iter().map(|&t| block_of(t)).collect();
            if !always_ends(&insts[end - 1].1) {
                next.push(b + 1);
            }
            blocks.push(Block { first, end, next });
        }
        Ok(Flow { func, landing: landing.map(block_of), insts, blocks })
    }

    /// Whether a panic at this instruction goes on at the landing pad.
    pub fn may_land(&self, inst: &Inst) -> bool {
        self.landing.is_some() && inst.op().flags().has(Flags::PANIC)
    }

    /// Registers live at the start of each block.
    pub fn live_in(&self) -> Vec<RegSet> {
        let mut live = vec![RegSet::empty(self.func.regs.len()); self.blocks.len()];
        loop {
            let mut changed = false;
            for b in (0..self.blocks.len()).rev() {
                let mut set = self.live_out(b, &live);
                for (_, inst) in self.insts[self.blocks[b].first..self.blocks[b].end].iter().rev() {
                    self.step_back(inst, &mut set, &live);
                }
                changed |= live[b].union(&set);
            }
            if !changed {
                return live;
            }
        }
    }

    /// Registers live at the end of a block.
    pub fn live_out(&self, block: usize, live_in: &[RegSet]) -> RegSet {
        let mut set = RegSet::empty(self.func.regs.len());
        for &next in &self.blocks[block].next {
            set.union(&live_in[next]);
        }
        set
    }

    /// From what is live after an instruction to what is live before it.
    pub fn step_back(&self, inst: &Inst, set: &mut RegSet, live_in: &[RegSet]) {
        step_back(inst, set, self.landing.map(|landing| &live_in[landing]));
    }

    /// Registers certainly written at the start of each block; unreachable blocks have all.
    pub fn assigned_in(&self) -> Vec<RegSet> {
        let regs = self.func.regs.len();
        let mut assigned = vec![RegSet::full(regs); self.blocks.len()];
        let mut entry = RegSet::empty(regs);
        (0..self.func.params).for_each(|r| entry.insert(Reg(r)));
        assigned[0] = entry;
        let mut work: Vec<usize> = vec![0];
        let mut seen = vec![false; self.blocks.len()];
        while let Some(b) = work.pop() {
            seen[b] = true;
            let mut set = assigned[b].clone();
            let mut flow_to = |to: usize, set: &RegSet, work: &mut Vec<usize>| {
                if assigned[to].intersect(set) || !seen[to] {
                    work.push(to);
                    seen[to] = true;
                }
            };
            for (_, inst) in &self.insts[self.blocks[b].first..self.blocks[b].end] {
                if self.may_land(inst)
                    && let Some(landing) = self.landing
                {
                    flow_to(landing, &set, &mut work);
                }
                inst.for_each_reg(|u| {
                    if u.access != Access::Use {
                        set.insert(u.reg);
                    }
                });
            }
            for &next in &self.blocks[b].next {
                flow_to(next, &set, &mut work);
            }
        }
        assigned
    }
}

/// From what is live after an instruction to what is live before it, in a function at whose landing pad, if it has
/// one, `landing` is live.
pub fn step_back(inst: &Inst, set: &mut RegSet, landing: Option<&RegSet>) {
    inst.for_each_reg(|u| {
        if u.access == Access::Def {
            set.remove(u.reg);
        }
    });
    if let Some(landing) = landing
        && inst.op().flags().has(Flags::PANIC)
    {
        set.union(landing);
    }
    inst.for_each_reg(|u| {
        if u.access != Access::Def {
            set.insert(u.reg);
        }
    });
}

/// Whether control never goes on behind the instruction.
pub fn always_ends(inst: &Inst<'_>) -> bool {
    matches!(
        inst,
        Inst::Jump { .. }
            | Inst::JumpTable { .. }
            | Inst::Return { .. }
            | Inst::Unreachable {}
            | Inst::Panic { .. }
            | Inst::AssertFail { .. }
    )
}
