//! Loops that look at the interrupt word once in many turns.
//!
//! A loop that counts towards a bound which stays as it is runs in strips. The header looks at the word and says how far the
//! counter may go until it is to be asked again; up to there, turns follow each other directly.
//!
//! ```text
//!     header: interrupted? leave       limit = min(bound, counter + strip)
//!     turn:   body
//!             if counter < limit goto turn
//!             if counter < bound goto header
//! ```
//!
//! Where the word was set and the fiber goes on all the same, the next turn asks again; not in a loop that is no longer than
//! a strip, whose limit is its bound.
//!
//! Must stay true: every turn takes its step, else a strip may have no end. While `counter < limit` holds, so does the loop's own
//! condition, and the step to `limit` does not wrap: a loop that wraps is asked each time.

use super::Translator;
use super::body::{Holds, Operand, comparison, condition_before};
use crate::callbacks::Callback;
use crate::facts::Range;
use crate::graph::Graph;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use cranelift_frontend::Variable;
use vo_bytecode::operand::Access;
use vo_bytecode::{Inst, Reg};

/// Turns of a strip.
const TURNS: i64 = 1 << 10;

/// The largest step that is followed: a strip of such steps is far from wrapping.
const LARGEST_STEP: i64 = 1 << 50;

/// What a loop adds to a register in a turn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Imm(i64),
    /// A register that stays as it is.
    Reg(Reg),
}

/// A register that a loop changes in one place only, by adding a step to it once a turn at most.
pub(super) struct Stepped {
    pub(super) reg: Reg,
    pub(super) step: Step,
    /// Where it does that.
    block: usize,
}

impl Stepped {
    /// Whether every turn of the loop takes the step.
    pub(super) fn is_in_every_turn(&self, graph: &Graph<'_>, header: usize) -> bool {
        let Some(natural) = graph.blocks[header].header_of.map(|l| &graph.loops[l]) else { return false };
        let mut back = graph.blocks[header].preds.iter().filter(|&&pred| natural.blocks[pred]);
        back.all(|&pred| graph.dominates(self.block, pred))
    }
}

/// The registers that a loop changes by steps only.
pub(super) fn stepped(graph: &Graph<'_>, header: usize) -> Vec<Stepped> {
    let Some(natural) = graph.blocks[header].header_of.map(|l| &graph.loops[l]) else { return Vec::new() };
    let mut found: Vec<Stepped> = Vec::new();
    let mut spoiled: Vec<Reg> = Vec::new();
    for block in (0..natural.blocks.len()).filter(|&b| natural.blocks[b]) {
        let once = graph.blocks[block].depth == graph.blocks[header].depth;
        for i in graph.blocks[block].insts() {
            let step = match graph.insts[i].1 {
                Inst::AddImm { dst, a, imm } if dst == a && imm != 0 => {
                    Some((dst, Step::Imm(i64::from(imm))))
                }
                Inst::AddI64 { dst, a, b } if dst == a && natural.invariant.has(b) => {
                    Some((dst, Step::Reg(b)))
                }
                Inst::AddI64 { dst, a, b } if dst == b && natural.invariant.has(a) => {
                    Some((dst, Step::Reg(a)))
                }
                _ => None,
            };
            graph.insts[i].1.for_each_reg(|used| {
                if used.access != Access::Use {
                    match step {
                        Some((reg, step)) if once && !found.iter().any(|c| c.reg == reg) => {
                            found.push(Stepped { reg, step, block });
                        }
                        _ => spoiled.push(used.reg),
                    }
                }
            });
        }
    }
    found.retain(|c| !spoiled.contains(&c.reg));
    found
}

/// A loop that runs in strips.
#[derive(Clone, Copy)]
pub(super) struct Strip {
    /// Where a turn begins that follows another directly.
    turn: Block,
    limit: Variable,
    counter: Reg,
    up: bool,
}

/// How a loop is cut into strips.
pub(super) struct Plan {
    /// Offset of the loop header.
    pc: u32,
    counter: Reg,
    bound: Operand,
    /// Steps of this size, which are not negative, upwards or downwards.
    step: Step,
    most: i64,
    up: bool,
}

