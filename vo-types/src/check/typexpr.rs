//! Type expressions, and names.

use vo_syntax::ast::*;
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::Span;

use super::errors::Place;
use super::{Action, Checker, Mode, Operand};
use crate::constant::Constant;
use crate::object::{ObjId, ObjectKind, VarKind};
use crate::types::{Basic, Dir, Type, TypeId};

/// What a name is, in messages.
fn object_kind(kind: &ObjectKind) -> &'static str {
    match kind {
        ObjectKind::PkgName { .. } => "package name",
        ObjectKind::Const { .. } => "constant",
        ObjectKind::TypeName { .. } => "type name",
        ObjectKind::Var { kind, .. } => match kind {
            VarKind::Package => "package-level variable",
            VarKind::Local => "local variable",
            VarKind::Receiver => "receiver",
            VarKind::Param => "parameter",
            VarKind::Result => "result variable",
        },
        ObjectKind::Func(_) => "function",
        ObjectKind::Label(_) => "label",
        ObjectKind::Builtin(_) => "built-in function",
        ObjectKind::Nil => "untyped nil",
    }
}

pub(crate) fn direction(dir: ChanDir) -> Dir {
    match dir {
        ChanDir::Both => Dir::Both,
        ChanDir::Send => Dir::Send,
        ChanDir::Recv => Dir::Recv,
    }
}

impl<'w> Checker<'w> {
    // ---- names --------------------------------------------------------------------------------

