//! What is known about values while a unit is translated: not nil, in a range, below another value.
//!
//! A value never changes, so what was found out at a place holds wherever that place has been passed, that is
//! in all blocks that it dominates. Each translated block is a *node* of a tree whose parent is what
//! dominates it; a fact belongs to the node in which it was found, and is known in the nodes below. Inlined
//! bodies hang below the node of their call.
//!
//! Arithmetic wraps. What is said of `a + c` is said only where the addition is known not to have wrapped.
//!
//! Must stay true: no fact is told while a side path is translated (a cold block, half of an
//! instruction): it would hold behind it.

use cranelift_codegen::ir::{DataFlowGraph, InstructionData, Opcode, Value, ValueDef};
use std::collections::HashMap;
use vo_runtime::value::MAX_ALLOC;

/// A block, as far as facts are concerned.
pub(crate) type Node = usize;

/// How far a value's definition is followed.
const DEPTH: usize = 4;

/// Signed bounds, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) lo: i64,
    pub(crate) hi: i64,
}

impl Range {
    pub(crate) const ALL: Range = Range { lo: i64::MIN, hi: i64::MAX };
    /// Of lengths of slices and strings.
    pub(crate) const LENGTH: Range = Range { lo: 0, hi: MAX_ALLOC as i64 };

    fn and(self, other: Range) -> Range {
        Range { lo: self.lo.max(other.lo), hi: self.hi.min(other.hi) }
    }

    /// The range of sums with a constant; nothing is known where one may wrap.
    fn plus(self, c: i64) -> Option<Range> {
        Some(Range { lo: self.lo.checked_add(c)?, hi: self.hi.checked_add(c)? })
    }

    fn times(self, c: i64) -> Option<Range> {
        let (a, b) = (self.lo.checked_mul(c)?, self.hi.checked_mul(c)?);
        Some(Range { lo: a.min(b), hi: a.max(b) })
    }
}

/// What is known.
#[derive(Default)]
pub(crate) struct Facts {
    parents: Vec<Option<Node>>,
    here: Node,
    not_nil: HashMap<Value, Vec<Node>>,
    ranges: HashMap<Value, Vec<(Node, Range)>>,
    /// `a < b`, signed, by `a`.
    less: HashMap<Value, Vec<(Node, Value)>>,
    /// `0 <= index < len`, by `index`.
    inside: HashMap<Value, Vec<(Node, Value)>>,
}

/// The constant that a value is.
pub(crate) fn constant(dfg: &DataFlowGraph, value: Value) -> Option<i64> {
    match definition(dfg, value)? {
        InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm.bits()),
        _ => None,
    }
}

fn definition(dfg: &DataFlowGraph, value: Value) -> Option<InstructionData> {
    match dfg.value_def(dfg.resolve_aliases(value)) {
        ValueDef::Result(inst, 0) => Some(dfg.insts[inst]),
        _ => None,
    }
}

/// A value as another plus a constant, as far as additions of constants made it.
fn decompose(dfg: &DataFlowGraph, value: Value) -> (Value, i64) {
    let value = dfg.resolve_aliases(value);
    let parts = match definition(dfg, value) {
        Some(InstructionData::Binary { opcode: Opcode::Iadd, args: [a, b] }) => {
            constant(dfg, b).map(|c| (a, c))
        }
        Some(InstructionData::Binary { opcode: Opcode::Isub, args: [a, b] }) => {
            constant(dfg, b).and_then(i64::checked_neg).map(|c| (a, c))
        }
        _ => None,
    };
    parts.map_or((value, 0), |(base, c)| (dfg.resolve_aliases(base), c))
}

impl Facts {
    /// A new node below another, or below nothing.
    pub(crate) fn node(&mut self, parent: Option<Node>) -> Node {
        self.parents.push(parent);
        self.parents.len() - 1
    }

    /// The node of what is translated now.
    pub(crate) fn here(&self) -> Node {
        self.here
    }

    /// Goes to a node.
    pub(crate) fn go(&mut self, node: Node) {
        self.here = node;
    }

    fn holds(&self, node: Node) -> bool {
        // A node's parent is older than the node.
        let mut at = Some(self.here);
        while let Some(n) = at {
            if n <= node {
                return n == node;
            }
            at = self.parents[n];
        }
        false
    }

    /// From here on a value is not nil.
    pub(crate) fn set_not_nil(&mut self, dfg: &DataFlowGraph, value: Value) {
        let value = dfg.resolve_aliases(value);
        if !self.is_not_nil(dfg, value) {
            self.not_nil.entry(value).or_default().push(self.here);
        }
    }

