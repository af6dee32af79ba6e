//! Calls of small leaves become what the leaf does.
//!
//! A *leaf* is a short straight line of instructions that cannot panic, wait, allocate or call: nothing
//! that happens in it can be seen from outside, so its frame is missing from no trace and no record. Rotations,
//! comparisons, vector arithmetic and the like cost their arithmetic alone then, in every engine. (The compiler
//! inlines much more, where it can keep the frames that a trace wants.)
//!
//! What must stay true: the arguments are read before the results are written, as a call does.

use vo_bytecode::inst::instructions;
use vo_bytecode::module::Function;
use vo_bytecode::operand::{Access, RegList};
use vo_bytecode::ops::{Flags, Op};
use vo_bytecode::{Class, Inst, Reg};

use super::relocate::Relocation;
use crate::func::{for_each_reg, for_each_reg_place, read_u32, scan};

/// Instructions of a leaf, at most.
const LONGEST: usize = 16;

/// Rounds: a leaf that calls leaves is one itself a round later.
const ROUNDS: usize = 3;

/// A function that is inlined wherever it is called.
struct Leaf {
    params: u16,
    regs: Vec<Class>,
    code: Vec<u16>,
    /// Offset of each instruction in `code`.
    starts: Vec<u32>,
    results: Vec<Reg>,
    /// Parameters that the body assigns to: they need registers of their own.
    written: Vec<bool>,
    /// The last instruction writes the only result, and a register of the body's own.
    ends_in_result: bool,
}

/// Inlines leaves into all functions.
pub fn inline_leaves(functions: &mut [Function]) {
    let mut leaves: Vec<Option<Leaf>> = functions.iter().map(Leaf::of).collect();
    for round in 1..=ROUNDS {
        let mut new = false;
        for at in 0..functions.len() {
            let function = &mut functions[at];
            if leaves[at].is_none() && inline_into(function, &leaves) && round < ROUNDS {
                leaves[at] = Leaf::of(function);
                new |= leaves[at].is_some();
            }
        }
        if !new {
            return;
        }
    }
}

impl Leaf {
    fn of(function: &Function) -> Option<Leaf> {
        if !function.slots.is_empty() || function.landing.is_some() || function.flags.takes_token {
            return None;
        }
        let (mut starts, mut results) = (Vec::new(), None);
        let mut end = 0;
        for inst in instructions(&function.code).take(LONGEST + 1) {
            let (at, inst) = inst.ok()?;
            if let Inst::Return { results: list } = inst {
                (results, end) = (Some(list.iter().collect::<Vec<Reg>>()), at);
                break;
            }
            if inst.op().flags() != Flags::of(&[]) {
                return None;
            }
            starts.push(at);
        }
        let results = results?;
        let code = function.code[..end as usize].to_vec();
        let mut written = vec![false; function.regs.len()];
        for &start in &starts {
            for_each_reg(&code, start, |reg, access| written[reg.0 as usize] |= access != Access::Use);
        }
        let ends_in_result = results.len() == 1
            && results[0].0 >= function.params
            && starts.last().is_some_and(|&last| writes_only(&code, last, results[0]));
        let (params, regs) = (function.params, function.regs.clone());
        Some(Leaf { params, regs, code, starts, results, written, ends_in_result })
    }
}

fn writes_only(code: &[u16], at: u32, result: Reg) -> bool {
    let mut defs = 0;
    let mut only = true;
    for_each_reg(code, at, |reg, access| {
        defs += usize::from(access != Access::Use);
        only &= access == Access::Use || (access == Access::Def && reg == result);
    });
    only && defs == 1
}

/// Whether a call was replaced.
fn inline_into(function: &mut Function, leaves: &[Option<Leaf>]) -> bool {
    let leaf_of = |inst: &Inst<'_>| match inst {
        Inst::Call { func, .. } => leaves[*func as usize].as_ref(),
        _ => None,
    };
    let decoded = || instructions(&function.code).map(|i| i.expect("internal error: code does not decode"));
    if !calls_leaf(&function.code, leaves) {
        return false;
    }
    let mut regs = Registers { classes: std::mem::take(&mut function.regs), own: 0, taken: Vec::new() };
    regs.own = regs.classes.len();
    let mut new = Relocation::new(function.code.len());
    let mut code = decoded().peekable();
    while let Some((at, inst)) = code.next() {
        let end = code.peek().map_or(function.code.len() as u32, |next| next.0);
        let site = leaf_of(&inst).filter(|leaf| regs.have_room(leaf));
        match (site, inst) {
            (Some(leaf), Inst::Call { args, results, .. }) => {
                regs.taken.clear();
                Site { leaf, args, results }.write(&mut regs, new.replace(at));
            }
            _ => new.keep(&function.code, at, end),
        }
    }
    drop(code);
    new.apply(function);
    function.regs = regs.classes;
    true
}

