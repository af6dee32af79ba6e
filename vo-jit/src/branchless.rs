//! Branches that choose between values become choices without a branch.
//!
//! ```text
//!     B: if c goto T else F                     B: t = x + 1
//!     T: t = x + 1; goto J(t)      becomes         f = x << 2
//!     F: f = x << 2; goto J(f)                     goto J(c ? t : f)
//! ```
//!
//! A branch that goes now this way and now that, as data have it, is guessed wrongly every other time, and a wrong guess
//! costs more than a dozen additions. So where both sides only compute, and little, both are computed. A branch that was seen
//! to go one way nearly always stays one: it is guessed rightly, and what follows does not wait for what it depends on. Where
//! nothing was seen, the choice may cost a cycle or two more, which is why the sides must be cheap.
//!
//! Must stay true: a side that is computed without being chosen has no effect, cannot fail, and reads no memory (an address may be good on
//! its own side only). Blocks that are rare stay blocks.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{
    Block, BlockArg, BlockCall, Function, Inst, InstBuilder, InstructionData, Opcode, Value, ValueDef,
};
use std::collections::HashSet;

/// What both sides and the choices may cost together, in simple instructions.
const COST: usize = 6;

/// Values that one branch chooses at most.
const CHOICES: usize = 2;

/// One way of a branch.
struct Side {
    /// What computes before the ways meet, if anything does.
    block: Option<Block>,
    /// Where they meet.
    join: Block,
    /// What the way brings there.
    args: Vec<Value>,
    cost: usize,
}

/// Replaces branches by choices where that is likely to be better.
pub(crate) fn choose(func: &mut Function, biased: &HashSet<Inst>) {
    let mut ways: SecondaryMap<Block, u32> = SecondaryMap::new();
    for block in func.layout.blocks() {
        let Some(last) = func.layout.last_inst(block) else { return };
        for call in destinations(func, last) {
            ways[call.block(&func.dfg.value_lists)] += 1;
        }
    }
    // The inner branches first: what they become may be a side of an outer one.
    let mut blocks: Vec<Block> = func.layout.blocks().collect();
    blocks.reverse();
    for block in blocks {
        if func.layout.is_block_inserted(block) {
            while choose_at(func, biased, &mut ways, block) {
                join_next(func, &ways, block);
            }
        }
    }
}

fn destinations(func: &Function, branch: Inst) -> &[BlockCall] {
    func.dfg.insts[branch].branch_destination(&func.dfg.jump_tables, &func.dfg.exception_tables)
}

/// Replaces the branch at a block's end, if it only chooses. Answers whether it did.
fn choose_at(
    func: &mut Function,
    biased: &HashSet<Inst>,
    ways: &mut SecondaryMap<Block, u32>,
    block: Block,
) -> bool {
    let last = func.layout.last_inst(block).filter(|last| !biased.contains(last));
    let Some(last) = last else { return false };
    let InstructionData::Brif { arg: cond, blocks, .. } = func.dfg.insts[last] else { return false };
    let [yes, no] = blocks;
    let Some((yes, no)) = sides(func, ways, yes, no) else { return false };
    let pairs: Vec<(Value, Value)> = yes.args.iter().copied().zip(no.args.iter().copied()).collect();
    let differ = |(a, b): &(Value, Value)| func.dfg.resolve_aliases(*a) != func.dfg.resolve_aliases(*b);
    let chosen = pairs.iter().filter(|pair| differ(pair)).count();
    let narrow = |(a, _): &(Value, Value)| {
        let ty = func.dfg.value_type(*a);
        ty.is_int() && ty.bits() <= 64
    };
    let fits = chosen <= CHOICES && yes.cost + no.cost + chosen <= COST;
    if !fits || !pairs.iter().filter(|pair| differ(pair)).all(narrow) {
        return false;
    }
    let differs: Vec<bool> = pairs.iter().map(differ).collect();
    func.layout.remove_inst(last);
    for side in [yes.block, no.block].into_iter().flatten() {
        while let Some(inst) = func.layout.first_inst(side) {
            func.layout.remove_inst(inst);
            if func.dfg.insts[inst].opcode() != Opcode::Jump {
                func.layout.append_inst(inst, block);
            }
        }
        func.layout.remove_block(side);
        ways[side] = 0;
    }
    ways[yes.join] -= 1;
    let mut pos = FuncCursor::new(func).at_bottom(block);
    let choice = |(&(a, b), differs): (&(Value, Value), bool)| match differs {
        true => BlockArg::from(pos.ins().select(cond, a, b)),
        false => BlockArg::from(a),
    };
    let args: Vec<BlockArg> = pairs.iter().zip(differs).map(choice).collect();
    pos.ins().jump(yes.join, &args);
    true
}

