//! Block parameters that are always one value.
//!
//! Variables become values while blocks are filled: what reaches a loop's header from its end is not known yet when the
//! header is, so there are parameters that turn out to get one value from outside and themselves from inside. Some
//! are seen when a block is sealed, not those that were waited for by others of their kind. Each that
//! stays is a register more in every turn, or a load and a store.
//!
//! A parameter that gets one value beside itself is that value. Where it was passed on, the same may then be seen of
//! another parameter, so the function is gone through until there are no more.
//!
//! Must stay true: the entry's parameters stay, and so does what gets anything but a value (the result of a call
//! that ends its block).

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::entity::packed_option::PackedOption;
use cranelift_codegen::ir::{Block, BlockArg, Function, Inst, Value};
use std::ops::Range;

/// A parameter, and where in [`Parameters::args`] what it gets stands.
struct Parameter {
    value: Value,
    args: Range<usize>,
}

/// The parameters of a function's blocks.
struct Parameters {
    all: Vec<Parameter>,
    args: Vec<Value>,
    /// Of those that are always another value: which one.
    same: SecondaryMap<Value, PackedOption<Value>>,
    /// How many are.
    redundant: usize,
}

/// Replaces the parameters of blocks that are always one other value by that value.
pub(crate) fn remove_redundant(func: &mut Function) {
    let mut parameters = Parameters::of(func);
    while parameters.simplify() {}
    if parameters.redundant > 0 {
        parameters.edit(func);
    }
}

/// The instructions that end the blocks of a function.
fn branches(func: &Function) -> impl Iterator<Item = Inst> + '_ {
    func.layout.blocks().filter_map(|block| func.layout.last_inst(block))
}

impl Parameters {
    fn of(func: &Function) -> Parameters {
        let dfg = &func.dfg;
        let mut incoming: SecondaryMap<Block, Vec<Vec<BlockArg>>> = SecondaryMap::new();
        for inst in branches(func) {
            for call in dfg.insts[inst].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
                if call.len(&dfg.value_lists) > 0 {
                    let block = call.block(&dfg.value_lists);
                    incoming[block].push(call.args(&dfg.value_lists).collect());
                }
            }
        }
        let (mut all, mut args) = (Vec::new(), Vec::new());
        for block in func.layout.blocks().skip(1) {
            let calls = &incoming[block];
            if calls.is_empty() {
                continue;
            }
            for (i, &value) in dfg.block_params(block).iter().enumerate() {
                let first = args.len();
                args.extend(calls.iter().filter_map(|call| call[i].as_value()));
                if args.len() - first == calls.len() {
                    args[first..].iter_mut().for_each(|arg| *arg = dfg.resolve_aliases(*arg));
                    all.push(Parameter { value, args: first..args.len() });
                } else {
                    args.truncate(first);
                }
            }
        }
        Parameters { all, args, same: SecondaryMap::new(), redundant: 0 }
    }

    /// Goes through the parameters once; whether any was found to be another value.
    fn simplify(&mut self) -> bool {
        let known = self.redundant;
        for parameter in &self.all {
            if self.same[parameter.value].is_some() {
                continue;
            }
            let (mut only, mut many) = (None, false);
            for arg in &mut self.args[parameter.args.clone()] {
                *arg = resolve(&self.same, *arg);
                many |= *arg != parameter.value && *only.get_or_insert(*arg) != *arg;
            }
            if !many && only.is_some() {
                self.same[parameter.value] = only.into();
                self.redundant += 1;
            }
        }
        self.redundant > known
    }

    fn edit(&self, func: &mut Function) {
        let insts: Vec<Inst> = branches(func).collect();
        // Of each block: the places of what goes, the last first.
        let mut places: SecondaryMap<Block, Vec<usize>> = SecondaryMap::new();
        for block in func.layout.blocks() {
            let params = func.dfg.block_params(block).iter().enumerate().rev();
            places[block] =
                params.filter(|(_, p)| self.same[**p].is_some()).map(|(place, _)| place).collect();
        }
        let dfg = &mut func.stencil.dfg;
        for inst in insts {
            let (jumps, exceptions) = (&mut dfg.jump_tables, &mut dfg.exception_tables);
            for call in dfg.insts[inst].branch_destination_mut(jumps, exceptions) {
                for &place in &places[call.block(&dfg.value_lists)] {
                    call.remove(place, &mut dfg.value_lists);
                }
            }
        }
        for parameter in self.all.iter().rev().filter(|p| self.same[p.value].is_some()) {
            dfg.remove_block_param(parameter.value);
            dfg.change_to_alias(parameter.value, resolve(&self.same, parameter.value));
        }
    }
}

/// The value that one is found to be.
fn resolve(same: &SecondaryMap<Value, PackedOption<Value>>, mut value: Value) -> Value {
    while let Some(other) = same[value].expand() {
        value = other;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use cranelift_codegen::ir::{InstBuilder, types};
    use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
    use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

    /// What an inner loop only passes on is what the outer one has, also where that is a parameter itself.
    #[test]
    fn what_a_loop_passes_on_is_no_parameter_of_it() {
        let (mut func, mut context) = (Function::new(), FunctionBuilderContext::new());
        let mut b = FunctionBuilder::new(&mut func, &mut context);
        let [entry, outer, inner, left, right, join, end] = std::array::from_fn(|_| b.create_block());
        b.switch_to_block(entry);
        let zero = b.ins().iconst(types::I64, 0);
        b.ins().jump(outer, &[zero.into()]);
        let counted = b.append_block_param(outer, types::I64);
        b.switch_to_block(outer);
        b.ins().jump(inner, &[counted.into()]);
        let passed = b.append_block_param(inner, types::I64);
        b.switch_to_block(inner);
        b.ins().brif(zero, left, &[], right, &[]);
        for side in [left, right] {
            b.switch_to_block(side);
            b.ins().jump(join, &[passed.into()]);
        }
        let joined = b.append_block_param(join, types::I64);
        b.switch_to_block(join);
        b.ins().brif(zero, inner, &[joined.into()], end, &[]);
        b.switch_to_block(end);
        let more = b.ins().iadd(counted, joined);
        b.ins().jump(outer, &[more.into()]);
        b.seal_all_blocks();
        b.finalize(TargetFrontendConfig {
            default_call_conv: CallConv::SystemV,
            pointer_width: target_lexicon::PointerWidth::U64,
            page_size_align_log2: 12,
        });

        remove_redundant(&mut func);
        let params = |block| func.dfg.block_params(block).len();
        assert_eq!([outer, inner, join].map(params), [1, 0, 0]);
        assert_eq!(func.dfg.resolve_aliases(joined), counted);
    }
}
