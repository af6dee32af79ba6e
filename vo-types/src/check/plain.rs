//! Initial values that need not be looked at until somebody needs the variable.
//!
//! The library has hundreds of package variables, tables and error values mostly, of which a program uses a few. In a
//! package that is checked lazily, a variable is *plain* where the text of its initial value says, names looked up but
//! nothing checked, that evaluating it has no effect, cannot fail, and reads no variable and no function. Such a
//! variable may be initialised before all others of its package, and is checked when something mentions it.
//!
//! What must stay true: whoever is unsure answers no; then the variable is checked and ordered as any other.

use vo_syntax::ast::{BinaryOp, CallExpr, Expr, Ident, UnaryOp};

use crate::World;
use crate::object::{ObjId, ObjectKind};
use crate::package::PkgId;
use crate::scope::ScopeId;
use crate::universe::Builtin;

/// Library functions whose calls have no effect: every package's error values are made with the first, and
/// package unicode's many tables with the others.
pub const PURE_FUNCTIONS: [(&str, &str); 3] =
    [("errors", "New"), ("unicode", "newTable"), ("unicode", "newCaseRanges")];

impl World {
    /// Whether a package variable is plain: it has no initial value, or one as described above.
    pub(crate) fn is_plain(&self, var: ObjId) -> bool {
        let object = self.object(var);
        let Some(info) = &object.decl else { return false };
        if !matches!(object.kind, ObjectKind::Var { .. }) || info.together.get().is_some() {
            return false;
        }
        let Some(spec) = self.var_spec(var) else { return false };
        if !spec.directives.is_empty() {
            return false;
        }
        match spec.values.get(info.at.name as usize) {
            Some(value) => object.pkg.is_some_and(|pkg| self.is_plain_value(pkg, info.file_scope, value)),
            None => spec.values.is_empty(),
        }
    }

    fn is_plain_value(&self, pkg: PkgId, scope: ScopeId, e: &Expr) -> bool {
        let plain = |e: &Expr| self.is_plain_value(pkg, scope, e);
        match e {
            Expr::BasicLit(_) => true,
            Expr::Ident(name) => self.is_plain_name(scope, name),
            Expr::Paren(x) => plain(&x.x),
            Expr::Unary(x) if x.op == UnaryOp::Addr => {
                matches!(x.x.unparen(), Expr::CompositeLit(_)) && plain(&x.x)
            }
            Expr::Unary(x) => x.op != UnaryOp::Recv && plain(&x.x),
            Expr::Binary(x) => {
                let partial = matches!(x.op, BinaryOp::Quo | BinaryOp::Rem | BinaryOp::Shl | BinaryOp::Shr);
                !partial && !x.op.is_comparison() && plain(&x.x) && plain(&x.y)
            }
            Expr::CompositeLit(lit) => lit.elts.iter().all(|e| match e {
                // A key that names nothing here is a field.
                Expr::KeyValue(kv) => match &kv.key {
                    Expr::Ident(key) => self.is_plain_name(scope, key) && plain(&kv.value),
                    key => plain(key) && plain(&kv.value),
                },
                e => plain(e),
            }),
            Expr::Call(call) => self.is_plain_call(pkg, scope, call) && call.args.iter().all(plain),
            _ => false,
        }
    }

    /// Whether a name is that of a constant, a type, nil, or nothing that the package knows.
    fn is_plain_name(&self, scope: ScopeId, name: &Ident) -> bool {
        let Some((_, obj)) = self.lookup_name(scope, name.name) else { return true };
        matches!(
            self.object(obj).kind,
            ObjectKind::Const { .. } | ObjectKind::TypeName { .. } | ObjectKind::Nil
        )
    }

    /// Whether a call is a conversion, `new`, or one of the functions above.
    fn is_plain_call(&self, pkg: PkgId, scope: ScopeId, call: &CallExpr) -> bool {
        match call.fun.unparen() {
            Expr::SliceType(_) => true,
            Expr::Ident(name) => {
                self.lookup_name(scope, name.name).is_some_and(|(_, obj)| match &self.object(obj).kind {
                    ObjectKind::TypeName { .. } => true,
                    ObjectKind::Builtin(builtin) => matches!(builtin, Builtin::New),
                    _ => is_pure_function(&self.package(pkg).path, &name.name),
                })
            }
            Expr::Selector(sel) => {
                let package = sel.x.as_ident().and_then(|x| self.lookup_name(scope, x.name));
                package.is_some_and(|(_, obj)| match &self.object(obj).kind {
                    ObjectKind::PkgName { imported, .. } => {
                        is_pure_function(&self.package(*imported).path, &sel.sel.name)
                    }
                    _ => false,
                })
            }
            _ => false,
        }
    }
}

fn is_pure_function(path: &str, name: &str) -> bool {
    PURE_FUNCTIONS.contains(&(path, name))
}
