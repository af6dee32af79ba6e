//! Suspend points and what is live at them.
//!
//! A backward dataflow over basic blocks. Most registers live and die within one block, so only those that
//! some block reads before writing take part in the fixed point; the rest is found by one walk over each
//! block. The landing pad is a successor of every instruction that may panic or call.
//!
//! What must stay true: at the entry nothing but parameters is live; a slot address is never live at a
//! point. Both are checked by the verifier on every module.

use vo_bytecode::operand::Access;
use vo_bytecode::ops::{Flags, Op};
use vo_bytecode::{PointKind, Reg, SuspendPoint};

use crate::func::{Operands, may_land, never_falls_through};

/// The function as the builder has it; instructions and labels by index.
pub struct Flow<'a> {
    pub operands: &'a Operands,
    /// Label number to instruction index.
    pub labels: &'a [u32],
    pub kept: &'a [bool],
    /// Instruction index of the landing pad.
    pub landing: Option<u32>,
    /// Number of parameters: the first registers.
    pub params: u16,
    /// Number of registers.
    pub regs: usize,
}

/// What kind of point an instruction is.
pub fn kind_of(op: Op) -> Option<PointKind> {
    match op {
        Op::LoopHeader => Some(PointKind::Loop),
        Op::RunDefers | Op::DeferUnwind => Some(PointKind::Retry),
        Op::Call | Op::CallClosure | Op::CallIface => Some(PointKind::Call),
        // Channel operations, select, natives.
        _ if op.flags().has(Flags::SUSPEND) => Some(PointKind::Blocking),
        _ => None,
    }
}

/// All suspend points by instruction index, the entry first. `pc` is left for the caller.
pub fn points(flow: &Flow<'_>) -> Vec<(u32, SuspendPoint)> {
    Solver::new(flow).solve()
}

struct Block {
    from: u32,
    to: u32,
    succs: Vec<u32>,
    lands: bool,
}

struct Solver<'a> {
    flow: &'a Flow<'a>,
    blocks: Vec<Block>,
    /// Register to place among those that cross blocks.
    global: Vec<u32>,
    globals: Vec<Reg>,
    /// Words of a set of global registers.
    words: usize,
    live_in: Vec<u64>,
    landing_block: Option<u32>,
}

const LOCAL: u32 = u32::MAX;

