//! Values that are thrown away, compared or converted by mistake.

use super::{FuncName, Pass, for_each_expr, for_each_stmt};
use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_types::info::Mode;
use vo_types::types::Type;
use vo_types::{ObjectKind, TypeId};

/// Functions that do nothing but compute their result.
const PURE: &[(&str, &[&str])] = &[
    ("context", &["WithCancel", "WithDeadline", "WithTimeout", "WithValue"]),
    ("errors", &["New"]),
    ("fmt", &["Append", "Appendf", "Appendln", "Errorf", "Sprint", "Sprintf", "Sprintln"]),
    (
        "slices",
        &[
            "All",
            "Backward",
            "Chunk",
            "Clip",
            "Clone",
            "Collect",
            "Compact",
            "CompactFunc",
            "Compare",
            "Concat",
            "Contains",
            "Delete",
            "DeleteFunc",
            "Equal",
            "Grow",
            "Index",
            "IndexFunc",
            "Insert",
            "IsSorted",
            "Max",
            "Min",
            "Repeat",
            "Replace",
            "Sorted",
            "SortedFunc",
            "SortedStableFunc",
            "Values",
        ],
    ),
    ("sort", &["Reverse"]),
    (
        "strings",
        &[
            "Contains",
            "HasPrefix",
            "HasSuffix",
            "Join",
            "Repeat",
            "Replace",
            "ReplaceAll",
            "Split",
            "ToLower",
            "ToUpper",
            "Trim",
            "TrimLeft",
            "TrimPrefix",
            "TrimRight",
            "TrimSpace",
            "TrimSuffix",
        ],
    ),
];

pub(super) fn check(pass: &mut Pass<'_>, file: &File) {
    for_each_stmt(file, |stmt| {
        if let Stmt::Expr(s) = stmt
            && let Expr::Call(call) = s.x.unparen()
        {
            unused(pass, call);
        }
    });
    for_each_expr(file, |x| match x {
        Expr::Binary(b) if matches!(b.op, BinaryOp::Eq | BinaryOp::Ne) => nil_function(pass, b),
        Expr::Call(call) => number_to_string(pass, call),
        _ => {}
    });
}

fn unused(pass: &mut Pass<'_>, call: &CallExpr) {
    let Some(f) = pass.callee(call) else { return };
    let pure = PURE.iter().any(|(pkg, names)| f.is_func(pkg, names));
    if pure {
        let FuncName { pkg, name, .. } = f;
        let pkg = pkg.rsplit('/').next().unwrap_or(&pkg).to_owned();
        pass.report(Code::UnusedResult, call.span, format!("result of {pkg}.{name} call not used"));
        return;
    }
    let text = f.recv.is_empty().then_some(()).is_none()
        && matches!(f.name.as_str(), "Error" | "String")
        && call.args.is_empty()
        && pass.world.info.type_of(call.id) == TypeId::STRING;
    if text {
        let fun = call.fun.to_string();
        pass.report(Code::UnusedResult, call.span, format!("result of {fun} call not used"));
    }
}

/// `f == nil` for a declared function.
fn nil_function(pass: &mut Pass<'_>, b: &BinaryExpr) {
    let is_nil = |x: &Expr| {
        pass.world.info.type_and_value(x.id()).is_some_and(|tv| tv.mode == Mode::NilValue)
            || x.as_ident().is_some_and(|n| n.name.as_str() == "nil")
    };
    let other = match (is_nil(&b.x), is_nil(&b.y)) {
        (true, false) => &b.y,
        (false, true) => &b.x,
        _ => return,
    };
    let Some(obj) = pass.object(other) else { return };
    let object = pass.world.object(obj);
    if matches!(object.kind, ObjectKind::Func(_)) {
        let name = object.name;
        let always = b.op == BinaryOp::Ne;
        let (op, name) = (b.op.text(), name.as_str().to_owned());
        let message = format!("comparison of function {name} {op} nil is always {always}");
        pass.report(Code::NilFuncComparison, b.span, message);
    }
}

/// `string(n)`: a character, not digits.
fn number_to_string(pass: &mut Pass<'_>, call: &CallExpr) {
    let [arg] = &call.args[..] else { return };
    if !pass.is_type(&call.fun) || !pass.world.is_basic(pass.type_of(&call.fun), |b| b.is_string()) {
        return;
    }
    let from = pass.type_of(arg);
    let integer = pass.world.is_basic(from, |b| b.is_integer() && !b.is_untyped());
    let under = pass.world.underlying(from);
    let character =
        under == TypeId::RUNE || under == TypeId::INT32 || under == TypeId::BYTE || under == TypeId::UINT8;
    if integer
        && !character
        && !matches!(pass.under(from), Type::TypeParam(_))
        && pass.world.info.constant(arg.id()).is_none()
    {
        let (to, from) = (call.fun.to_string(), pass.type_text(from));
        let message =
            format!("conversion from {from} to {to} yields a string of one rune, not a string of digits");
        pass.report(Code::NumberToString, call.span, message);
    }
}
