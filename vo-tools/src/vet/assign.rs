//! Assignments and conditions that do nothing.

use super::{Pass, for_each_expr, for_each_stmt};
use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_types::types::Type;

pub(super) fn check(pass: &mut Pass<'_>, file: &File) {
    for_each_stmt(file, |stmt| {
        if let Stmt::Assign(s) = stmt {
            to_itself(pass, s);
        }
    });
    for_each_expr(file, |x| {
        if let Expr::Binary(b) = x
            && b.op.is_logical()
        {
            repeated(pass, b);
        }
    });
}

/// `x = x`. A map's element or what has effects may be meant so.
fn to_itself(pass: &mut Pass<'_>, s: &AssignStmt) {
    if s.op != AssignOp::Assign || s.lhs.len() != s.rhs.len() {
        return;
    }
    for (left, right) in s.lhs.iter().zip(&s.rhs) {
        if left.is_blank() || has_effects(pass, left) || is_map_element(pass, left) {
            continue;
        }
        let text = left.to_string();
        if text == right.to_string() && std::mem::discriminant(left) == std::mem::discriminant(right) {
            pass.report(
                Code::AssignedToItself,
                left.span().to(right.span()),
                format!("self-assignment of {text}"),
            );
        }
    }
}

fn is_map_element(pass: &Pass<'_>, x: &Expr) -> bool {
    match x.unparen() {
        Expr::Index(i) => matches!(pass.under(pass.type_of(&i.x)), Type::Map { .. }),
        _ => false,
    }
}

/// Whether evaluating an expression twice may differ from evaluating it once.
fn has_effects(pass: &Pass<'_>, x: &Expr) -> bool {
    struct Effects<'a, 'w> {
        pass: &'a Pass<'w>,
        found: bool,
    }
    impl Visitor for Effects<'_, '_> {
        fn visit_expr(&mut self, x: &Expr) {
            self.found |= match x {
                Expr::Call(c) => !self.pass.is_type(&c.fun) && !self.pass.is_builtin(c, "len"),
                Expr::Unary(u) => u.op == UnaryOp::Recv,
                Expr::Dyn(_) | Expr::Try(_) | Expr::FuncLit(_) | Expr::CompositeLit(_) => true,
                _ => false,
            };
            walk_expr(self, x);
        }
    }
    let mut effects = Effects { pass, found: false };
    effects.visit_expr(x);
    effects.found
}

/// `a == 1 || a == 1`; and `a != 1 || a != 2`, which always holds.
fn repeated(pass: &mut Pass<'_>, top: &BinaryExpr) {
    let mut operands = Vec::new();
    operands_of(top.op, &top.x, &mut operands);
    operands_of(top.op, &top.y, &mut operands);
    let word = if top.op == BinaryOp::LogOr { "or" } else { "and" };
    let last = operands[operands.len() - 1];
    if has_effects(pass, last) {
        return;
    }
    // Only the last one is compared: the others were, when their part of the chain was looked at. What has
    // effects in between may change what is compared.
    for (i, earlier) in operands[..operands.len() - 1].iter().enumerate() {
        if operands[i..].iter().any(|x| has_effects(pass, x)) {
            continue;
        }
        if earlier.to_string() == last.to_string() && !text_is_lossy(last) {
            let text = format!("redundant {word}: {earlier} {} {last}", top.op.text());
            pass.report(Code::RepeatedCondition, top.span, text);
            return;
        }
        if always(pass, top.op, earlier, last) {
            let text = format!("suspect {word}: {earlier} {} {last}", top.op.text());
            pass.report(Code::RepeatedCondition, top.span, text);
            return;
        }
    }
}

/// Whether the short text of an expression leaves something out.
fn text_is_lossy(x: &Expr) -> bool {
    x.to_string().contains('…')
}

fn operands_of<'t>(op: BinaryOp, x: &'t Expr, out: &mut Vec<&'t Expr>) {
    match x.unparen() {
        Expr::Binary(b) if b.op == op => {
            operands_of(op, &b.x, out);
            operands_of(op, &b.y, out);
        }
        x => out.push(x),
    }
}

/// `x != c1 || x != c2` and `x == c1 && x == c2` for different constants.
fn always(pass: &Pass<'_>, op: BinaryOp, a: &Expr, b: &Expr) -> bool {
    let compare = if op == BinaryOp::LogOr { BinaryOp::Ne } else { BinaryOp::Eq };
    let split = |x: &Expr| match x {
        Expr::Binary(b) if b.op == compare => {
            let constant = |x: &Expr| pass.world.info.constant(x.id()).map(|c| format!("{c:?}"));
            match (constant(&b.x), constant(&b.y)) {
                (None, Some(c)) => Some((b.x.to_string(), c)),
                (Some(c), None) => Some((b.y.to_string(), c)),
                _ => None,
            }
        }
        _ => None,
    };
    matches!((split(a), split(b)), (Some((x, c)), Some((y, d))) if x == y && c != d)
}
