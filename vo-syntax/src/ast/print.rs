//! Expressions as text, in the short form that error messages use: bodies of function literals and elements
//! of composite literals are shown as `…`.

use super::*;
use std::fmt::{self, Display, Formatter, Write};

/// Expressions with commas between them.
pub fn expr_list_text(list: &[Expr]) -> String {
    let mut out = String::new();
    for (i, x) in list.iter().enumerate() {
        let separator = if i > 0 { ", " } else { "" };
        let _ = write!(out, "{separator}{x}");
    }
    out
}

impl Display for Ident {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_str())
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Bad(_) => f.write_str("<bad expr>"),
            Expr::Ident(n) => Display::fmt(n, f),
            Expr::BasicLit(e) => f.write_str(&e.raw),
            Expr::CompositeLit(e) => composite_lit(f, e),
            Expr::FuncLit(e) => {
                let body = if e.body.stmts.is_empty() { "" } else { "…" };
                write!(f, "{} {{{body}}}", e.ty)
            }
            Expr::Paren(e) => write!(f, "({})", e.x),
            Expr::Selector(e) => write!(f, "{}.{}", e.x, e.sel),
            Expr::Index(e) => write!(f, "{}[{}]", e.x, expr_list_text(&e.indices)),
            Expr::Slice(e) => slice_expr(f, e),
            Expr::TypeAssert(e) => match &e.ty {
                Some(ty) => write!(f, "{}.({ty})", e.x),
                None => write!(f, "{}.(type)", e.x),
            },
            Expr::Call(e) => {
                write!(f, "{}", e.fun)?;
                arguments(f, &e.args, e.ellipsis)
            }
            Expr::Star(e) => write!(f, "*{}", e.x),
            Expr::Unary(e) => write!(f, "{}{}", e.op.text(), e.x),
            Expr::Binary(e) => write!(f, "{} {} {}", e.x, e.op.text(), e.y),
            Expr::KeyValue(e) => write!(f, "{}: {}", e.key, e.value),
            Expr::ArrayType(e) => match &e.len {
                ArrayLen::Expr(len) => write!(f, "[{len}]{}", e.elem),
                ArrayLen::Ellipsis(_) => write!(f, "[...]{}", e.elem),
            },
            Expr::SliceType(e) => write!(f, "[]{}", e.elem),
            Expr::StructType(e) => struct_type(f, e),
            Expr::FuncType(e) => write!(f, "{e}"),
            Expr::InterfaceType(e) => interface_type(f, e),
            Expr::MapType(e) => write!(f, "map[{}]{}", e.key, e.value),
            Expr::ChanType(e) => chan_type(f, "chan", e.dir, &e.elem),
            Expr::Union(e) => union(f, e),
            Expr::Try(e) => write!(f, "{}?", e.x),
            Expr::Dyn(e) => dyn_expr(f, e),
            Expr::PortType(e) => chan_type(f, "port", e.dir, &e.elem),
            Expr::IslandType(_) => f.write_str("island"),
        }
    }
}

impl Display for FuncType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("func")?;
        signature(f, self)
    }
}

fn composite_lit(f: &mut Formatter<'_>, e: &CompositeLit) -> fmt::Result {
    if let Some(ty) = &e.ty {
        write!(f, "{ty}")?;
    }
    f.write_str(if e.elts.is_empty() { "{}" } else { "{…}" })
}

fn slice_expr(f: &mut Formatter<'_>, e: &SliceExpr) -> fmt::Result {
    write!(f, "{}[", e.x)?;
    let bounds = [&e.lo, &e.hi, &e.max];
    for (i, bound) in bounds.iter().take(if e.three { 3 } else { 2 }).enumerate() {
        if i > 0 {
            f.write_str(":")?;
        }
        if let Some(bound) = bound {
            write!(f, "{bound}")?;
        }
    }
    f.write_str("]")
}

