//! Assignments of several variables that are made one after another.
//!
//! All that is on the right is evaluated before anything is assigned. Where numbers are computed from local variables and
//! constants, nobody can tell the difference as long as each variable is assigned behind all expressions that read
//! it: `i, j = i+1, j-1` is `i++; j--`, and `x, y = x-y, x+2` assigns `y` first. So the values need no registers of their own,
//! and what counts is seen to count by what looks at the code later.
//!
//! Must stay true: what is evaluated here cannot fail, and calls nothing.

use vo_syntax::ast::{BinaryOp, Expr, UnaryOp};
use vo_types::object::ObjId;
use vo_types::types::TypeId;

use super::{Lower, Regs, Storage};

/// Assignments of one statement that are looked at, at most.
const MOST: usize = 8;

/// One of the assignments.
struct One<'w> {
    to: ObjId,
    regs: Regs,
    ty: TypeId,
    from: &'w Expr,
    /// The variables that `from` reads.
    reads: Vec<ObjId>,
}

impl<'w> Lower<'_, 'w> {
    /// Makes the assignments, if they are of such kinds. Answers whether it did.
    pub(super) fn assign_in_turn(&mut self, lhs: &'w [Expr], rhs: &'w [Expr]) -> bool {
        if lhs.len() > MOST || lhs.len() != rhs.len() {
            return false;
        }
        let all: Option<Vec<One<'w>>> = lhs.iter().zip(rhs).map(|(l, r)| self.one_in_turn(l, r)).collect();
        let Some(ordered) = all.and_then(ordered) else { return false };
        for one in ordered {
            self.expr_to(one.from, one.ty, &one.regs, false);
        }
        true
    }

    fn one_in_turn(&self, l: &'w Expr, r: &'w Expr) -> Option<One<'w>> {
        let to = self.ident_obj(l)?;
        let Some(Storage::Regs(regs)) = self.vars.get(&to) else { return None };
        let ty = self.ty(l);
        let mut reads = Vec::new();
        let plain = self.is_number(ty) && self.only_computes(r, &mut reads);
        plain.then(|| One { to, regs: regs.clone(), ty, from: r, reads })
    }

    fn is_number(&self, ty: TypeId) -> bool {
        self.basic(ty).is_some_and(|basic| basic.is_integer() || basic.is_float())
    }

    /// Whether an expression computes a number from local variables and constants, without ways to fail; notes the variables.
    fn only_computes(&self, e: &'w Expr, reads: &mut Vec<ObjId>) -> bool {
        if !self.is_number(self.ty(e)) {
            return false;
        }
        if self.constant(e).is_some() {
            return true;
        }
        match e {
            Expr::Paren(e) => self.only_computes(&e.x, reads),
            Expr::Ident(_) => {
                let Some(obj) = self.ident_obj(e) else { return false };
                reads.push(obj);
                matches!(self.vars.get(&obj), Some(Storage::Regs(_)))
            }
            Expr::Unary(x) => {
                matches!(x.op, UnaryOp::Plus | UnaryOp::Neg | UnaryOp::BitNot)
                    && self.only_computes(&x.x, reads)
            }
            Expr::Binary(x) => {
                use BinaryOp::{Add, And, AndNot, Mul, Or, Sub, Xor};
                matches!(x.op, Add | Sub | Mul | Or | Xor | And | AndNot)
                    && self.only_computes(&x.x, reads)
                    && self.only_computes(&x.y, reads)
            }
            _ => false,
        }
    }
}

/// The assignments in an order in which each variable is read before it is assigned, if there is one.
fn ordered(mut all: Vec<One<'_>>) -> Option<Vec<One<'_>>> {
    let twice = |i: usize| all[..i].iter().any(|other| other.to == all[i].to);
    if (0..all.len()).any(twice) {
        return None;
    }
    let mut done = Vec::with_capacity(all.len());
    while !all.is_empty() {
        let is_read = |i: usize| (0..all.len()).any(|j| j != i && all[j].reads.contains(&all[i].to));
        let next = (0..all.len()).find(|&i| !is_read(i))?;
        done.push(all.remove(next));
    }
    Some(done)
}