impl<'a> Translator<'a, '_> {
    /// How the loop with this header is cut into strips, if it is one that counts.
    pub(super) fn plan_strips(
        &mut self,
        graph: &Graph<'a>,
        header: usize,
        before: &[(Reg, Value)],
    ) -> Option<Plan> {
        let natural = &graph.loops[graph.blocks[header].header_of?];
        let first = graph.blocks[header].insts().next()?;
        let (pc, Inst::LoopHeader {}) = graph.insts[first] else { return None };
        let (condition, true) = condition_before(graph, header)? else { return None };
        let (a, b, holds) = comparison(condition)?;
        let mut counters = stepped(graph, header);
        counters.retain(|counter| counter.is_in_every_turn(graph, header));
        let of = |reg: Reg| counters.iter().find(|c| c.reg == reg);
        let stays = |reg: Reg| natural.invariant.has(reg);
        let (counter, bound, holds) = match b {
            Operand::Reg(b) if of(b).is_some() && stays(a) => (of(b)?, Operand::Reg(a), holds.swapped()),
            Operand::Reg(b) if !stays(b) => return None,
            _ => (of(a)?, b, holds),
        };
        let range = match counter.step {
            Step::Imm(step) => Range { lo: step, hi: step },
            Step::Reg(reg) => {
                let (_, value) = *before.iter().find(|(r, _)| *r == reg)?;
                self.facts.range(&self.b.func.dfg, value)
            }
        };
        let up = match holds {
            Holds::Less | Holds::AtMost if range.lo > 0 => true,
            Holds::Greater | Holds::AtLeast if range.hi < 0 => false,
            _ => return None,
        };
        let most = if up { range.hi } else { range.lo.checked_neg()? };
        let plan = Plan { pc, counter: counter.reg, bound, step: counter.step, most, up };
        (most <= LARGEST_STEP).then_some(plan)
    }

    /// Translates the look at the interrupt word of a loop that runs in strips; goes on where a turn begins.
    pub(super) fn begin_strip(&mut self, header: usize, plan: &Plan) {
        self.body.pc = plan.pc;
        self.set_location(&Inst::LoopHeader {});
        let limit = self.b.declare_var(types::I64);
        let (far, counter) = (self.strip_limit(plan), self.get(plan.counter));
        self.b.def_var(limit, far);
        let set = self.word_at_header();
        let (ask, turn) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(set, ask, &[], turn, &[]);
        self.go_to(ask);
        let status = self.ask_quietly(Callback::interrupt, &[]);
        // What is computed here is to be a value of its own in the turns, else it would be computed in each.
        let bound = match plan.bound {
            Operand::Reg(reg) => far == self.get(reg),
            Operand::Imm(_) => self.constant(far).is_some(),
        };
        if !bound {
            self.b.def_var(limit, counter);
        }
        let leave = self.cold_block();
        self.b.ins().brif(status, leave, &[], turn, &[]);
        self.go_to(leave);
        self.spill_and_exit(status);
        self.b.switch_to_block(turn); // is led to from its own end
        self.body.strips[header] = Some(Strip { turn, limit, counter: plan.counter, up: plan.up });
    }

    /// How far the counter may go in a strip that begins here.
    fn strip_limit(&mut self, plan: &Plan) -> Value {
        let counter = self.get(plan.counter);
        let bound = match plan.bound {
            Operand::Reg(reg) => self.get(reg),
            Operand::Imm(imm) => self.int(imm),
        };
        let dfg = &self.b.func.dfg;
        let (from, to) = (self.facts.range(dfg, counter), self.facts.range(dfg, bound));
        let (longest, safe) = match plan.up {
            true => (to.hi.checked_sub(from.lo), i64::MAX - plan.most + 1),
            false => (from.hi.checked_sub(to.lo), i64::MIN + plan.most - 1),
        };
        let mut limit = bound;
        let step = if let Step::Imm(_) = plan.step { plan.most } else { 1 };
        if longest.is_none_or(|longest| longest > TURNS * step) {
            let strip = match plan.step {
                Step::Imm(step) => self.int(TURNS * step),
                Step::Reg(reg) => {
                    let step = self.get(reg);
                    self.b.ins().ishl_imm_s(step, i64::from(TURNS.trailing_zeros()))
                }
            };
            limit = self.strip_end(plan, (counter, from), bound, strip);
        }
        if plan.up && to.hi > safe {
            let safe = self.int(safe);
            limit = self.b.ins().smin(limit, safe);
        } else if !plan.up && to.lo < safe {
            let safe = self.int(safe);
            limit = self.b.ins().smax(limit, safe);
        }
        limit
    }

    /// The counter plus a strip, or the bound where that is nearer.
    fn strip_end(
        &mut self,
        plan: &Plan,
        (counter, range): (Value, Range),
        bound: Value,
        strip: Value,
    ) -> Value {
        let ahead = self.b.ins().iadd(counter, strip);
        let longest = plan.most << TURNS.trailing_zeros();
        if plan.up && range.hi <= i64::MAX - longest {
            return self.b.ins().smin(bound, ahead);
        }
        if !plan.up && range.lo >= i64::MIN + longest {
            return self.b.ins().smax(bound, ahead);
        }
        let (room, strip) = match plan.up {
            true => (self.b.ins().isub(bound, counter), strip),
            false => (self.b.ins().isub(counter, bound), self.b.ins().ineg(strip)),
        };
        let further = self.b.ins().icmp(IntCC::UnsignedGreaterThan, room, strip);
        self.b.ins().select(further, ahead, bound)
    }

    /// Whether the running block is the header of a loop that runs in strips.
    pub(crate) fn runs_in_strips(&self) -> bool {
        self.body.strips[self.body.block].is_some()
    }

    /// Where the running jump leads back to the header of a loop that runs in strips: goes on to the next turn as long as
    /// the strip lasts, else to where the loop's own condition is asked.
    pub(super) fn next_turn(&mut self, target: u32) {
        let graph = self.body.graph.clone();
        let header = graph.next_at(self.body.block, target);
        let Some(strip) = self.body.strips[header] else { return };
        let inside = graph.blocks[header].header_of.is_some_and(|l| graph.loops[l].blocks[self.body.block]);
        if !inside {
            return;
        }
        let (counter, limit) = (self.get(strip.counter), self.b.use_var(strip.limit));
        let cc = if strip.up { IntCC::SignedLessThan } else { IntCC::SignedGreaterThan };
        let lasts = self.b.ins().icmp(cc, counter, limit);
        let ask = self.b.create_block();
        self.b.ins().brif(lasts, strip.turn, &[], ask, &[]);
        self.go_to(ask);
    }

    /// Nothing leads to the turns of a header's loop any more but what does already.
    pub(super) fn seal_strip(&mut self, header: usize) {
        if let Some(strip) = self.body.strips[header] {
            self.b.seal_block(strip.turn);
        }
    }
}
