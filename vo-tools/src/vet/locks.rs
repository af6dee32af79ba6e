//! Locks that are copied.
//!
//! A mutex, a wait group, an atomic value is the place where it stands: a copy is another one, in whatever
//! state the first happened to be. So are structs and arrays that hold one.

use super::{Pass, for_each_call};
use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_syntax::symbol::Symbol;
use vo_types::types::{Lookup, Type};
use vo_types::{Qualifier, TypeId};

const SYNC: &[&str] = &["Mutex", "RWMutex", "Once", "WaitGroup", "Cond", "Pool", "Map", "noCopy"];
const ATOMIC: &[&str] =
    &["Bool", "Int32", "Int64", "Uint32", "Uint64", "Uintptr", "Pointer", "Value", "noCopy"];

pub(super) fn check(pass: &mut Pass<'_>, file: &File) {
    for decl in &file.decls {
        if let Decl::Func(d) = decl {
            d.recv.iter().for_each(|recv| params(pass, d.name.name.as_str(), recv));
            params(pass, d.name.name.as_str(), &d.ty.params);
        }
    }
    super::for_each_expr(file, |x| match x {
        Expr::FuncLit(f) => params(pass, "func", &f.ty.params),
        Expr::CompositeLit(lit) => composite(pass, lit),
        _ => {}
    });
    for_each_call(file, |call| arguments(pass, call));
    super::for_each_stmt(file, |stmt| statement(pass, stmt));
    var_decls(pass, file);
}

/// Why a value of a type must not be copied: `sync.Mutex`, or `T contains sync.Mutex`. None if it may be.
fn lock_in(pass: &Pass<'_>, ty: TypeId) -> Option<String> {
    let mut path = Vec::new();
    find_lock(pass, ty, 0, &mut path).then(|| path.join(" contains "))
}

fn find_lock(pass: &Pass<'_>, ty: TypeId, depth: u32, path: &mut Vec<String>) -> bool {
    let world = pass.world;
    if depth > 20 || world.is_invalid(ty) {
        return false;
    }
    if pass.is_named(ty, "sync", SYNC) || pass.is_named(ty, "sync/atomic", ATOMIC) || is_locker(pass, ty) {
        path.push(world.type_string(ty, Qualifier::Name));
        return true;
    }
    match pass.under(ty) {
        Type::Array { elem, .. } => find_lock(pass, *elem, depth + 1, path),
        Type::Struct(s) => {
            path.push(world.type_string(ty, Qualifier::Name));
            let found = s.fields.iter().any(|f| find_lock(pass, f.ty, depth + 1, path));
            if !found {
                path.pop();
            }
            found
        }
        _ => false,
    }
}

/// Whether pointers to the type have `Lock` and `Unlock`, but values have not.
fn is_locker(pass: &Pass<'_>, ty: TypeId) -> bool {
    if !matches!(pass.under(ty), Type::Struct(_)) {
        return false;
    }
    let needs_pointer = |name: &str| {
        matches!(pass.world.lookup(ty, false, Some(pass.pkg), Symbol::intern(name)), Lookup::NeedsPointer(f)
            if pass.world.types.as_signature(pass.world.found_type(&f))
                .is_some_and(|s| s.params.is_empty() && s.results.is_empty()))
    };
    needs_pointer("Lock") && needs_pointer("Unlock")
}

/// Why an expression's value must not be copied. New values (literals, results of calls) may.
fn lock_of(pass: &Pass<'_>, x: &Expr) -> Option<String> {
    match x.unparen() {
        Expr::CompositeLit(_) | Expr::Call(_) | Expr::Try(_) => return None,
        Expr::Star(s) if matches!(s.x.unparen(), Expr::Call(_)) => return None,
        _ => {}
    }
    if pass.is_type(x) {
        return None;
    }
    lock_in(pass, pass.type_of(x))
}