    /// Whether a value is known not to be nil.
    pub(crate) fn is_not_nil(&self, dfg: &DataFlowGraph, value: Value) -> bool {
        let value = dfg.resolve_aliases(value);
        constant(dfg, value).is_some_and(|c| c != 0)
            || self.not_nil.get(&value).is_some_and(|nodes| nodes.iter().any(|&n| self.holds(n)))
    }

    /// From here on a value is in a range.
    pub(crate) fn set_range(&mut self, dfg: &DataFlowGraph, value: Value, range: Range) {
        let value = dfg.resolve_aliases(value);
        let known = self.range(dfg, value);
        if known.and(range) != known {
            self.ranges.entry(value).or_default().push((self.here, range));
        }
    }

    /// From here on `a < b`.
    pub(crate) fn set_less(&mut self, dfg: &DataFlowGraph, a: Value, b: Value) {
        let (a, b) = (dfg.resolve_aliases(a), dfg.resolve_aliases(b));
        self.less.entry(a).or_default().push((self.here, b));
        let (ra, rb) = (self.range(dfg, a), self.range(dfg, b));
        if rb.hi != i64::MIN && ra.lo != i64::MAX {
            self.set_range(dfg, a, Range { lo: i64::MIN, hi: rb.hi - 1 });
            self.set_range(dfg, b, Range { lo: ra.lo + 1, hi: i64::MAX });
        }
    }

    /// What a value is known to be less than.
    pub(crate) fn upper_bounds(&self, dfg: &DataFlowGraph, value: Value) -> Vec<Value> {
        let value = dfg.resolve_aliases(value);
        let bounds = self.less.get(&value).into_iter().flatten();
        bounds.filter(|(node, _)| self.holds(*node)).map(|&(_, b)| b).collect()
    }

    /// What a value is less than because it is that less a positive constant.
    pub(crate) fn less_by_definition(&self, dfg: &DataFlowGraph, value: Value) -> Option<Value> {
        let (base, shift) = decompose(dfg, value);
        (shift < 0 && self.range(dfg, base).plus(shift).is_some()).then_some(base)
    }

    /// The index has been compared with the length and was inside.
    pub(crate) fn set_inside(&mut self, dfg: &DataFlowGraph, index: Value, len: Value) {
        let (index, len) = (dfg.resolve_aliases(index), dfg.resolve_aliases(len));
        self.inside.entry(index).or_default().push((self.here, len));
        self.set_range(dfg, len, Range::LENGTH);
        self.set_range(dfg, index, Range::LENGTH);
        self.set_less(dfg, index, len);
    }

    /// Whether an index is known to be inside a length.
    pub(crate) fn is_inside(&self, dfg: &DataFlowGraph, index: Value, len: Value) -> bool {
        let (index, len) = (dfg.resolve_aliases(index), dfg.resolve_aliases(len));
        let compared = |list: &Vec<(Node, Value)>| {
            list.iter().any(|&(node, b)| dfg.resolve_aliases(b) == len && self.holds(node))
        };
        if self.inside.get(&index).is_some_and(compared) {
            return true;
        }
        let (range, room) = (self.range(dfg, index), self.range(dfg, len).and(Range::LENGTH));
        range.lo >= 0 && (range.hi < room.lo || self.is_less(dfg, index, len))
    }

    /// Whether `value < len` for a length, where `value` is not negative.
    fn is_less(&self, dfg: &DataFlowGraph, value: Value, len: Value) -> bool {
        let (base, shift) = decompose(dfg, value);
        let (len_base, len_shift) = decompose(dfg, len);
        let length = self.range(dfg, len_base);
        let length = if len_shift == 0 { length.and(Range::LENGTH) } else { length };
        let wraps = |range: Range, c: i64| range.plus(c).is_none();
        if wraps(length, len_shift) {
            return false;
        }
        // len == base of the value: value = len + shift.
        if base == len_base && !wraps(length, shift) {
            return shift < len_shift;
        }
        let below =
            |from: Value, shift: i64| self.is_below(dfg, (from, shift), (len_base, len_shift), length, 1);
        below(value, 0) || (shift != 0 && below(base, shift))
    }

