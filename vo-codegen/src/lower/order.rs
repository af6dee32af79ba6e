//! The order of operands where the language leaves it open.
//!
//! Calls and receives happen in source order. When a variable is read beside a call in the same list of
//! operands, the specification allows either order; programs written against Go's compiler expect the call
//! first, so a plain read of memory waits until the calls of its list have been made. Variables in registers
//! need no care: no call can change them.

use vo_syntax::ast::{self, Expr, Node, UnaryOp, Visitor};
use vo_types::World;
use vo_types::info::{Mode, SelectionKind};
use vo_types::types::{Type, TypeId};

use super::{Lower, Storage, Value};

impl<'w> Lower<'_, 'w> {
    /// The values of a list of operands, each converted to its type.
    pub(super) fn operands(&mut self, exprs: &'w [Expr], types: &[TypeId]) -> Vec<Value> {
        let Some(last_call) = exprs.iter().rposition(|e| has_call(self.world, e)) else {
            return exprs.iter().zip(types).map(|(e, &ty)| self.expr_as(e, ty, None)).collect();
        };
        let mut values: Vec<Option<Value>> = Vec::with_capacity(exprs.len());
        for (i, (e, &ty)) in exprs.iter().zip(types).enumerate() {
            let late = i < last_call && self.is_late(e);
            values.push(if late { None } else { Some(self.expr_as(e, ty, None)) });
        }
        let late = exprs.iter().zip(types).zip(values);
        late.map(|((e, &ty), value)| value.unwrap_or_else(|| self.expr_as(e, ty, None))).collect()
    }

    /// Whether reading the operand waits for the calls beside it: it is a variable in memory, or part of one.
    pub(super) fn is_late(&self, e: &'w Expr) -> bool {
        match e.unparen() {
            Expr::Ident(_) => self.ident_obj(e).is_some_and(|obj| match self.vars.get(&obj) {
                Some(Storage::Regs(_)) => false,
                Some(Storage::Place(_)) | None => true,
            }),
            Expr::Selector(sel) => match self.world.info.selection(sel.id) {
                Some(s) if s.kind == SelectionKind::FieldVal => {
                    !s.indirect && self.world.types.as_pointer(s.recv).is_none() && self.is_late(&sel.x)
                }
                Some(_) => false,
                None => self
                    .world
                    .info
                    .use_of(sel.sel.id)
                    .is_some_and(|o| self.world.object(o).var_kind().is_some()),
            },
            Expr::Index(x) => {
                let array = matches!(self.under(self.ty(&x.x)), Type::Array { .. });
                array && x.indices.iter().all(|i| self.constant(i).is_some()) && self.is_late(&x.x)
            }
            _ => false,
        }
    }
}

/// Whether evaluating an expression calls a function or receives.
pub(super) fn has_call(world: &World, e: &Expr) -> bool {
    struct Find<'w> {
        world: &'w World,
        found: bool,
    }
    impl Visitor for Find<'_> {
        fn visit_expr(&mut self, e: &Expr) {
            match e {
                Expr::FuncLit(_) => return,
                Expr::Unary(x) if x.op == UnaryOp::Recv => self.found = true,
                Expr::Try(_) | Expr::Dyn(_) => self.found = true,
                Expr::Call(call) => {
                    let tv = self.world.info.type_and_value(call.fun.id());
                    let inline = tv.is_some_and(|tv| matches!(tv.mode, Mode::TypeExpr | Mode::Builtin(_)));
                    self.found |= !inline;
                }
                _ => {}
            }
            if !self.found {
                ast::walk_expr(self, e);
            }
        }
    }
    let mut find = Find { world, found: false };
    find.visit_expr(e);
    find.found
}