/// Whether code calls a leaf.
fn calls_leaf(code: &[u16], leaves: &[Option<Leaf>]) -> bool {
    let mut found = false;
    scan(code, |at, op| {
        found |= op == Op::Call && leaves[read_u32(code, at + 1) as usize].is_some();
        !found
    });
    found
}

/// The registers of the function that is inlined into. Those behind `own` serve one site after another.
struct Registers {
    classes: Vec<Class>,
    own: usize,
    /// Which of those behind `own` the running site has.
    taken: Vec<Reg>,
}

impl Registers {
    fn have_room(&self, leaf: &Leaf) -> bool {
        self.classes.len() + leaf.regs.len() + leaf.results.len() < u16::MAX as usize
    }

    fn fresh(&mut self, class: Class) -> Reg {
        let free = (self.own..self.classes.len())
            .map(|at| Reg(at as u16))
            .find(|reg| self.classes[reg.0 as usize] == class && !self.taken.contains(reg));
        let reg = free.unwrap_or_else(|| {
            self.classes.push(class);
            Reg(self.classes.len() as u16 - 1)
        });
        self.taken.push(reg);
        reg
    }

    fn class(&self, reg: Reg) -> Class {
        self.classes[reg.0 as usize]
    }
}

/// A call of a leaf.
struct Site<'a> {
    leaf: &'a Leaf,
    args: RegList<'a>,
    results: RegList<'a>,
}