fn arguments(f: &mut Formatter<'_>, args: &[Expr], ellipsis: Pos) -> fmt::Result {
    let dots = if ellipsis.is_valid() { "..." } else { "" };
    write!(f, "({}{dots})", expr_list_text(args))
}

fn chan_type(f: &mut Formatter<'_>, word: &str, dir: ChanDir, elem: &Expr) -> fmt::Result {
    let received = matches!(
        elem,
        Expr::ChanType(c) if c.dir == ChanDir::Recv
    );
    let (before, after) = match dir {
        ChanDir::Both => ("", ""),
        ChanDir::Send => ("", "<-"),
        ChanDir::Recv => ("<-", ""),
    };
    // chan (<-chan T) would read as chan<- chan T without its parentheses.
    if received && dir == ChanDir::Both {
        return write!(f, "{word} ({elem})");
    }
    write!(f, "{before}{word}{after} {elem}")
}

fn union(f: &mut Formatter<'_>, e: &UnionExpr) -> fmt::Result {
    for (i, term) in e.terms.iter().enumerate() {
        let separator = if i > 0 { " | " } else { "" };
        let tilde = if term.tilde.is_valid() { "~" } else { "" };
        write!(f, "{separator}{tilde}{}", term.ty)?;
    }
    Ok(())
}

fn dyn_expr(f: &mut Formatter<'_>, e: &DynExpr) -> fmt::Result {
    write!(f, "{}~>", e.x)?;
    match &e.op {
        DynOp::Field(name) => write!(f, "{name}"),
        DynOp::Index(key) => write!(f, "[{key}]"),
        DynOp::Call { args, ellipsis } => arguments(f, args, *ellipsis),
        DynOp::Method { name, args, ellipsis } => {
            write!(f, "{name}")?;
            arguments(f, args, *ellipsis)
        }
    }
}

fn field(f: &mut Formatter<'_>, field: &Field) -> fmt::Result {
    for (i, name) in field.names.iter().enumerate() {
        let separator = if i > 0 { ", " } else { "" };
        write!(f, "{separator}{name}")?;
    }
    let gap = if field.names.is_empty() { "" } else { " " };
    let dots = if field.ellipsis.is_valid() { "..." } else { "" };
    write!(f, "{gap}{dots}{}", field.ty)?;
    field.tag.as_ref().map_or(Ok(()), |tag| write!(f, " {}", tag.raw))
}

fn fields(f: &mut Formatter<'_>, list: &FieldList, separator: &str) -> fmt::Result {
    for (i, one) in list.fields.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        field(f, one)?;
    }
    Ok(())
}

fn signature(f: &mut Formatter<'_>, ty: &FuncType) -> fmt::Result {
    f.write_str("(")?;
    fields(f, &ty.params, ", ")?;
    f.write_str(")")?;
    match &ty.results.fields[..] {
        [] => Ok(()),
        [one] if one.names.is_empty() => write!(f, " {}", one.ty),
        _ => {
            f.write_str(" (")?;
            fields(f, &ty.results, ", ")?;
            f.write_str(")")
        }
    }
}

fn struct_type(f: &mut Formatter<'_>, e: &StructType) -> fmt::Result {
    if e.fields.fields.is_empty() {
        return f.write_str("struct{}");
    }
    f.write_str("struct{ ")?;
    fields(f, &e.fields, "; ")?;
    f.write_str(" }")
}

fn interface_type(f: &mut Formatter<'_>, e: &InterfaceType) -> fmt::Result {
    if e.elems.is_empty() {
        return f.write_str("interface{}");
    }
    f.write_str("interface{ ")?;
    for (i, elem) in e.elems.iter().enumerate() {
        if i > 0 {
            f.write_str("; ")?;
        }
        match elem {
            InterfaceElem::Method(m) => {
                write!(f, "{}", m.name)?;
                signature(f, &m.ty)?;
            }
            InterfaceElem::Embedded(ty) => write!(f, "{ty}")?,
        }
    }
    f.write_str(" }")
}