impl<'a> Solver<'a> {
    fn new(flow: &'a Flow<'a>) -> Solver<'a> {
        let mut solver = Solver {
            flow,
            blocks: Vec::new(),
            global: vec![LOCAL; flow.regs],
            globals: Vec::new(),
            words: 0,
            live_in: Vec::new(),
            landing_block: None,
        };
        solver.find_blocks();
        solver.find_globals();
        solver
    }

    fn op(&self, inst: u32) -> Op {
        self.flow.operands.op(inst)
    }

    fn find_blocks(&mut self) {
        let n = self.flow.operands.len();
        let mut leader = vec![false; n + 1];
        leader[0] = true;
        if let Some(at) = self.flow.landing {
            leader[at as usize] = true;
        }
        for i in (0..n as u32).filter(|&i| self.flow.kept[i as usize]) {
            for l in self.flow.operands.labels(i) {
                leader[self.flow.labels[l as usize] as usize] = true;
            }
            if self.op(i).flags().has(Flags::END) {
                leader[i as usize + 1] = true;
            }
            // So that what the landing pad reads is live at the start of a block that may land.
            if self.flow.landing.is_some() && may_land(self.op(i)) {
                leader[i as usize] = true;
            }
        }
        let mut block_of = vec![0u32; n + 1];
        for i in 0..n {
            if leader[i] {
                self.blocks.push(Block { from: i as u32, to: i as u32, succs: Vec::new(), lands: false });
            }
            block_of[i] = self.blocks.len() as u32 - 1;
            self.blocks[block_of[i] as usize].to = i as u32 + 1;
        }
        for b in 0..self.blocks.len() {
            self.link(b, &block_of);
        }
        self.landing_block = self.flow.landing.map(|at| block_of[at as usize]);
    }

    fn link(&mut self, b: usize, block_of: &[u32]) {
        let (from, to) = (self.blocks[b].from, self.blocks[b].to);
        let mut succs = Vec::new();
        let mut falls = true;
        let mut lands = false;
        for i in (from..to).filter(|&i| self.flow.kept[i as usize]) {
            let op = self.op(i);
            lands |= may_land(op);
            let targets = self.flow.operands.labels(i).map(|l| self.flow.labels[l as usize]);
            succs.extend(targets.map(|at| block_of[at as usize]));
            falls = !never_falls_through(op);
        }
        if falls && b + 1 < self.blocks.len() {
            succs.push(b as u32 + 1);
        }
        succs.sort_unstable();
        succs.dedup();
        self.blocks[b].succs = succs;
        self.blocks[b].lands = lands && self.flow.landing.is_some();
    }

    fn find_globals(&mut self) {
        let mut written = vec![0u32; self.flow.regs];
        for b in 0..self.blocks.len() {
            let (from, to) = (self.blocks[b].from, self.blocks[b].to);
            let stamp = b as u32 + 1;
            for i in (from..to).filter(|&i| self.flow.kept[i as usize]) {
                for &(reg, access) in self.flow.operands.regs(i) {
                    let r = reg.0 as usize;
                    if access != Access::Def && written[r] != stamp && self.global[r] == LOCAL {
                        self.global[r] = self.globals.len() as u32;
                        self.globals.push(reg);
                    }
                }
                for &(reg, access) in self.flow.operands.regs(i) {
                    if access != Access::Use {
                        written[reg.0 as usize] = stamp;
                    }
                }
            }
        }
        self.words = self.globals.len().div_ceil(64);
    }

    fn solve(mut self) -> Vec<(u32, SuspendPoint)> {
        let words = self.words;
        let n = self.blocks.len();
        let (mut gen_, mut kill) = (vec![0u64; n * words], vec![0u64; n * words]);
        for b in 0..n {
            let at = b * words;
            self.summarise(b, &mut gen_[at..at + words], &mut kill[at..at + words]);
        }
        self.live_in = gen_.clone();
        self.fixed_point(&gen_, &kill);
        self.collect()
    }

    /// What a block reads before writing, and what it certainly writes.
    fn summarise(&self, b: usize, gen_: &mut [u64], kill: &mut [u64]) {
        let block = &self.blocks[b];
        for i in (block.from..block.to).rev().filter(|&i| self.flow.kept[i as usize]) {
            for &(reg, access) in self.flow.operands.regs(i) {
                let g = self.global[reg.0 as usize];
                if g != LOCAL && access != Access::Use {
                    clear(gen_, g);
                    set(kill, g);
                }
            }
            for &(reg, access) in self.flow.operands.regs(i) {
                let g = self.global[reg.0 as usize];
                if g != LOCAL && access != Access::Def {
                    set(gen_, g);
                }
            }
        }
    }

    fn fixed_point(&mut self, gen_: &[u64], kill: &[u64]) {
        let words = self.words;
        let mut preds: Vec<Vec<u32>> = vec![Vec::new(); self.blocks.len()];
        let mut landers = Vec::new();
        for (b, block) in self.blocks.iter().enumerate() {
            block.succs.iter().for_each(|&s| preds[s as usize].push(b as u32));
            if block.lands {
                landers.push(b as u32);
            }
        }
        let mut queued = vec![true; self.blocks.len()];
        let mut work: Vec<u32> = (0..self.blocks.len() as u32).collect();
        let mut set_ = vec![0u64; words];
        while let Some(b) = work.pop() {
            let b = b as usize;
            queued[b] = false;
            self.live_out(b, &mut set_);
            let at = b * words;
            let mut changed = false;
            for w in 0..words {
                let mut new = gen_[at + w] | (set_[w] & !kill[at + w]);
                if self.blocks[b].lands
                    && let Some(l) = self.landing_block
                {
                    new |= self.live_in[l as usize * words + w];
                }
                changed |= new != self.live_in[at + w];
                self.live_in[at + w] = new;
            }
            if !changed {
                continue;
            }
            let woken =
                preds[b].iter().chain(if self.landing_block == Some(b as u32) { &landers[..] } else { &[] });
            for &p in woken {
                if !queued[p as usize] {
                    queued[p as usize] = true;
                    work.push(p);
                }
            }
        }
    }

    fn live_out(&self, b: usize, out: &mut [u64]) {
        out.fill(0);
        for &s in &self.blocks[b].succs {
            let at = s as usize * self.words;
            out.iter_mut().zip(&self.live_in[at..at + self.words]).for_each(|(o, i)| *o |= i);
        }
    }

    fn collect(&self) -> Vec<(u32, SuspendPoint)> {
        let landing: Vec<Reg> = self.landing_block.map_or(Vec::new(), |l| self.members(l as usize));
        let mut points = Vec::new();
        let mut live = LiveSet::new(self.flow.regs);
        let mut out = vec![0u64; self.words];
        for b in (0..self.blocks.len()).rev() {
            live.clear();
            self.live_out(b, &mut out);
            for_each_member(&out, |g| live.insert(self.globals[g as usize]));
            self.walk(b, &mut live, &landing, &mut points);
        }
        let params = (0..self.flow.params).map(Reg).collect();
        points.push((0, SuspendPoint { pc: 0, kind: PointKind::Entry, live: params }));
        points.reverse();
        points
    }

    fn members(&self, block: usize) -> Vec<Reg> {
        let mut regs = Vec::new();
        let at = block * self.words;
        for_each_member(&self.live_in[at..at + self.words], |g| regs.push(self.globals[g as usize]));
        regs
    }

    fn walk(&self, b: usize, live: &mut LiveSet, landing: &[Reg], points: &mut Vec<(u32, SuspendPoint)>) {
        let block = &self.blocks[b];
        for i in (block.from..block.to).rev().filter(|&i| self.flow.kept[i as usize]) {
            let op = self.op(i);
            for &(reg, access) in self.flow.operands.regs(i) {
                if access != Access::Use {
                    live.remove(reg);
                }
            }
            if may_land(op) {
                landing.iter().for_each(|&r| live.insert(r));
            }
            let kind = kind_of(op);
            if let Some(kind) = kind
                && kind != PointKind::Retry
            {
                points.push((i, SuspendPoint { pc: 0, kind, live: live.sorted() }));
            }
            for &(reg, access) in self.flow.operands.regs(i) {
                if access != Access::Def {
                    live.insert(reg);
                }
            }
            if kind == Some(PointKind::Retry) {
                points.push((i, SuspendPoint { pc: 0, kind: PointKind::Retry, live: live.sorted() }));
            }
        }
    }
}

