//! Objects that need no heap: copies that are made to be passed to a callee that is inlined.
//!
//! A large value is passed as the address of a copy. Where the callee is translated in place and only reads the
//! copy, and nothing can suspend while it is alive, the copy lies in the native frame.
//!
//! ```text
//!   New r; CopyMem r, src; Call f(.., r, ..)        r is dead behind the call
//! ```
//!
//! Must stay true: no record and no trace ever holds the address; the callee has no suspend point.

use super::Translator;
use crate::graph::Graph;
use cranelift_codegen::ir::{InstBuilder, StackSlotData, StackSlotKind, types};
use vo_bytecode::flow::Flow;
use vo_bytecode::operand::{Access, RegList};
use vo_bytecode::ops::Flags;
use vo_bytecode::{Inst, Reg};

/// Bytes of the largest value that is kept in the frame.
const LARGEST: u64 = 256;

/// Instructions that are looked at behind an allocation.
const WINDOW: usize = 12;

impl<'a> Translator<'a, '_> {
    /// Makes the object of the running `New` in the frame, if it needs no heap. Its bytes are not cleared: the
    /// first that is done with it is to copy a value over all of it.
    pub(super) fn new_in_frame(&mut self, dst: Reg, ty: u32) -> bool {
        let size = self.link.types.get(ty).size;
        if size > LARGEST || size == 0 || !self.is_passed_and_dead(dst, ty) {
            return false;
        }
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size as u32, 4);
        let slot = self.b.create_sized_stack_slot(data);
        let address = self.b.ins().stack_addr(types::I64, slot, 0);
        self.know_not_nil(address);
        self.in_frame.insert(address);
        self.set(dst, address);
        true
    }

    /// Whether the object of the running `New` is filled by a copy, passed to one inlined callee, and dead.
    fn is_passed_and_dead(&mut self, dst: Reg, new: u32) -> bool {
        let graph = self.body.graph.clone();
        let at = graph.inst_at(self.body.pc);
        let mut filled = false;
        for (i, (_, inst)) in graph.insts.iter().enumerate().skip(at + 1).take(WINDOW) {
            let flags = inst.op().flags();
            match inst {
                Inst::CopyMem { dst: to, src, ty } if *to == dst && *src != dst && !filled => {
                    filled = *ty == new;
                    if !filled {
                        return false;
                    }
                }
                Inst::Call { func, args, .. } if filled && args.iter().any(|arg| arg == dst) => {
                    return self.only_reads(*func, *args, dst) && self.is_dead_behind(&graph, i, dst);
                }
                _ if uses(inst, dst) => return false,
                _ if flags.has(Flags::END) || flags.has(Flags::SUSPEND) || flags.has(Flags::CALL) => {
                    return false;
                }
                _ => {}
            }
        }
        false
    }

    /// Whether a callee will be inlined, reads what a parameter points at and does nothing else with it, and
    /// cannot suspend.
    fn only_reads(&mut self, func: u32, args: RegList<'_>, arg: Reg) -> bool {
        let Some(graph) = self.would_inline(func) else { return false };
        let params: Vec<Reg> =
            args.iter().enumerate().filter(|(_, a)| *a == arg).map(|(i, _)| Reg(i as u16)).collect();
        let [param] = params[..] else { return false };
        graph.insts.iter().all(|(_, inst)| {
            let flags = inst.op().flags();
            let quiet = !flags.has(Flags::SUSPEND) && !flags.has(Flags::CALL);
            quiet && (!uses(inst, param) || reads_from(inst, param))
        })
    }

    /// Whether a register's value is used by nothing that can come behind an instruction.
    fn is_dead_behind(&self, graph: &Graph<'a>, call: usize, reg: Reg) -> bool {
        let Ok(flow) = Flow::new(self.body.func) else { return false };
        let live_in = flow.live_in();
        let pc = graph.insts[call].0;
        let found =
            flow.blocks.iter().position(|b| flow.insts[b.first..b.end].iter().any(|(at, _)| *at == pc));
        let Some(block) = found else { return false };
        let mut live = flow.live_out(block, &live_in);
        for (at, inst) in flow.insts[flow.blocks[block].first..flow.blocks[block].end].iter().rev() {
            if *at == pc {
                return !live.has(reg);
            }
            flow.step_back(inst, &mut live, &live_in);
        }
        false
    }
}

fn uses(inst: &Inst<'_>, reg: Reg) -> bool {
    let mut found = false;
    inst.for_each_reg(|used| found |= used.reg == reg);
    found
}

/// Whether an instruction loads from what a register points at, and has no other use of it.
fn reads_from(inst: &Inst<'_>, reg: Reg) -> bool {
    let base = match *inst {
        Inst::LoadI8 { base, .. }
        | Inst::LoadU8 { base, .. }
        | Inst::LoadI16 { base, .. }
        | Inst::LoadU16 { base, .. }
        | Inst::LoadI32 { base, .. }
        | Inst::LoadU32 { base, .. }
        | Inst::LoadI64 { base, .. }
        | Inst::LoadLen { base, .. }
        | Inst::LoadF32 { base, .. }
        | Inst::LoadF64 { base, .. }
        | Inst::LoadPtr { base, .. }
        | Inst::LoadAny { base, .. } => base,
        _ => return false,
    };
    let mut others = 0;
    inst.for_each_reg(|used| {
        others += usize::from(used.reg == reg && (used.access != Access::Use || used.reg != base));
    });
    base == reg && others == 0
}
