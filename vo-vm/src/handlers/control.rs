//! Jumps and loop headers.

use crate::interp::{Flow, Interp, Site};
use crate::tier;
use vo_bytecode::Reg;
use vo_bytecode::operand::LabelList;

macro_rules! compare_jumps {
    ($($name:ident |$a:ident, $b:ident| $cond:expr;)*) => {
        impl Interp<'_> {
            $(#[inline(always)]
            pub(crate) fn $name(&mut self, a: Reg, b: Reg, target: u32) -> Flow {
                let ($a, $b) = (self.w.get(a), self.w.get(b));
                self.branch($cond, target)
            })*
        }
    };
}

macro_rules! immediate_jumps {
    ($($name:ident |$a:ident, $imm:ident| $cond:expr;)*) => {
        impl Interp<'_> {
            $(#[inline(always)]
            pub(crate) fn $name(&mut self, a: Reg, imm: i32, target: u32) -> Flow {
                let ($a, $imm) = (self.w.int(a), i64::from(imm));
                self.branch($cond, target)
            })*
        }
    };
}

compare_jumps! {
    jump_eq |a, b| a == b;
    jump_ne |a, b| a != b;
    jump_lt_s |a, b| (a as i64) < b as i64;
    jump_le_s |a, b| a as i64 <= b as i64;
    jump_lt_u |a, b| a < b;
    jump_le_u |a, b| a <= b;
}

immediate_jumps! {
    jump_eq_imm |a, imm| a == imm;
    jump_ne_imm |a, imm| a != imm;
    jump_lt_imm |a, imm| a < imm;
    jump_le_imm |a, imm| a <= imm;
    jump_gt_imm |a, imm| a > imm;
    jump_ge_imm |a, imm| a >= imm;
}

impl Interp<'_> {
    /// To the target where the condition holds, else on.
    #[inline(always)]
    fn branch(&mut self, taken: bool, target: u32) -> Flow {
        if self.m.watching != 0 {
            let site = self.site();
            tier::watched_branch(self.m, site, taken);
        }
        if taken { self.jump(target) } else { Flow::Next }
    }

    #[inline(always)]
    pub(crate) fn jump(&mut self, target: u32) -> Flow {
        Flow::Goto(self.code.wrapping_add(target as usize))
    }

    #[inline(always)]
    pub(crate) fn jump_if(&mut self, a: Reg, target: u32) -> Flow {
        self.branch(self.w.get(a) != 0, target)
    }

    #[inline(always)]
    pub(crate) fn jump_if_not(&mut self, a: Reg, target: u32) -> Flow {
        self.branch(self.w.get(a) == 0, target)
    }

    #[inline(always)]
    pub(crate) fn jump_table(&mut self, a: Reg, default: u32, targets: LabelList<'_>) -> Flow {
        let index = self.w.get(a);
        let target = if index < targets.len() as u64 { targets.get(index as usize) } else { default };
        self.jump(target)
    }

    #[inline(always)]
    pub(crate) fn loop_header(&mut self) -> Flow {
        if self.m.interrupted() {
            return self.interrupt_at_loop();
        }
        self.m.turns -= 1;
        if self.m.turns == 0 { self.sample_loop() } else { Flow::Next }
    }

    #[inline(always)]
    pub(crate) fn unreachable(&mut self) -> Flow {
        came_here(self.site())
    }
}

#[cold]
#[inline(never)]
fn came_here(site: Site) -> ! {
    let name = site.w.code().name();
    panic!("internal error: {name} reached code that cannot be reached, at offset {}", site.pc)
}
