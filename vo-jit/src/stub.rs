//! Stubs: what stands in the function table for a function that is not compiled.
//!
//! Whoever calls through the table passes the callee's own parameters in the convention's registers, and
//! does not know that the callee is interpreted. There would be a stub for each function, and
//! compiling them would take longer than most programs run. So a stub is two instructions, made by
//! hand: it notes the function in the context and jumps to a *door*. A door is
//! compiled for a signature that has every register of the convention as a parameter and as a result, and `n` words
//! on the stack; one for each `n` that the program's functions have. It stores all of them, and
//! [`enter`] picks the words that the function's signature says.
//!
//! ```text
//!   room:   integer registers | float registers | words on the stack
//!           integer results   | float results                            (the same place, after the call)
//! ```
//!
//! Must stay true: the registers that the convention passes parameters in are those counted here (the test
//! calls through a stub with more parameters than there are registers).

use crate::abi::{self, FLOAT_RESULTS, INT_RESULTS, Place, STATUS, Shape, plain};
use cranelift_codegen::ir::{
    self, AbiParam, InstBuilder, Signature, StackSlotData, StackSlotKind, Type, types,
};
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use std::collections::BTreeMap;
use vo_bytecode::{Module, Status};
use vo_runtime::context::{JitContext, offsets};

/// Integer registers that the convention passes parameters in, the context's among them.
const INT_PARAMS: usize = 6;
/// Float registers that it passes parameters in.
const FLOAT_PARAMS: usize = 8;

/// Bytes of a stub.
pub(crate) const STUB_BYTES: usize = 16;

/// No function: the site of a door's frame in a trace.
const NO_SITE: i64 = -1;

/// Words that a call of this shape passes on the stack.
pub(crate) fn stack_words(shape: &Shape) -> usize {
    let floats = shape.params.iter().filter(|ty| ty.is_float()).count();
    let ints = 1 + usize::from(shape.rest_words() > 0) + shape.params.len() - floats;
    ints.saturating_sub(INT_PARAMS) + floats.saturating_sub(FLOAT_PARAMS)
}

/// Builds the door of functions with `n` words on the stack.
pub(crate) fn build_door(
    n: usize,
    module: &Module,
    isa: &dyn TargetIsa,
    func: &mut ir::Function,
    fcx: &mut FunctionBuilderContext,
) {
    let params = registers(INT_PARAMS, FLOAT_PARAMS).chain(std::iter::repeat_n(types::I64, n));
    let mut sig = Signature::new(CallConv::Tail);
    sig.params.extend(params.map(AbiParam::new));
    sig.returns.push(AbiParam::new(STATUS));
    sig.returns.extend(registers(INT_RESULTS, FLOAT_RESULTS).map(AbiParam::new));
    func.signature = sig;
    let mut b = FunctionBuilder::new(func, fcx);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let params = b.block_params(entry).to_vec();
    let ctx = params[0];
    let words = params.len().max(INT_RESULTS + FLOAT_RESULTS);
    let room =
        b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 8 * words as u32, 3));
    let room = b.ins().stack_addr(types::I64, room, 0);
    for (i, &param) in params.iter().enumerate() {
        abi::store_word(&mut b, param, room, i);
    }
    let frame = b.ins().get_frame_pointer(types::I64);
    b.ins().store(plain(), frame, ctx, offsets::LAST_FRAME);
    let site = b.ins().iconst(types::I64, NO_SITE);
    b.ins().store(plain(), site, ctx, offsets::LAST_SITE);
    let mut sig = Signature::new(isa.default_call_conv());
    sig.params.extend([AbiParam::new(types::I64); 3]);
    sig.returns.push(AbiParam::new(STATUS));
    let sig = b.import_signature(sig);
    let helper = b.ins().iconst(types::I64, enter as *const () as i64);
    let module = b.ins().iconst(types::I64, std::ptr::from_ref(module) as i64);
    let call = b.ins().call_indirect(sig, helper, &[ctx, room, module]);
    let mut results = vec![b.inst_results(call)[0]];
    for (i, ty) in registers(INT_RESULTS, FLOAT_RESULTS).enumerate() {
        results.push(abi::load_word(&mut b, ty, room, i));
    }
    b.ins().return_(&results);
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
}

fn registers(ints: usize, floats: usize) -> impl Iterator<Item = Type> {
    std::iter::repeat_n(types::I64, ints).chain(std::iter::repeat_n(types::F64, floats))
}

