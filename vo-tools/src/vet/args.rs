//! Arguments and operands that can never do what was meant.

use super::{Pass, for_each_call, for_each_expr, for_each_stmt};
use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_syntax::source::Span;
use vo_types::constant::Constant;
use vo_types::types::{Lookup, Type};
use vo_types::{TypeId, World};

pub(super) fn check(pass: &mut Pass<'_>, file: &File) {
    for_each_call(file, |call| {
        let Some(f) = pass.callee(call) else { return };
        if f.is_func("errors", &["As"]) {
            error_target(pass, call);
        } else if f.is_func("encoding/json", &["Unmarshal"]) {
            decoded_into(pass, call, &f.name, call.args.get(1), " as second argument");
        } else if f.is_method("encoding/json", "Decoder", &["Decode"]) {
            decoded_into(pass, call, &f.name, call.args.first(), "");
        }
    });
    for_each_expr(file, |x| {
        if let Expr::Binary(b) = x
            && b.op.is_shift()
        {
            shifted(pass, b.span, &b.x, &b.y);
        }
    });
    for_each_stmt(file, |stmt| {
        if let Stmt::Assign(s) = stmt
            && let (AssignOp::Op(op), [x], [y]) = (s.op, &s.lhs[..], &s.rhs[..])
            && op.is_shift()
        {
            shifted(pass, s.span, x, y);
        }
    });
}

fn implements_error(world: &World, pass: &Pass<'_>, ty: TypeId) -> bool {
    let name = vo_syntax::symbol::Symbol::intern("Error");
    let Lookup::Found(found) = world.lookup(ty, false, Some(pass.pkg), name) else { return false };
    let sig = world.types.as_signature(world.found_type(&found));
    sig.is_some_and(|s| s.params.is_empty() && s.results.len() == 1 && s.results[0].ty == TypeId::STRING)
}

/// `errors.As(err, target)`: the target is a pointer to what an error can be.
fn error_target(pass: &mut Pass<'_>, call: &CallExpr) {
    let [_, target] = &call.args[..] else { return };
    let ty = pass.type_of(target);
    let elem = match pass.under(ty) {
        Type::Pointer(elem) => *elem,
        // What an interface holds is not known.
        Type::Interface(_) | Type::TypeParam(_) => return,
        _ if pass.world.is_invalid(ty) => return,
        _ => TypeId::INVALID,
    };
    let message = if elem == TypeId::ERROR {
        "second argument to errors.As should not be *error"
    } else if !elem.is_invalid()
        && (implements_error(pass.world, pass, elem)
            || matches!(pass.under(elem), Type::Interface(_) | Type::TypeParam(_)))
    {
        return;
    } else {
        "second argument to errors.As must be a non-nil pointer to either a type that implements error, or to any interface type"
    };
    pass.report(Code::UselessTarget, call.span, message);
}

/// What is decoded goes into a pointer.
fn decoded_into(pass: &mut Pass<'_>, call: &CallExpr, name: &str, target: Option<&Expr>, place: &str) {
    let Some(target) = target else { return };
    let ty = pass.type_of(target);
    let fine = matches!(pass.under(ty), Type::Pointer(_) | Type::Interface(_) | Type::TypeParam(_));
    if !fine && !pass.world.is_invalid(ty) {
        pass.report(Code::UselessTarget, call.span, format!("call of {name} passes non-pointer{place}"));
    }
}

/// `x << 8` for an `int8`: nothing of it remains.
fn shifted(pass: &mut Pass<'_>, span: Span, x: &Expr, count: &Expr) {
    if pass.world.info.constant(x.id()).is_some() {
        return;
    }
    let Some(&Constant::Int(count)) = pass.world.info.constant(count.id()) else { return };
    let ty = pass.type_of(x);
    let Some(bits) = pass.world.basic(ty).and_then(|b| b.int_bits()) else { return };
    if count >= i64::from(bits) {
        let message = format!("{x} ({bits} bits) too small for shift of {count}");
        pass.report(Code::ShiftTooFar, span, message);
    }
}
