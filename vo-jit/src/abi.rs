//! The calling convention of compiled code, in Cranelift's terms.
//!
//! ```text
//!   tail fn(ctx, [rest], args…) -> (status, results…)
//! ```
//!
//! Seven integer-like and eight float results come back in registers. Where there are more, `rest` is the
//! address of as many words in the caller's frame. The machine enters through a *thunk* of
//! the platform's convention, one for each [`Shape`].
//!
//! While compiled code runs, the machine's pinned register holds the context: the thunk puts it there, and everybody
//! else leaves it alone. The parameter is for stubs.
//!
//! A call on a rare path that comes back would take the registers of the path beside it too: what is alive
//! across it must lie in the few registers that a callee keeps, or in memory, also where the call is
//! not made. So such calls go through *quiet doors*, which keep all registers. They take their arguments from
//! memory: a value that a rare call wants in a certain register would lie there, or be moved, on the
//! common path as well.

use crate::callbacks::Callback;
use cranelift_codegen::ir::{self, AbiParam, InstBuilder, MemFlagsData, Signature, Type, types};
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use vo_bytecode::Class;
use vo_runtime::context::offsets;

/// Results in integer registers, beside the status.
pub(crate) const INT_RESULTS: usize = 7;
/// Results in float registers.
pub(crate) const FLOAT_RESULTS: usize = 8;

/// The type of a status.
pub(crate) const STATUS: Type = types::I32;

/// Memory that is there, in the machine's byte order.
pub(crate) fn plain() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

/// Memory that is there and stays as it is while a unit runs: loads of it may be done once, and anywhere.
pub(crate) fn fixed() -> MemFlagsData {
    plain().with_readonly().with_can_move()
}

/// The type of a register of machine code.
pub(crate) fn ty(class: Class) -> Type {
    match class {
        Class::F64 => types::F64,
        Class::F32 => types::F32,
        _ => types::I64,
    }
}

/// Parameters and results of a function, as far as the convention cares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) params: Vec<Type>,
    pub(crate) results: Vec<Type>,
}

/// Where a result comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// This returned value (0 is the status).
    Value(usize),
    /// This word behind `rest`.
    Rest(usize),
}

impl Shape {
    pub(crate) fn new(
        params: impl IntoIterator<Item = Class>,
        results: impl IntoIterator<Item = Class>,
    ) -> Shape {
        Shape { params: params.into_iter().map(ty).collect(), results: results.into_iter().map(ty).collect() }
    }

    /// Of a function of the module.
    pub(crate) fn of(func: &vo_bytecode::Function) -> Shape {
        let params = func.regs[..usize::from(func.params)].iter().copied();
        Shape::new(params, func.results.iter().copied())
    }

    /// Of the continuations of functions with these results.
    pub(crate) fn continuation(&self) -> Shape {
        Shape { params: vec![types::I64; 2], results: self.results.clone() }
    }

    /// Where each result comes back.
    pub(crate) fn places(&self) -> Vec<Place> {
        let (mut ints, mut floats, mut values, mut rest) = (0, 0, 1, 0);
        let mut place = |&result: &Type| {
            let (used, most) =
                if result.is_float() { (&mut floats, FLOAT_RESULTS) } else { (&mut ints, INT_RESULTS) };
            if *used < most {
                *used += 1;
                values += 1;
                Place::Value(values - 1)
            } else {
                rest += 1;
                Place::Rest(rest - 1)
            }
        };
        self.results.iter().map(&mut place).collect()
    }

    /// Words of results that do not fit registers.
    pub(crate) fn rest_words(&self) -> usize {
        self.places().iter().filter(|p| matches!(p, Place::Rest(_))).count()
    }

    /// The signature of compiled code.
    pub(crate) fn signature(&self) -> Signature {
        let mut sig = Signature::new(CallConv::Tail);
        sig.params.push(AbiParam::new(types::I64));
        if self.rest_words() > 0 {
            sig.params.push(AbiParam::new(types::I64));
        }
        sig.params.extend(self.params.iter().map(|&t| AbiParam::new(t)));
        sig.returns.push(AbiParam::new(STATUS));
        for (place, &result) in self.places().iter().zip(&self.results) {
            if let Place::Value(_) = place {
                sig.returns.push(AbiParam::new(result));
            }
        }
        sig
    }
}

/// The word of a float32 register is its low half.
pub(crate) fn load_word(b: &mut FunctionBuilder<'_>, ty: Type, base: ir::Value, word: usize) -> ir::Value {
    b.ins().load(ty, plain(), base, 8 * word as i32)
}

/// Stores a register as a word, the high half of a float32's zero.
pub(crate) fn store_word(b: &mut FunctionBuilder<'_>, value: ir::Value, base: ir::Value, word: usize) {
    let value = as_word(b, value);
    b.ins().store(plain(), value, base, 8 * word as i32);
}

