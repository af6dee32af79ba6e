//! Natives of `sync/atomic` that are instructions.
//!
//! While the island is this worker's alone, nobody can come between a load and a store, so plain ones do; else
//! the machine's own atomic instructions, all sequentially consistent.

use super::Translator;
use crate::abi::plain;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder, Type, Value, types};
use vo_bytecode::Reg;
use vo_bytecode::operand::RegList;
use vo_runtime::context::offsets;

/// An operation, and the integer that it works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Atomic {
    op: Op,
    ty: Type,
    signed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Load,
    Store,
    Swap,
    CompareAndSwap,
    Add,
    And,
    Or,
}

impl Atomic {
    /// The operation that the native of this name is. Stores of pointers are none: the collector is told.
    fn named(name: &str) -> Option<Atomic> {
        let name = name.strip_prefix("sync/atomic.")?;
        let ops = [
            ("Load", Op::Load),
            ("Store", Op::Store),
            ("Swap", Op::Swap),
            ("CompareAndSwap", Op::CompareAndSwap),
            ("Add", Op::Add),
            ("And", Op::And),
            ("Or", Op::Or),
        ];
        let (ty, op) = ops.iter().find_map(|&(prefix, op)| Some((name.strip_prefix(prefix)?, op)))?;
        let (ty, signed) = match ty {
            "Int32" => (types::I32, true),
            "Uint32" => (types::I32, false),
            "Int64" | "Uint64" | "Uintptr" => (types::I64, false),
            "Pointer" if op == Op::Load => (types::I64, false),
            _ => return None,
        };
        Some(Atomic { op, ty, signed })
    }
}

impl Translator<'_, '_> {
    /// Translates a call of a native that is an instruction; false where it is none.
    pub(crate) fn atomic_native(&mut self, native: u32, args: RegList<'_>, results: RegList<'_>) -> bool {
        let Some(atomic) = Atomic::named(&self.link.module.natives[native as usize].name) else {
            return false;
        };
        let args: Vec<Reg> = args.iter().collect();
        self.nil_trap(args[0]);
        let address = self.get(args[0]);
        let operands: Vec<Value> = args[1..].iter().map(|&arg| self.narrow(arg, atomic.ty)).collect();
        let result = match atomic.op {
            Op::Load => Some(self.b.ins().atomic_load(atomic.ty, plain(), address)),
            op => self.in_either_mode(op, atomic.ty, address, &operands),
        };
        if let (Some(result), Some(dst)) = (result, results.iter().next()) {
            let word = match self.b.func.dfg.value_type(result) {
                types::I64 => result,
                types::I32 if atomic.signed => self.b.ins().sextend(types::I64, result),
                _ => self.b.ins().uextend(types::I64, result),
            };
            self.set(dst, word);
        }
        true
    }

    fn narrow(&mut self, reg: Reg, ty: Type) -> Value {
        let value = self.get(reg);
        if ty == types::I64 { value } else { self.b.ins().ireduce(ty, value) }
    }

    /// Whether the island is this worker's alone.
    pub(crate) fn alone(&mut self) -> Value {
        let ctx = self.ctx();
        let at = self.b.ins().load(types::I64, plain(), ctx, offsets::ALONE);
        self.b.ins().load(types::I8, plain(), at, 0)
    }

    fn in_either_mode(&mut self, op: Op, ty: Type, address: Value, operands: &[Value]) -> Option<Value> {
        let alone = self.alone();
        let (plainly, locked, on) = (self.b.create_block(), self.cold_block(), self.b.create_block());
        let result = match op {
            Op::Store => None,
            Op::CompareAndSwap => Some(self.b.append_block_param(on, types::I8)),
            _ => Some(self.b.append_block_param(on, ty)),
        };
        self.b.ins().brif(alone, plainly, &[], locked, &[]);
        for (block, atomically) in [(plainly, false), (locked, true)] {
            self.go_to(block);
            let value = match atomically {
                true => self.atomic(op, ty, address, operands),
                false => self.plain_atomic(op, ty, address, operands),
            };
            let args: Vec<_> = value.into_iter().map(Into::into).collect();
            self.b.ins().jump(on, &args);
        }
        self.go_to(on);
        result
    }

    fn atomic(&mut self, op: Op, ty: Type, address: Value, operands: &[Value]) -> Option<Value> {
        let rmw = |t: &mut Self, op| t.b.ins().atomic_rmw(ty, plain(), op, address, operands[0]);
        match op {
            Op::Load => Some(self.b.ins().atomic_load(ty, plain(), address)),
            Op::Store => {
                self.b.ins().atomic_store(plain(), operands[0], address);
                None
            }
            Op::Swap => Some(rmw(self, AtomicRmwOp::Xchg)),
            Op::CompareAndSwap => {
                let old = self.b.ins().atomic_cas(plain(), address, operands[0], operands[1]);
                Some(self.b.ins().icmp(IntCC::Equal, old, operands[0]))
            }
            Op::Add => {
                let old = rmw(self, AtomicRmwOp::Add);
                Some(self.b.ins().iadd(old, operands[0]))
            }
            Op::And => Some(rmw(self, AtomicRmwOp::And)),
            Op::Or => Some(rmw(self, AtomicRmwOp::Or)),
        }
    }

    fn plain_atomic(&mut self, op: Op, ty: Type, address: Value, operands: &[Value]) -> Option<Value> {
        if op == Op::Store {
            self.b.ins().store(plain(), operands[0], address, 0);
            return None;
        }
        let old = self.b.ins().load(ty, plain(), address, 0);
        let (new, result) = match op {
            Op::CompareAndSwap => {
                let equal = self.b.ins().icmp(IntCC::Equal, old, operands[0]);
                (self.b.ins().select(equal, operands[1], old), equal)
            }
            Op::Add => {
                let sum = self.b.ins().iadd(old, operands[0]);
                (sum, sum)
            }
            Op::And => (self.b.ins().band(old, operands[0]), old),
            Op::Or => (self.b.ins().bor(old, operands[0]), old),
            Op::Swap | Op::Load | Op::Store => (operands[0], old),
        };
        self.b.ins().store(plain(), new, address, 0);
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_the_operations_are() {
        let add = Atomic { op: Op::Add, ty: types::I32, signed: true };
        assert_eq!(Atomic::named("sync/atomic.AddInt32"), Some(add));
        assert!(Atomic::named("sync/atomic.LoadPointer").is_some());
        assert_eq!(Atomic::named("sync/atomic.StorePointer"), None);
        assert_eq!(Atomic::named("sync/atomic.sameType"), None);
        assert_eq!(Atomic::named("time.now"), None);
    }
}