    /// Whether `from + shift` is less than `len + len_shift` because of what `from` is less than, or what that is, so many
    /// steps further.
    fn is_below(
        &self,
        dfg: &DataFlowGraph,
        (from, shift): (Value, i64),
        (len, len_shift): (Value, i64),
        length: Range,
        further: usize,
    ) -> bool {
        if self.range(dfg, from).plus(shift).is_none() {
            return false;
        }
        self.upper_bounds(dfg, from).into_iter().any(|bound| {
            let (bound_base, c) = decompose(dfg, bound);
            if bound_base == len {
                let sum = shift.checked_add(c);
                return length.plus(c).is_some() && sum.is_some_and(|sum| sum <= len_shift);
            }
            // At most `bound - 1`, then.
            let Some(less) = shift.checked_sub(1) else { return false };
            further > 0 && self.is_below(dfg, (bound, less), (len, len_shift), length, further - 1)
        })
    }

    /// The range that a value is known to be in.
    pub(crate) fn range(&self, dfg: &DataFlowGraph, value: Value) -> Range {
        self.range_within(dfg, value, DEPTH)
    }

    fn range_within(&self, dfg: &DataFlowGraph, value: Value, depth: usize) -> Range {
        let value = dfg.resolve_aliases(value);
        let told = self.ranges.get(&value).into_iter().flatten();
        let told = told.filter(|(node, _)| self.holds(*node)).fold(Range::ALL, |all, &(_, r)| all.and(r));
        if depth == 0 {
            return told;
        }
        told.and(self.computed(dfg, value, depth - 1).unwrap_or(Range::ALL))
    }