impl Site<'_> {
    fn write(&self, regs: &mut Registers, code: &mut Vec<u16>) {
        let map = self.registers(regs, code);
        let direct = self.leaf.ends_in_result
            && regs.class(self.results.get(0)) == self.leaf.regs[self.leaf.results[0].0 as usize];
        let last = self.leaf.starts.len().wrapping_sub(1);
        for (i, &start) in self.leaf.starts.iter().enumerate() {
            let end = self.leaf.starts.get(i + 1).map_or(self.leaf.code.len(), |&next| next as usize);
            let base = code.len();
            code.extend_from_slice(&self.leaf.code[start as usize..end]);
            for_each_reg_place(&self.leaf.code, start, |place, reg, access| {
                let to = match direct && i == last && access == Access::Def {
                    true => self.results.get(0),
                    false => map[reg.0 as usize],
                };
                code[base + (place - start) as usize] = to.0;
            });
        }
        if !direct {
            self.write_results(&map, regs, code);
        }
    }

    /// Which register of the caller stands for each of the leaf's.
    fn registers(&self, regs: &mut Registers, code: &mut Vec<u16>) -> Vec<Reg> {
        let mut map = Vec::with_capacity(self.leaf.regs.len());
        for (at, &class) in self.leaf.regs.iter().enumerate() {
            let arg = (at < self.leaf.params as usize).then(|| self.args.get(at));
            match arg {
                Some(arg) if !self.leaf.written[at] && regs.class(arg) == class => map.push(arg),
                _ => {
                    let own = regs.fresh(class);
                    if let Some(src) = arg {
                        Inst::Mov { dst: own, src }.encode(code);
                    }
                    map.push(own);
                }
            }
        }
        map
    }

    /// Moves the results, all read before the first is written where one is another's source.
    fn write_results(&self, map: &[Reg], regs: &mut Registers, code: &mut Vec<u16>) {
        let mut from: Vec<Reg> = self.leaf.results.iter().map(|r| map[r.0 as usize]).collect();
        let crossed = from.len() > 1 && from.iter().any(|&reg| self.results.iter().any(|to| to == reg));
        if crossed {
            for reg in &mut from {
                let dst = regs.fresh(regs.class(*reg));
                Inst::Mov { dst, src: *reg }.encode(code);
                *reg = dst;
            }
        }
        for (dst, src) in self.results.iter().zip(from) {
            if dst != src {
                Inst::Mov { dst, src }.encode(code);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::func::FuncBuilder;
    use vo_bytecode::module::FuncFlags;

    fn function(params: &[Class], results: &[Class], body: impl FnOnce(&mut FuncBuilder)) -> Function {
        let mut f = FuncBuilder::new();
        params.iter().for_each(|&class| {
            f.regs.pinned(class);
        });
        body(&mut f);
        let params = params.len() as u16;
        f.finish("f".into(), params, results.to_vec(), FuncFlags::default()).expect("fits")
    }

    fn decoded(f: &Function) -> Vec<Inst<'_>> {
        instructions(&f.code).map(|i| i.expect("decodes").1).collect()
    }

    #[test]
    fn instructions_are_found_without_their_operands() {
        let caller = function(&[Class::Int], &[Class::Int], |f| {
            f.emit(Inst::ConstI64 { dst: Reg(0), value: 1 << 40 });
            f.emit(Inst::Call { func: 0, args: RegList(&[0, 0]), results: RegList(&[0]) });
            f.emit(Inst::AddImm { dst: Reg(0), a: Reg(0), imm: 1 });
            f.emit(Inst::Return { results: RegList(&[0]) });
        });
        let want: Vec<(u32, Op)> = instructions(&caller.code)
            .map(|i| i.map(|(at, inst)| (at, inst.op())).expect("decodes"))
            .collect();
        let mut all = Vec::new();
        scan(&caller.code, |at, op| {
            all.push((at, op));
            true
        });
        assert_eq!(all, want);
    }

    #[test]
    fn a_leaf_takes_the_place_of_its_call() {
        let add = function(&[Class::Int; 2], &[Class::Int], |f| {
            let sum = f.regs.pinned(Class::Int);
            f.emit(Inst::AddI64 { dst: sum, a: Reg(0), b: Reg(1) });
            f.emit(Inst::Return { results: RegList(&[sum.0]) });
        });
        let caller = function(&[Class::Int], &[Class::Int], |f| {
            f.emit(Inst::Call { func: 0, args: RegList(&[0, 0]), results: RegList(&[0]) });
            f.emit(Inst::Return { results: RegList(&[0]) });
        });
        let mut all = [add, caller];
        inline_leaves(&mut all);
        let want =
            [Inst::AddI64 { dst: Reg(0), a: Reg(0), b: Reg(0) }, Inst::Return { results: RegList(&[0]) }];
        assert_eq!(decoded(&all[1]), want);
        assert_eq!(all[1].points.len(), 1);
    }

    #[test]
    fn crossed_results_go_through_temporaries() {
        let swap = function(&[Class::Int; 2], &[Class::Int; 2], |f| {
            f.emit(Inst::Return { results: RegList(&[1, 0]) });
        });
        let caller = function(&[Class::Int; 2], &[Class::Int; 2], |f| {
            f.emit(Inst::Call { func: 0, args: RegList(&[0, 1]), results: RegList(&[0, 1]) });
            f.emit(Inst::Return { results: RegList(&[0, 1]) });
        });
        let mut all = [swap, caller];
        inline_leaves(&mut all);
        let mov = |dst, src| Inst::Mov { dst: Reg(dst), src: Reg(src) };
        let want = [mov(2, 1), mov(3, 0), mov(0, 2), mov(1, 3), Inst::Return { results: RegList(&[0, 1]) }];
        assert_eq!(decoded(&all[1]), want);
    }

    #[test]
    fn what_may_panic_keeps_its_frame() {
        let div = function(&[Class::Int; 2], &[Class::Int], |f| {
            f.emit(Inst::DivS64 { dst: Reg(0), a: Reg(0), b: Reg(1) });
            f.emit(Inst::Return { results: RegList(&[0]) });
        });
        let caller = function(&[Class::Int], &[Class::Int], |f| {
            f.emit(Inst::Call { func: 0, args: RegList(&[0, 0]), results: RegList(&[0]) });
            f.emit(Inst::Return { results: RegList(&[0]) });
        });
        let mut all = [div, caller];
        let before = all.clone();
        inline_leaves(&mut all);
        assert_eq!(all, before);
    }
}