fn set(words: &mut [u64], i: u32) {
    words[i as usize / 64] |= 1 << (i % 64);
}

fn clear(words: &mut [u64], i: u32) {
    words[i as usize / 64] &= !(1 << (i % 64));
}

fn for_each_member(words: &[u64], mut f: impl FnMut(u32)) {
    for (w, &bits) in words.iter().enumerate() {
        let mut bits = bits;
        while bits != 0 {
            f(w as u32 * 64 + bits.trailing_zeros());
            bits &= bits - 1;
        }
    }
}

/// A set of registers that costs what it holds to clear and to list.
struct LiveSet {
    place: Vec<u32>,
    regs: Vec<Reg>,
}

impl LiveSet {
    fn new(regs: usize) -> LiveSet {
        LiveSet { place: vec![u32::MAX; regs], regs: Vec::new() }
    }

    fn insert(&mut self, reg: Reg) {
        if self.place[reg.0 as usize] == u32::MAX {
            self.place[reg.0 as usize] = self.regs.len() as u32;
            self.regs.push(reg);
        }
    }

    fn remove(&mut self, reg: Reg) {
        let at = std::mem::replace(&mut self.place[reg.0 as usize], u32::MAX);
        if at == u32::MAX {
            return;
        }
        self.regs.swap_remove(at as usize);
        if let Some(moved) = self.regs.get(at as usize) {
            self.place[moved.0 as usize] = at;
        }
    }

    fn clear(&mut self) {
        for reg in self.regs.drain(..) {
            self.place[reg.0 as usize] = u32::MAX;
        }
    }

    fn sorted(&self) -> Vec<Reg> {
        let mut regs = self.regs.clone();
        regs.sort_unstable();
        regs
    }
}