fn params(pass: &mut Pass<'_>, func: &str, list: &FieldList) {
    for field in &list.fields {
        if field.ellipsis.is_valid() {
            continue;
        }
        if let Some(lock) = lock_in(pass, pass.type_of(&field.ty)) {
            pass.report(Code::CopiedLock, field.ty.span(), format!("{func} passes lock by value: {lock}"));
        }
    }
}

fn composite(pass: &mut Pass<'_>, lit: &CompositeLit) {
    for elt in &lit.elts {
        let value = match elt {
            Expr::KeyValue(pair) => &pair.value,
            value => value,
        };
        if let Some(lock) = lock_of(pass, value) {
            pass.report(
                Code::CopiedLock,
                value.span(),
                format!("literal copies lock value from {value}: {lock}"),
            );
        }
    }
}

fn arguments(pass: &mut Pass<'_>, call: &CallExpr) {
    if ["new", "len", "cap"].iter().any(|name| pass.is_builtin(call, name)) {
        return;
    }
    let sizes = ["Sizeof", "Offsetof", "Alignof"];
    if let Expr::Selector(s) = &call.fun
        && matches!(&s.x, Expr::Ident(p) if p.name.as_str() == "unsafe")
        && sizes.contains(&s.sel.name.as_str())
    {
        return;
    }
    for arg in &call.args {
        if let Some(lock) = lock_of(pass, arg) {
            let message = format!("call of {} copies lock value: {lock}", call.fun);
            pass.report(Code::CopiedLock, arg.span(), message);
        }
    }
}

fn assigned(pass: &mut Pass<'_>, what: &str, targets: &[String], values: &[Expr]) {
    for (i, value) in values.iter().enumerate() {
        let Some(lock) = lock_of(pass, value) else { continue };
        let target = targets.get(i).map_or("", String::as_str);
        pass.report(Code::CopiedLock, value.span(), format!("{what} copies lock value to {target}: {lock}"));
    }
}

fn statement(pass: &mut Pass<'_>, stmt: &Stmt) {
    match stmt {
        Stmt::Assign(s) if !matches!(s.op, AssignOp::Op(_)) => {
            let targets: Vec<String> = s.lhs.iter().map(|x| x.to_string()).collect();
            assigned(pass, "assignment", &targets, &s.rhs);
        }
        Stmt::Return(s) => {
            for x in &s.results {
                if let Some(lock) = lock_of(pass, x) {
                    pass.report(Code::CopiedLock, x.span(), format!("return copies lock value: {lock}"));
                }
            }
        }
        Stmt::Range(s) => {
            for x in [&s.key, &s.value].into_iter().flatten() {
                if x.is_blank() {
                    continue;
                }
                if let Some(lock) = lock_in(pass, pass.type_of(x)) {
                    pass.report(Code::CopiedLock, x.span(), format!("range var {x} copies lock: {lock}"));
                }
            }
        }
        // Since Go 1.22 each turn copies the variables of the turn before.
        Stmt::For(s) if pass.options.loop_variables_per_turn => {
            let Some(Stmt::Assign(init)) = &s.init else { return };
            for x in init.lhs.iter().filter(|_| init.op == AssignOp::Define) {
                if let Some(lock) = lock_in(pass, pass.type_of(x)) {
                    let message = format!("for loop iteration copies lock value to {x}: {lock}");
                    pass.report(Code::CopiedLock, x.span(), message);
                }
            }
        }
        _ => {}
    }
}

fn var_decls(pass: &mut Pass<'_>, file: &File) {
    struct Decls<'a, 'w>(&'a mut Pass<'w>);
    impl Visitor for Decls<'_, '_> {
        fn visit_decl(&mut self, decl: &Decl) {
            if let Decl::Var(d) = decl {
                for spec in &d.specs {
                    let targets: Vec<String> = spec.names.iter().map(|n| n.to_string()).collect();
                    assigned(self.0, "variable declaration", &targets, &spec.values);
                }
            }
            walk_decl(self, decl);
        }
    }
    walk_file(&mut Decls(pass), file);
}