    /// What a name denotes here.
    pub fn ident(&mut self, e: &'w Ident, expr: &'w Expr, want_type: bool) -> Operand<'w> {
        let mut x = Operand::invalid(Some(expr));
        let Some((scope, obj)) = self.w.lookup_name(self.env.scope, e.name) else {
            if e.name.is_blank() {
                self.error(Code::InvalidBlank, e, "cannot use _ as value or type");
            } else {
                let d = Diagnostic::error(Code::UndeclaredName, e.span, format!("undefined: {}", e.name));
                self.report(self.did_you_mean(d, e, || self.visible_names()));
            }
            return x;
        };
        self.w.info.set_use(e.id, obj);
        let object = self.w.object(obj);
        let is_type = matches!(object.kind, ObjectKind::TypeName { .. });
        if is_type && object.pkg.is_none() && (e.name == "any" || e.name == "comparable") {
            self.requires(e, (1, 18), &format!("predeclared {}", e.name));
        }
        if want_type && !is_type {
            let message = format!("{} ({}) is not a type", e.name, object_kind(&object.kind));
            self.error(Code::NotAType, e, message);
            object.used.set(true);
            return x;
        }
        if self.needs_decl(obj, is_type && want_type) {
            self.obj_decl(obj);
        }
        let by_dot = self.w.package(self.pkg).state.dot_imports.borrow().get(&(scope, e.name)).copied();
        if let Some(import) = by_dot {
            self.use_import(import);
        }
        self.object_operand(&mut x, obj, e);
        x
    }

    fn needs_decl(&self, obj: ObjId, wants_type: bool) -> bool {
        let object = self.w.object(obj);
        if matches!(object.kind, ObjectKind::Builtin(_) | ObjectKind::Nil | ObjectKind::PkgName { .. }) {
            return false;
        }
        if matches!(object.kind, ObjectKind::Func(_)) && object.color.get() == crate::object::Color::Grey {
            return false;
        }
        object.ty.get() == TypeId::NONE || (wants_type && object.pkg == Some(self.pkg))
    }

    fn object_operand(&mut self, x: &mut Operand<'w>, obj: ObjId, e: &Ident) {
        let object = self.w.object(obj);
        let ty = object.ty();
        match &object.kind {
            ObjectKind::PkgName { .. } => {
                self.use_import(obj);
                let message = format!("use of package {} not in selector", e.name);
                return self.error(Code::InvalidPackageUse, e, message);
            }
            ObjectKind::Const { value } => {
                self.depends_on(obj);
                if ty.is_invalid() {
                    return;
                }
                if object.pkg.is_none() && e.name == "iota" {
                    let Some(iota) = &self.env.iota else {
                        let message = "cannot use iota outside constant declaration";
                        return self.error(Code::InvalidIota, e, message);
                    };
                    x.val = iota.clone();
                } else {
                    x.val = value.get().cloned().unwrap_or_default();
                }
                x.mode = Mode::Constant;
            }
            ObjectKind::TypeName { .. } => {
                if ty.is_invalid() {
                    return;
                }
                x.mode = Mode::TypeExpr;
            }
            ObjectKind::Var { .. } => {
                object.used.set(true);
                self.depends_on(obj);
                if ty.is_invalid() {
                    return;
                }
                x.mode = Mode::Variable;
            }
            ObjectKind::Func(_) => {
                self.depends_on(obj);
                x.mode = Mode::Value;
                if object.ty.get() == TypeId::NONE {
                    // The function's own signature mentions it: its size is known, no more.
                    x.ty = self.w.types.func(&[], &[], false);
                    return;
                }
                if ty.is_invalid() {
                    x.mode = Mode::Invalid;
                    return;
                }
            }
            ObjectKind::Builtin(b) => x.mode = Mode::Builtin(*b),
            ObjectKind::Nil => x.mode = Mode::NilValue,
            ObjectKind::Label(_) => return,
        }
        x.ty = ty;
    }

    pub fn use_import(&self, import: ObjId) {
        self.w.package(self.pkg).state.used_imports.borrow_mut().insert(import);
    }

    // ---- types --------------------------------------------------------------------------------

    /// A type that is not generic.
    pub fn typ(&mut self, e: &'w Expr) -> TypeId {
        self.declared_type(e)
    }

    /// The type of a variable: not a constraint.
    pub fn var_type(&mut self, e: &'w Expr) -> TypeId {
        let ty = self.declared_type(e);
        self.check_var_type(e.place(), ty);
        ty
    }

    pub fn check_var_type(&mut self, at: Span, ty: TypeId) {
        // Only names and interface literals can be constraints.
        if matches!(self.w.types.raw(ty), Type::Named(_) | Type::Alias(_) | Type::Interface(_)) {
            self.later(Action::VarType(at, ty));
        }
    }

    /// A type that is not generic, recorded for its expression.
    pub fn declared_type(&mut self, e: &'w Expr) -> TypeId {
        let ty = self.type_internal(e);
        let ty = self.not_generic(e, ty);
        self.record_type_expr(e, ty);
        ty
    }

    /// A generic type, for instantiation; `Err` with the reason if it is none.
    pub fn generic_type(&mut self, e: &'w Expr) -> Result<TypeId, String> {
        let ty = self.type_internal(e);
        let result = if self.w.is_invalid(ty) || self.is_generic_type(ty) {
            Ok(ty)
        } else {
            Err(format!("{} is not a generic type", self.ts(ty)))
        };
        self.record_type_expr(e, ty);
        result
    }

    fn is_generic_type(&self, ty: TypeId) -> bool {
        matches!(self.w.types.get(ty), Type::Named(_) | Type::Alias(_)) && self.is_generic(ty)
            || matches!(self.w.types.raw(ty), Type::Alias(_)) && self.is_generic(ty)
    }

    fn not_generic(&mut self, e: &'w Expr, ty: TypeId) -> TypeId {
        if !self.is_generic_type(ty) {
            return ty;
        }
        // The type's declaration may still have its parameter list open.
        let message = format!("cannot use generic type {} without instantiation", self.ts(ty));
        self.error(Code::MissingTypeArguments, e, message);
        TypeId::INVALID
    }

    pub fn record_type_expr(&self, e: &Expr, ty: TypeId) {
        self.w.info.set_type(e.id(), Mode::TypeExpr, ty, None);
    }

    fn type_internal(&mut self, e: &'w Expr) -> TypeId {
        match e {
            Expr::Bad(_) => TypeId::INVALID,
            Expr::Ident(name) => {
                let x = self.ident(name, e, true);
                self.type_operand(e, x)
            }
            Expr::Selector(sel) => {
                let x = self.selector(sel, e, true);
                self.type_operand(e, x)
            }
            Expr::Index(index) => self.instantiated_type(index, e),
            Expr::Paren(p) => {
                let ty = self.type_internal(&p.x);
                self.record_type_expr(&p.x, ty);
                ty
            }
            Expr::ArrayType(a) => self.array_type(a),
            Expr::SliceType(s) => {
                let elem = self.var_type(&s.elem);
                self.w.types.slice(elem)
            }
            Expr::Star(star) => {
                let base = self.var_type_of_pointer(&star.x);
                if base.is_invalid() { TypeId::INVALID } else { self.w.types.pointer(base) }
            }
            Expr::StructType(s) => self.struct_type(s),
            Expr::FuncType(f) => self.func_type(f),
            Expr::InterfaceType(i) => self.interface_type(i),
            Expr::MapType(m) => {
                let key = self.var_type(&m.key);
                let value = self.var_type(&m.value);
                self.later(Action::MapKey(m.key.place(), key));
                self.w.types.map(key, value)
            }
            Expr::ChanType(ch) => {
                let elem = self.var_type(&ch.elem);
                let ty = self.w.types.chan(direction(ch.dir), elem);
                self.note_type_literal(e.place(), ty);
                ty
            }
            Expr::Union(u) => {
                self.union_type(u);
                let message = format!("{} is not a type", self.es(e));
                self.error(Code::NotAType, e, message);
                TypeId::INVALID
            }
            Expr::PortType(p) => {
                let elem = self.var_type(&p.elem);
                self.later(Action::Crosses(p.elem.place(), elem));
                self.w.types.port(direction(p.dir), elem)
            }
            Expr::IslandType(_) => TypeId::ISLAND,
            _ => {
                let message = format!("{} is not a type", self.es(e));
                self.error(Code::NotAType, e, message);
                self.use_exprs(std::slice::from_ref(e));
                TypeId::INVALID
            }
        }
    }

    fn var_type_of_pointer(&mut self, e: &'w Expr) -> TypeId {
        self.var_type(e)
    }

    fn type_operand(&mut self, e: &'w Expr, x: Operand<'w>) -> TypeId {
        match x.mode {
            Mode::TypeExpr => x.ty,
            Mode::Invalid => TypeId::INVALID,
            Mode::NoValue => {
                self.error(Code::NotAType, e, format!("{} used as type", self.os(&x)));
                TypeId::INVALID
            }
            _ => {
                self.error(Code::NotAType, e, format!("{} is not a type", self.os(&x)));
                TypeId::INVALID
            }
        }
    }

    fn array_type(&mut self, a: &'w ArrayType) -> TypeId {
        let len = match &a.len {
            ArrayLen::Ellipsis(_) => {
                let message = "invalid use of [...] array (outside a composite literal)";
                self.error(Code::MisplacedEllipsisArray, &a.span, message);
                self.var_type(&a.elem);
                return TypeId::INVALID;
            }
            ArrayLen::Expr(len) => self.array_length(len),
        };
        let elem = self.var_type(&a.elem);
        let Some(len) = len else { return TypeId::INVALID };
        let ty = self.w.types.array(len, elem);
        self.note_type_literal(a.span, ty);
        ty
    }

    /// The length of an array type, if it is a valid one.
    pub fn array_length(&mut self, e: &'w Expr) -> Option<i64> {
        // A name that is no constant gets a message of its own.
        if let Expr::Ident(name) = e {
            match self.w.lookup_name(self.env.scope, name.name) {
                None => {
                    let message = format!("undefined array length {} or missing type constraint", name.name);
                    self.error(Code::InvalidArrayLength, e, message);
                    return None;
                }
                Some((_, obj)) if !matches!(self.w.object(obj).kind, ObjectKind::Const { .. }) => {
                    self.w.info.set_use(name.id, obj);
                    self.w.object(obj).used.set(true);
                    let message = format!("invalid array length {}", name.name);
                    self.error(Code::InvalidArrayLength, e, message);
                    return None;
                }
                _ => {}
            }
        }
        let mut x = self.expr(e);
        if !x.is_constant() {
            if x.is_valid() {
                let message = format!("array length {} must be constant", self.os(&x));
                self.error(Code::InvalidArrayLength, e, message);
            }
            return None;
        }
        if (self.w.is_untyped(x.ty) || self.w.is_basic(x.ty, Basic::is_integer))
            && !matches!(x.val.to_int(), Constant::Unknown)
        {
            let val = x.val.to_int();
            if let Some(len) = val.as_i64()
                && len >= 0
            {
                if self.w.is_untyped(x.ty) {
                    self.convert_untyped(&mut x, TypeId::INT);
                }
                return Some(len);
            }
        }
        let message = if self.w.is_basic(x.ty, Basic::is_integer) {
            format!("invalid array length {}", self.os(&x))
        } else {
            format!("array length {} must be integer", self.os(&x))
        };
        self.error(Code::InvalidArrayLength, e, message);
        None
    }

    /// A list of types; `None` if one of them is in error.
    pub fn type_list(&mut self, list: &'w [Expr]) -> Option<Vec<TypeId>> {
        let types: Vec<TypeId> = list.iter().map(|e| self.var_type(e)).collect();
        if types.iter().any(|&t| self.w.is_invalid(t)) { None } else { Some(types) }
    }
}