/// The ways of a branch, if they meet at once.
fn sides(
    func: &Function,
    ways: &SecondaryMap<Block, u32>,
    yes: BlockCall,
    no: BlockCall,
) -> Option<(Side, Side)> {
    let (direct_yes, direct_no) = (direct(func, yes)?, direct(func, no)?);
    let (through_yes, through_no) = (through(func, ways, yes), through(func, ways, no));
    let meets = |a: &Side, b: &Side| a.join == b.join && !func.layout.is_cold(a.join);
    match (through_yes, through_no) {
        (Some(a), Some(b)) if meets(&a, &b) => Some((a, b)),
        (Some(a), _) if meets(&a, &direct_no) => Some((a, direct_no)),
        (_, Some(b)) if meets(&direct_yes, &b) => Some((direct_yes, b)),
        _ if meets(&direct_yes, &direct_no) => Some((direct_yes, direct_no)),
        _ => None,
    }
}

/// A way that leads to where it leads without a block on the way.
fn direct(func: &Function, call: BlockCall) -> Option<Side> {
    let pool = &func.dfg.value_lists;
    let args: Option<Vec<Value>> = call.args(pool).map(|arg| arg.as_value()).collect();
    Some(Side { block: None, join: call.block(pool), args: args?, cost: 0 })
}

/// A way by a block of its own, in which something cheap is computed.
fn through(func: &Function, ways: &SecondaryMap<Block, u32>, call: BlockCall) -> Option<Side> {
    let block = call.block(&func.dfg.value_lists);
    let last = func.layout.last_inst(block)?;
    let InstructionData::Jump { destination, .. } = func.dfg.insts[last] else { return None };
    let own = ways[block] == 1 && func.dfg.block_params(block).is_empty() && !func.layout.is_cold(block);
    if !own || destination.block(&func.dfg.value_lists) == block {
        return None;
    }
    let insts = func.layout.block_insts(block).filter(|&inst| inst != last);
    let cost = insts.map(|inst| cost(func, inst)).try_fold(0, |all, one| Some(all + one?))?;
    Some(Side { block: Some(block), cost, ..direct(func, destination)? })
}

/// What an instruction costs that may be executed for nothing; `None` of others.
fn cost(func: &Function, inst: Inst) -> Option<usize> {
    let data = &func.dfg.insts[inst];
    let result = func.dfg.inst_results(inst).first()?;
    let ty = func.dfg.value_type(*result);
    if !ty.is_int() || ty.bits() > 64 {
        return None;
    }
    match data.opcode() {
        Opcode::Iconst => Some(0),
        Opcode::Iadd
        | Opcode::Isub
        | Opcode::Ineg
        | Opcode::Band
        | Opcode::Bor
        | Opcode::Bxor
        | Opcode::Bnot
        | Opcode::Uextend
        | Opcode::Sextend
        | Opcode::Ireduce
        | Opcode::Icmp
        | Opcode::Select => Some(1),
        Opcode::Ishl | Opcode::Ushr | Opcode::Sshr => Some(if is_constant(func, inst, 1) { 1 } else { 2 }),
        Opcode::Imul => Some(if is_constant(func, inst, 0) || is_constant(func, inst, 1) { 2 } else { 3 }),
        _ => None,
    }
}

/// Whether an operand of an instruction is a constant.
fn is_constant(func: &Function, inst: Inst, operand: usize) -> bool {
    let dfg = &func.dfg;
    let def = dfg.inst_args(inst).get(operand).map(|&value| dfg.value_def(dfg.resolve_aliases(value)));
    matches!(def, Some(ValueDef::Result(of, _)) if dfg.insts[of].opcode() == Opcode::Iconst)
}