/// Runs the function that a stub has named, with what its door has stored in `room`.
///
/// # Safety
/// A door calls it: `ctx` is the worker's, `room` has the words that the function's signature says, and the
/// module is the program's.
unsafe extern "C" fn enter(ctx: *mut JitContext, room: *mut u64, module: *const Module) -> Status {
    // SAFETY: by the contract.
    let (func, module) = unsafe { ((*ctx).callee, &*module) };
    let shape = Shape::of(&module.functions[func as usize]);
    // SAFETY: as above.
    let word = |i: usize| unsafe { *room.add(i) };
    let (mut args, rest) = parameters(&shape, word);
    let mut results = vec![0u64; shape.results.len()];
    // SAFETY: the context's table; the words that the function takes and gives.
    let status =
        unsafe { ((*(*ctx).callbacks).call_interpreted)(ctx, func, args.as_mut_ptr(), results.as_mut_ptr()) };
    if status == Status::Ok {
        let (mut ints, mut floats) = (0, INT_RESULTS);
        for ((place, ty), &word) in shape.places().iter().zip(&shape.results).zip(&results) {
            let next = if ty.is_float() { &mut floats } else { &mut ints };
            match place {
                // SAFETY: the room has a word for each register of results.
                Place::Value(_) => unsafe { *room.add(*next) = word },
                // SAFETY: the caller's room for results that do not fit registers.
                Place::Rest(at) => unsafe { *(rest as *mut u64).add(*at) = word },
            }
            *next += usize::from(matches!(place, Place::Value(_)));
        }
    }
    status
}

/// The arguments among the stored words, and the address of the room for more results.
fn parameters(shape: &Shape, word: impl Fn(usize) -> u64) -> (Vec<u64>, u64) {
    let has_rest = shape.rest_words() > 0;
    let rest = if has_rest { word(1) } else { 0 };
    let (mut ints, mut floats) = (1 + usize::from(has_rest), 0);
    let mut stack = INT_PARAMS + FLOAT_PARAMS;
    let args = shape.params.iter().map(|&ty| {
        let (used, most, first) =
            if ty.is_float() { (&mut floats, FLOAT_PARAMS, INT_PARAMS) } else { (&mut ints, INT_PARAMS, 0) };
        let at = if *used < most {
            *used += 1;
            first + *used - 1
        } else {
            stack += 1;
            stack - 1
        };
        // What is above a float32 in its register is not its own.
        if ty == types::F32 { word(at) & 0xffff_ffff } else { word(at) }
    });
    (args.collect(), rest)
}

/// Writes the stub of function `func`, which lies at `place`, to go to its door.
#[cfg(target_arch = "x86_64")]
pub(crate) fn write_stub(into: &mut [u8], place: u64, func: u32, door: u64) {
    // mov dword [rdi + CALLEE], func; jmp door
    into[..2].copy_from_slice(&[0xc7, 0x87]);
    into[2..6].copy_from_slice(&offsets::CALLEE.to_le_bytes());
    into[6..10].copy_from_slice(&func.to_le_bytes());
    let distance = i32::try_from(door.wrapping_sub(place + 15) as i64);
    into[10] = 0xe9;
    into[11..15].copy_from_slice(&distance.expect("internal error: a door is too far away").to_le_bytes());
    into[15] = 0xcc;
}

/// Writes the stub of function `func`, which lies at `place`, to go to its door.
#[cfg(target_arch = "aarch64")]
pub(crate) fn write_stub(into: &mut [u8], place: u64, func: u32, door: u64) {
    // The convention passes the context in x2, and nothing in x16.
    let distance = (door.wrapping_sub(place + 12) as i64) >> 2;
    assert!(distance.abs() < 1 << 25, "internal error: a door is too far away");
    let instructions = [
        0x5280_0010 | (func & 0xffff) << 5,                 // movz w16, #low
        0x72a0_0010 | (func >> 16) << 5,                    // movk w16, #high, lsl #16
        0xb900_0050 | ((offsets::CALLEE as u32) / 4) << 10, // str w16, [x2, #CALLEE]
        0x1400_0000 | (distance as u32 & 0x03ff_ffff),      // b door
    ];
    for (at, instruction) in instructions.into_iter().enumerate() {
        into[4 * at..4 * at + 4].copy_from_slice(&instruction.to_le_bytes());
    }
}

/// Which doors a module wants: numbers of words on the stack, in their order.
pub(crate) fn doors_of(module: &Module) -> BTreeMap<usize, Vec<u32>> {
    let mut doors: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for (func, function) in module.functions.iter().enumerate() {
        doors.entry(stack_words(&Shape::of(function))).or_default().push(func as u32);
    }
    doors
}

#[cfg(test)]
mod tests {
    use super::*;
    use vo_bytecode::Class;

    #[test]
    fn parameters_are_found_where_the_convention_puts_them() {
        let classes = [Class::Int; 7].into_iter().chain([Class::F64; 9]).chain([Class::F32]);
        let shape = Shape::new(classes, []);
        assert_eq!(stack_words(&shape), 2 + 2);
        let (args, rest) = parameters(&shape, |i| i as u64 | 1 << 40);
        let low: Vec<u64> = args.iter().map(|word| word & 0xff).collect();
        assert_eq!(low, [1, 2, 3, 4, 5, 14, 15, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17]);
        assert_eq!((args[15] >> 40, args[16] >> 40, rest), (1, 0, 0));
    }

    #[test]
    fn room_for_results_comes_before_the_parameters() {
        let shape = Shape::new([Class::Int], [Class::Int; 9]);
        let (args, rest) = parameters(&shape, |i| i as u64);
        assert_eq!((args, rest), (vec![2], 1));
    }
}
