//! Jumps and returns. (`LoopHeader` is in [`super::latch`].)

use super::Translator;
use crate::feedback::Bias;
use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::{
    Block, BlockCall, InstBuilder, InstructionData, JumpTableData, TrapCode, Value, types,
};
use vo_bytecode::Reg;
use vo_bytecode::operand::{LabelList, RegList};

macro_rules! compare_jumps {
    ($($name:ident = $get:ident $cc:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, a: Reg, b: Reg, target: u32) {
                let (a, b) = (self.$get(a), self.$get(b));
                let cond = self.b.ins().icmp(IntCC::$cc, a, b);
                self.branch(cond, target);
            })*
        }
    };
}

macro_rules! immediate_jumps {
    ($($name:ident = $get:ident $cc:ident;)*) => {
        impl Translator<'_, '_> {
            $(pub(crate) fn $name(&mut self, a: Reg, imm: i32, target: u32) {
                let a = self.$get(a);
                let cond = self.b.ins().icmp_imm_s(IntCC::$cc, a, i64::from(imm));
                self.branch(cond, target);
            })*
        }
    };
}

compare_jumps! {
    jump_eq = word Equal;
    jump_ne = word NotEqual;
    jump_lt_s = get SignedLessThan;
    jump_le_s = get SignedLessThanOrEqual;
    jump_lt_u = get UnsignedLessThan;
    jump_le_u = get UnsignedLessThanOrEqual;
}

immediate_jumps! {
    jump_eq_imm = word Equal;
    jump_ne_imm = word NotEqual;
    jump_lt_imm = get SignedLessThan;
    jump_le_imm = get SignedLessThanOrEqual;
    jump_gt_imm = get SignedGreaterThan;
    jump_ge_imm = get SignedGreaterThanOrEqual;
}

impl Translator<'_, '_> {
    /// To the target where the condition holds, else to the next instruction.
    fn branch(&mut self, cond: Value, target: u32) {
        self.next_turn(target);
        let (to, on) = (self.block_at(target), self.block_at(self.body.next));
        // The way that goes back stands second. Blocks are laid out in reverse post-order, in which the first way comes
        // last: the latch is to stand with the loop, not behind all that follows it.
        let second = if self.goes_back(target) { Some(true) } else { self.bias().map(|bias| bias.jumps) };
        self.branch_to(cond, (to, on), second.unwrap_or(false));
    }

    /// To one of two blocks; says which of them stands second.
    fn branch_to(&mut self, cond: Value, (to, on): (Block, Block), first_is_second: bool) {
        let branch = if first_is_second {
            let opposite = self.opposite(cond);
            self.b.ins().brif(opposite, on, &[], to, &[])
        } else {
            self.b.ins().brif(cond, to, &[], on, &[])
        };
        if let Some(Bias { always, .. }) = self.bias() {
            self.counts.laid += 1;
            if always {
                self.biased.insert(branch);
            }
        }
    }

    /// Where the running jump goes nearly always.
    fn bias(&self) -> Option<Bias> {
        self.unit.seen.bias(self.body.index, self.body.pc)
    }

    /// The condition that holds where this one does not.
    fn opposite(&mut self, cond: Value) -> Value {
        let dfg = &self.b.func.dfg;
        let inst = dfg.value_def(dfg.resolve_aliases(cond)).inst();
        match inst.map(|inst| dfg.insts[inst]) {
            Some(InstructionData::IntCompare { cond: cc, args: [a, b], .. }) => {
                self.b.ins().icmp(cc.complement(), a, b)
            }
            Some(InstructionData::FloatCompare { cond: cc, args: [a, b], .. }) => {
                self.b.ins().fcmp(cc.complement(), a, b)
            }
            _ => self.b.ins().icmp_imm_s(IntCC::Equal, cond, 0),
        }
    }

    pub(crate) fn jump(&mut self, target: u32) {
        let to = self.block_at(target);
        self.b.ins().jump(to, &[]);
    }

    pub(crate) fn jump_if(&mut self, a: Reg, target: u32) {
        let a = self.get(a);
        let cond = self.condition(a);
        self.branch(cond, target);
    }

    pub(crate) fn jump_if_not(&mut self, a: Reg, target: u32) {
        let a = self.get(a);
        let cond = self.condition(a);
        let (to, on) = (self.block_at(target), self.block_at(self.body.next));
        let goes_on = self.bias().is_some_and(|bias| !bias.jumps);
        self.branch_to(cond, (on, to), goes_on);
    }

    pub(crate) fn jump_table(&mut self, a: Reg, default: u32, targets: LabelList<'_>) {
        let (a, len) = (self.get(a), self.int(targets.len() as i64));
        let index = self.b.ins().umin(a, len);
        let index = self.b.ins().ireduce(types::I32, index);
        let blocks: Vec<_> = targets.iter().map(|target| self.block_at(target)).collect();
        let default = self.block_at(default);
        let pool = &mut self.b.func.dfg.value_lists;
        let table: Vec<BlockCall> = blocks.into_iter().map(|block| BlockCall::new(block, [], pool)).collect();
        let data = JumpTableData::new(BlockCall::new(default, [], pool), &table);
        let table = self.b.create_jump_table(data);
        self.b.ins().br_table(index, table);
    }

    pub(crate) fn return_(&mut self, results: RegList<'_>) {
        self.return_results(results);
    }

    pub(crate) fn unreachable(&mut self) {
        self.b.ins().trap(TrapCode::unwrap_user(1));
    }
}