/// Where a block is the only one that leads to the next: makes them one.
fn join_next(func: &mut Function, ways: &SecondaryMap<Block, u32>, block: Block) {
    let Some(last) = func.layout.last_inst(block) else { return };
    let InstructionData::Jump { destination, .. } = func.dfg.insts[last] else { return };
    let next = destination.block(&func.dfg.value_lists);
    if ways[next] != 1 || next == block || func.layout.is_cold(next) != func.layout.is_cold(block) {
        return;
    }
    let Some(Side { args, .. }) = direct(func, destination) else { return };
    let params = func.dfg.block_params(next).to_vec();
    func.layout.remove_inst(last);
    func.dfg.detach_block_params(next);
    for (param, arg) in params.into_iter().zip(args) {
        func.dfg.change_to_alias(param, arg);
    }
    while let Some(inst) = func.layout.first_inst(next) {
        func.layout.remove_inst(inst);
        func.layout.append_inst(inst, block);
    }
    func.layout.remove_block(next);
}

#[cfg(test)]
mod tests {
    use super::*;
    use cranelift_codegen::ir::{AbiParam, types};
    use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
    use cranelift_codegen::settings;
    use cranelift_codegen::verifier::verify_function;
    use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

    /// A function of two numbers.
    fn build(fill: impl FnOnce(&mut FunctionBuilder<'_>, Value, Value)) -> Function {
        let (mut func, mut context) = (Function::new(), FunctionBuilderContext::new());
        func.signature.params.extend([AbiParam::new(types::I64); 2]);
        func.signature.returns.push(AbiParam::new(types::I64));
        let mut b = FunctionBuilder::new(&mut func, &mut context);
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        let &[x, y] = b.block_params(entry) else { panic!("two parameters were asked for") };
        fill(&mut b, x, y);
        b.seal_all_blocks();
        b.finalize(TargetFrontendConfig {
            default_call_conv: CallConv::SystemV,
            pointer_width: target_lexicon::PointerWidth::U64,
            page_size_align_log2: 12,
        });
        func
    }

    /// Runs the pass and counts blocks and choices.
    fn chosen(mut func: Function) -> (usize, usize) {
        choose(&mut func, &HashSet::new());
        verify_function(&func, &settings::Flags::new(settings::builder())).expect("the result is right");
        let insts = func.layout.blocks().flat_map(|block| func.layout.block_insts(block));
        let choices = insts.filter(|&inst| func.dfg.insts[inst].opcode() == Opcode::Select).count();
        (func.layout.blocks().count(), choices)
    }

    #[test]
    fn sides_that_only_compute_become_a_choice() {
        let func = build(|b, x, y| {
            let [yes, no, join] = std::array::from_fn(|_| b.create_block());
            b.ins().brif(y, yes, &[], no, &[]);
            b.switch_to_block(yes);
            let more = b.ins().iadd(x, y);
            b.ins().jump(join, &[more.into()]);
            b.switch_to_block(no);
            let less = b.ins().isub(x, y);
            b.ins().jump(join, &[less.into()]);
            let chosen = b.append_block_param(join, types::I64);
            b.switch_to_block(join);
            b.ins().return_(&[chosen]);
        });
        assert_eq!(chosen(func), (1, 1));
    }

    /// `if x { if y { r++ } }`.
    #[test]
    fn a_choice_may_be_a_side() {
        let func = build(|b, x, y| {
            let [outer, inner, join] = std::array::from_fn(|_| b.create_block());
            b.ins().brif(x, outer, &[], join, &[x.into()]);
            b.switch_to_block(outer);
            b.ins().brif(y, inner, &[], join, &[x.into()]);
            b.switch_to_block(inner);
            let more = b.ins().iadd(x, y);
            b.ins().jump(join, &[more.into()]);
            let chosen = b.append_block_param(join, types::I64);
            b.switch_to_block(join);
            b.ins().return_(&[chosen]);
        });
        assert_eq!(chosen(func), (1, 2));
    }

    #[test]
    fn what_reads_memory_or_may_fail_stays_a_side() {
        for fails in [false, true] {
            let func = build(|b, x, y| {
                let [yes, join] = std::array::from_fn(|_| b.create_block());
                b.ins().brif(y, yes, &[], join, &[x.into()]);
                b.switch_to_block(yes);
                let value = match fails {
                    true => b.ins().udiv(x, y),
                    false => b.ins().load(types::I64, crate::abi::plain(), y, 0),
                };
                b.ins().jump(join, &[value.into()]);
                let chosen = b.append_block_param(join, types::I64);
                b.switch_to_block(join);
                b.ins().return_(&[chosen]);
            });
            assert_eq!(chosen(func), (3, 0));
        }
    }
}