    /// The range that the value's definition gives.
    fn computed(&self, dfg: &DataFlowGraph, value: Value, depth: usize) -> Option<Range> {
        let range = |v: Value| self.range_within(dfg, v, depth);
        let from_zero = |hi: i64| Some(Range { lo: 0, hi });
        match definition(dfg, value)? {
            InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => {
                Some(Range { lo: imm.bits(), hi: imm.bits() })
            }
            InstructionData::Unary { opcode: Opcode::Uextend, arg } => {
                from_zero((1i64 << dfg.value_type(arg).bits()) - 1)
            }
            InstructionData::Unary { opcode: Opcode::Sextend, arg } => {
                let half = 1i64 << (dfg.value_type(arg).bits() - 1);
                Some(Range { lo: -half, hi: half - 1 })
            }
            InstructionData::Binary { opcode, args: [a, b] } => match (opcode, constant(dfg, b)) {
                (Opcode::Iadd, Some(c)) => range(a).plus(c),
                (Opcode::Isub, Some(c)) => range(a).plus(c.checked_neg()?),
                (Opcode::Imul, Some(c)) => range(a).times(c),
                (Opcode::Ishl, Some(c)) if (0..32).contains(&c) => range(a).times(1 << c),
                (Opcode::Ushr, Some(c)) if (1..64).contains(&c) => {
                    let a = range(a);
                    from_zero(if a.lo >= 0 { a.hi >> c } else { (u64::MAX >> c) as i64 })
                }
                (Opcode::Sshr, Some(c)) if (0..64).contains(&c) => {
                    let a = range(a);
                    Some(Range { lo: a.lo >> c, hi: a.hi >> c })
                }
                (Opcode::Srem, Some(c)) if c > 0 => {
                    Some(Range { lo: if range(a).lo >= 0 { 0 } else { 1 - c }, hi: c - 1 })
                }
                (Opcode::Urem, Some(c)) if c > 0 => from_zero(c - 1),
                (Opcode::Sdiv, Some(c)) if c > 0 => {
                    let a = range(a);
                    Some(Range { lo: a.lo / c, hi: a.hi / c })
                }
                (Opcode::Bor | Opcode::Bxor, _) => {
                    let (a, b) = (range(a), range(b));
                    let both = a.lo >= 0 && b.lo >= 0;
                    let bits = 64 - (a.hi.max(b.hi).max(0)).leading_zeros();
                    if both && bits < 63 { from_zero((1 << bits) - 1) } else { None }
                }
                (Opcode::Band, _) => {
                    let (a, b) = (range(a), range(b));
                    match (a.lo >= 0, b.lo >= 0) {
                        (true, true) => from_zero(a.hi.min(b.hi)),
                        (true, false) => from_zero(a.hi),
                        (false, true) => from_zero(b.hi),
                        (false, false) => None,
                    }
                }
                // Halves of not negative values: the sum cannot wrap.
                (Opcode::Iadd, None) => {
                    let (a, b) = (range(a), range(b));
                    Some(Range { lo: a.lo.checked_add(b.lo)?, hi: a.hi.checked_add(b.hi)? })
                }
                (Opcode::Isub, None) => {
                    let (a, b) = (range(a), range(b));
                    Some(Range { lo: a.lo.checked_sub(b.hi)?, hi: a.hi.checked_sub(b.lo)? })
                }
                _ => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cranelift_codegen::cursor::{Cursor, FuncCursor};
    use cranelift_codegen::ir::{Function, InstBuilder, types};

    /// Two unknown values, the first plus and minus one, and the constant 8.
    fn values(func: &mut Function) -> [Value; 5] {
        let block = func.dfg.make_block();
        let (i, len) =
            (func.dfg.append_block_param(block, types::I64), func.dfg.append_block_param(block, types::I64));
        let mut at = FuncCursor::new(func);
        at.insert_block(block);
        let (one, eight) = (at.ins().iconst(types::I64, 1), at.ins().iconst(types::I64, 8));
        let (more, less) = (at.ins().iadd(i, one), at.ins().isub(i, one));
        [i, len, more, less, eight]
    }

    #[test]
    fn facts_hold_where_their_place_has_been_passed() {
        let mut func = Function::new();
        let [i, len, ..] = values(&mut func);
        let mut facts = Facts::default();
        let root = facts.node(None);
        let (left, right) = (facts.node(Some(root)), facts.node(Some(root)));
        facts.go(left);
        facts.set_inside(&func.dfg, i, len);
        facts.set_not_nil(&func.dfg, i);
        let below = facts.node(Some(left));
        facts.go(below);
        assert!(facts.is_inside(&func.dfg, i, len) && facts.is_not_nil(&func.dfg, i));
        facts.go(right);
        assert!(!facts.is_inside(&func.dfg, i, len) && !facts.is_not_nil(&func.dfg, i));
    }

    #[test]
    fn neighbours_of_an_index_are_inside_where_nothing_wraps() {
        let mut func = Function::new();
        let [i, len, more, less, _] = values(&mut func);
        let mut facts = Facts::default();
        let root = facts.node(None);
        facts.go(root);
        facts.set_less(&func.dfg, i, len);
        assert!(!facts.is_inside(&func.dfg, i, len), "it may be negative");
        assert!(!facts.is_inside(&func.dfg, less, len), "it may have wrapped");
        facts.set_range(&func.dfg, i, Range { lo: 1, hi: i64::MAX });
        assert!(facts.is_inside(&func.dfg, i, len) && facts.is_inside(&func.dfg, less, len));
        assert!(!facts.is_inside(&func.dfg, more, len));
        assert!(facts.is_inside(&func.dfg, i, more));
    }

    /// `i < less`, `less < len`: where nothing wraps, `i + 1` is inside as well.
    #[test]
    fn what_is_less_than_an_index_is_inside() {
        let mut func = Function::new();
        let block = func.dfg.make_block();
        let [i, j, len] = std::array::from_fn(|_| func.dfg.append_block_param(block, types::I64));
        let mut at = FuncCursor::new(&mut func);
        at.insert_block(block);
        let one = at.ins().iconst(types::I64, 1);
        let next = at.ins().iadd(i, one);
        let after = at.ins().iadd(next, one);
        let mut facts = Facts::default();
        let root = facts.node(None);
        facts.go(root);
        facts.set_range(&func.dfg, i, Range { lo: 0, hi: i64::MAX });
        facts.set_less(&func.dfg, i, j);
        assert!(!facts.is_inside(&func.dfg, i, len));
        facts.set_inside(&func.dfg, j, len);
        assert!(facts.is_inside(&func.dfg, i, len) && facts.is_inside(&func.dfg, next, len));
        assert!(!facts.is_inside(&func.dfg, after, len));
    }

    #[test]
    fn ranges_prove_constant_lengths() {
        let mut func = Function::new();
        let [i, _, more, _, eight] = values(&mut func);
        let mut facts = Facts::default();
        let root = facts.node(None);
        facts.go(root);
        facts.set_range(&func.dfg, i, Range { lo: 0, hi: 6 });
        assert!(facts.is_inside(&func.dfg, more, eight));
        assert_eq!(facts.range(&func.dfg, more), Range { lo: 1, hi: 7 });
        let further = facts.node(Some(root));
        facts.go(further);
        facts.set_range(&func.dfg, i, Range { lo: 0, hi: 3 });
        assert_eq!(facts.range(&func.dfg, more).hi, 4);
    }
}