/// A register's word.
pub(crate) fn as_word(b: &mut FunctionBuilder<'_>, value: ir::Value) -> ir::Value {
    match b.func.dfg.value_type(value) {
        types::F64 => b.ins().bitcast(types::I64, MemFlagsData::new(), value),
        types::F32 => {
            let bits = b.ins().bitcast(types::I32, MemFlagsData::new(), value);
            b.ins().uextend(types::I64, bits)
        }
        _ => value,
    }
}

/// The register of a type with this word.
pub(crate) fn from_word(b: &mut FunctionBuilder<'_>, ty: Type, word: ir::Value) -> ir::Value {
    match ty {
        types::F64 => b.ins().bitcast(types::F64, MemFlagsData::new(), word),
        types::F32 => {
            let bits = b.ins().ireduce(types::I32, word);
            b.ins().bitcast(types::F32, MemFlagsData::new(), bits)
        }
        _ => word,
    }
}

/// Builds the thunk of a shape: `fn(ctx, args, results, code) -> status`.
pub(crate) fn build_thunk(
    shape: &Shape,
    isa: &dyn TargetIsa,
    func: &mut ir::Function,
    fcx: &mut FunctionBuilderContext,
) {
    let mut sig = Signature::new(isa.default_call_conv());
    sig.params.extend([AbiParam::new(types::I64); 4]);
    sig.returns.push(AbiParam::new(STATUS));
    func.signature = sig;
    let mut b = FunctionBuilder::new(func, fcx);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let &[ctx, args, results, code] = b.block_params(entry) else {
        panic!("internal error: a thunk has four parameters")
    };
    // The platform's code expects the register as it was.
    let saved = b.ins().get_pinned_reg(types::I64);
    b.ins().set_pinned_reg(ctx);
    let mut values = vec![ctx];
    let rest = shape.rest_words();
    let slot = (rest > 0).then(|| {
        let data = ir::StackSlotData::new(ir::StackSlotKind::ExplicitSlot, 8 * rest as u32, 3);
        b.create_sized_stack_slot(data)
    });
    values.extend(slot.map(|slot| b.ins().stack_addr(types::I64, slot, 0)));
    for (i, &ty) in shape.params.iter().enumerate() {
        values.push(load_word(&mut b, ty, args, i));
    }
    let sig = b.import_signature(shape.signature());
    let call = b.ins().call_indirect(sig, code, &values);
    let answers = b.inst_results(call).to_vec();
    for (i, place) in shape.places().iter().enumerate() {
        let value = match (place, slot) {
            (Place::Value(at), _) => answers[*at],
            (Place::Rest(word), Some(slot)) => {
                let base = b.ins().stack_addr(types::I64, slot, 0);
                load_word(&mut b, shape.results[i], base, *word)
            }
            (Place::Rest(_), None) => panic!("internal error: results without room"),
        };
        store_word(&mut b, value, results, i);
    }
    b.ins().set_pinned_reg(saved);
    b.ins().return_(&[answers[0]]);
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
}

/// Signature of a *quiet door*: no register of the caller is lost by calling it, and none is asked for. The
/// callback's arguments lie in the context's `ret`, where the answer will lie too.
pub(crate) fn quiet_signature() -> Signature {
    Signature::new(CallConv::PreserveAll)
}

/// Builds the quiet door of a callback.
pub(crate) fn build_quiet_door(
    callback: Callback,
    isa: &dyn TargetIsa,
    func: &mut ir::Function,
    fcx: &mut FunctionBuilderContext,
) {
    func.signature = quiet_signature();
    let mut b = FunctionBuilder::new(func, fcx);
    let entry = b.create_block();
    b.switch_to_block(entry);
    let ctx = b.ins().get_pinned_reg(types::I64);
    let sig = callback.signature(isa.default_call_conv());
    let mut args = vec![ctx];
    for i in 1..sig.params.len() {
        args.push(b.ins().load(types::I64, plain(), ctx, offsets::RET + 8 * (i as i32 - 1)));
    }
    let table = b.ins().load(types::I64, plain(), ctx, offsets::CALLBACKS);
    let door = b.ins().load(types::I64, plain(), table, callback.offset());
    let sig = b.import_signature(sig);
    let call = b.ins().call_indirect(sig, door, &args);
    if let Some(&answer) = b.inst_results(call).first() {
        b.ins().store(plain(), answer, ctx, offsets::RET);
    }
    b.ins().return_(&[]);
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_that_do_not_fit_go_to_memory() {
        let shape = Shape::new([], [Class::Int; 9].into_iter().chain([Class::F64]));
        let places = shape.places();
        assert_eq!(places[6], Place::Value(7));
        assert_eq!((places[7], places[8]), (Place::Rest(0), Place::Rest(1)));
        assert_eq!(places[9], Place::Value(8));
        let sig = shape.signature();
        assert_eq!((sig.params.len(), sig.returns.len()), (2, 9));
    }
}
