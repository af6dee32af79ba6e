//! Declarations: constants, variables, types, functions; package-level and local; and cycles
//! among them.

use std::cell::OnceCell;

use vo_syntax::ast::*;
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::Span;

use super::{Checker, Env, Operand};
use crate::constant::Constant;
use crate::object::{Color, DeclRef, ObjId, Object, ObjectKind, VarKind};
use crate::types::{Basic, Type, TypeId};

impl<'w> Checker<'w> {
    /// Checks the declaration of a package-level object, or notices that it is being checked
    /// already, which may or may not be a valid cycle.
    pub fn obj_decl(&mut self, obj: ObjId) {
        let object = self.w.object(obj);
        match object.color.get() {
            Color::Black => return,
            Color::Grey => return self.grey(obj),
            Color::White => {}
        }
        if object.pkg != Some(self.pkg) {
            return self.w.resolve(obj);
        }
        let Some(info) = &object.decl else { return };
        object.color.set(Color::Grey);
        self.w.path.borrow_mut().push(obj);
        let mut env = Env::at(info.file_scope, Some(obj));
        env.dialect = self.w.file(info.at.file).dialect;
        let at = info.at;
        self.with_env(env, |c| c.package_decl(obj, at));
        self.w.path.borrow_mut().pop();
        object.color.set(Color::Black);
        if object.ty.get() == TypeId::NONE {
            object.ty.set(TypeId::INVALID);
        }
    }

    fn package_decl(&mut self, obj: ObjId, at: DeclRef) {
        let world = self.w;
        let Some(decl) = world.decl_at(at) else { return };
        match decl {
            Decl::Const(d) => {
                let spec = &d.specs[at.spec as usize];
                self.const_decl(obj, d, spec, at.name as usize);
            }
            Decl::Var(d) => self.package_var(obj, &d.specs[at.spec as usize], at.name as usize),
            Decl::Type(d) => self.type_decl(obj, &d.specs[at.spec as usize]),
            Decl::Func(d) => self.func_decl_type(obj, d),
            Decl::Skimmed(d) => self.func_decl_type(obj, world.read_func(self.pkg, d)),
            Decl::Bad(_) | Decl::Import(_) | Decl::Outlined(_) => {}
        }
    }

    /// Meets an object whose declaration is open further out.
    fn grey(&mut self, obj: ObjId) {
        let object = self.w.object(obj);
        let valid = self.valid_cycle(obj);
        match object.kind {
            ObjectKind::Const { .. } | ObjectKind::Var { .. }
                if !valid || object.ty.get() == TypeId::NONE =>
            {
                object.ty.set(TypeId::INVALID);
            }
            ObjectKind::TypeName { .. } if !valid => object.ty.set(TypeId::INVALID),
            _ => {}
        }
    }

    /// Whether the cycle that ends in `obj` is one that declarations may form; reports it if not.
    fn valid_cycle(&self, obj: ObjId) -> bool {
        let path = self.w.path.borrow().clone();
        let Some(start) = path.iter().rposition(|&o| o == obj) else { return true };
        let cycle = &path[start..];
        let (mut values, mut defined) = (0, 0);
        for &o in cycle {
            match self.w.object(o).kind {
                ObjectKind::Const { .. } | ObjectKind::Var { .. } => values += 1,
                ObjectKind::TypeName { alias: false } => defined += 1,
                _ => {}
            }
            if self.w.tparams_open.borrow().contains(&o) {
                return true;
            }
        }
        // Cycles of constants and variables alone are reported with the initialisation order.
        if values == cycle.len() || (values == 0 && defined > 0) {
            return true;
        }
        self.cycle_error(cycle);
        false
    }

    /// Reports a cycle of declarations, beginning with the one that comes first in the source.
    pub fn cycle_error(&self, cycle: &[ObjId]) {
        let position = |&i: &usize| self.w.object(cycle[i]).pos;
        let start = (0..cycle.len()).min_by_key(position).unwrap_or(0);
        self.cycle_error_from(cycle, start);
    }

    /// Reports a cycle of declarations, beginning with a given one.
    pub fn cycle_error_from(&self, cycle: &[ObjId], start: usize) {
        self.w.in_cycle.borrow_mut().extend(cycle);
        let name = |obj: ObjId| {
            let object = self.w.object(obj);
            format!("{}{}", self.w.qualify(object.pkg, self.qualifier()), object.name)
        };
        let first = cycle[start];
        let object = self.w.object(first);
        let is_type = matches!(object.kind, ObjectKind::TypeName { .. });
        for &obj in cycle {
            if let Type::Alias(a) = self.w.types.raw(self.w.object(obj).ty())
                && a.target.get() == TypeId::NONE
            {
                a.target.set(TypeId::INVALID);
            }
        }
        let (code, what) = if is_type {
            (Code::InvalidTypeCycle, "invalid recursive type")
        } else {
            (Code::InvalidDeclarationCycle, "invalid cycle in declaration")
        };
        if cycle.len() == 1 {
            let message = format!("{what}: {} refers to itself", name(first));
            return self.error(code, &object.pos, message);
        }
        let of = if is_type { "" } else { " of" };
        let mut d = Diagnostic::error(code, object.pos.span(), format!("{what}{of} {}", name(first)));
        for i in 0..cycle.len() {
            let obj = cycle[(start + i) % cycle.len()];
            let next = cycle[(start + i + 1) % cycle.len()];
            let text = format!("{} refers to {}", name(obj), name(next));
            d = d.label(self.w.object(obj).pos.span(), text);
        }
        self.report(d);
    }

    // ---- constants ----------------------------------------------------------------------------

    fn const_decl(&mut self, obj: ObjId, group: &'w ConstDecl, spec: &'w ConstSpec, index: usize) {
        let (ty, values, inherited) = self.const_source(group, spec);
        self.env.iota = Some(Constant::Int(i64::from(spec.iota)));
        let object = self.w.object(obj);
        let mut declared = None;
        if let Some(e) = ty {
            let t = self.typ(e);
            if !self.is_const_type(t) {
                // The type may be in error itself.
                if !self.w.is_invalid(self.w.underlying(t)) {
                    let message = format!("invalid constant type {}", self.ts(t));
                    self.error(Code::InvalidConstType, e, message);
                }
                object.ty.set(TypeId::INVALID);
                if let ObjectKind::Const { value } = &object.kind {
                    let _ = value.set(Constant::Unknown);
                }
                self.env.iota = None;
                return;
            }
            object.ty.set(t);
            declared = Some(t);
        }
        let mut x = Operand::invalid(None);
        if let Some(init) = values.get(index) {
            if inherited {
                self.env.error_span =
                    Some(Span::new(object.pos, object.pos.offset(object.name.len() as u32)));
            }
            x = self.expr(init);
        }
        self.init_const(obj, declared, &mut x);
        self.env.error_span = None;
        self.env.iota = None;
    }

    fn is_const_type(&self, ty: TypeId) -> bool {
        self.w.is_basic(ty, Basic::is_const_type)
    }

    // ---- variables ----------------------------------------------------------------------------

    fn package_var(&mut self, obj: ObjId, spec: &'w VarSpec, index: usize) {
        let object = self.w.object(obj);
        let together = object.decl.as_ref().and_then(|d| d.together.get());
        let ty = spec.ty.as_ref().map(|e| self.var_type(e));
        if let Some(ty) = ty {
            object.ty.set(ty);
        }
        if let Some(all) = together {
            if let Some(ty) = ty {
                all.iter().for_each(|&o| self.w.object(o).ty.set(ty));
            }
            let all = all.to_vec();
            self.init_vars(&all, &spec.values, None);
            return;
        }
        let Some(init) = spec.values.get(index) else {
            if ty.is_none() {
                object.ty.set(TypeId::INVALID);
            }
            return;
        };
        let mut x = self.expr_with_target(init, ty, Some(object.name.as_str()));
        self.init_var(obj, &mut x, "variable declaration");
    }

    // ---- types --------------------------------------------------------------------------------

    /// Checks a type declaration, package-level or local. The object has its type id from the
    /// start, so that the declaration may refer to itself.
    pub fn type_decl(&mut self, obj: ObjId, spec: &'w TypeSpec) {
        if spec.assign.is_valid() {
            self.alias_decl(obj, spec);
        } else {
            self.defined_type(obj, spec);
        }
    }

    fn alias_decl(&mut self, obj: ObjId, spec: &'w TypeSpec) {
        let id = self.w.types.new_alias(obj);
        self.w.object(obj).ty.set(id);
        let Type::Alias(alias) = self.w.types.raw(id) else { return };
        let outer = self.env.scope;
        if let Some(list) = &spec.type_params {
            self.requires_type_params(list, (1, 23), "generic type alias");
            self.open_type_params_scope();
            self.declare_type_params_of(obj, list, |tparams| {
                let _ = alias.tparams.set(tparams.into());
            });
        }
        let mut target = self.declared_type(&spec.ty);
        if let Type::TypeParam(p) = self.w.types.get(target)
            && alias.tparams().contains(&self.w.object(p.obj).ty())
        {
            let message = "cannot use type parameter declared in alias declaration as RHS";
            self.error(Code::InvalidTypeParameterUse, &spec.ty, message);
            target = TypeId::INVALID;
        }
        self.env.scope = outer;
        if alias.target.get() == TypeId::NONE {
            alias.target.set(target);
        }
    }

    fn defined_type(&mut self, obj: ObjId, spec: &'w TypeSpec) {
        let id = self.w.types.new_named(obj);
        self.w.object(obj).ty.set(id);
        let Type::Named(named) = self.w.types.raw(id) else { return };
        // Before the types that it mentions, so that the first in the source is the one reported.
        self.validate_later(id);
        if self.env.in_body {
            let _ = named.outer.set(self.type_params_around().into());
        }
        let outer = self.env.scope;
        match &spec.type_params {
            Some(list) => {
                self.requires_type_params(list, (1, 18), "type parameter");
                self.open_type_params_scope();
                self.declare_type_params_of(obj, list, |tparams| {
                    let _ = named.tparams.set(tparams.into());
                });
            }
            None => {
                let _ = named.tparams.set(Box::default());
            }
        }
        let rhs = self.declared_type(&spec.ty);
        self.env.scope = outer;
        named.rhs.set(rhs);
        if self.w.is_type_param(rhs) {
            let message = "cannot use a type parameter as RHS in type declaration";
            self.error(Code::InvalidTypeParameterUse, &spec.ty, message);
            named.rhs.set(TypeId::INVALID);
        }
        self.direct_cycle(id);
        // Fills in the underlying type if it is known by now.
        self.w.underlying(id);
    }

    /// `type A B; type B A`: a chain of names that comes back to itself.
    fn direct_cycle(&mut self, id: TypeId) {
        let mut chain: Vec<(ObjId, TypeId)> = Vec::new();
        let mut at = id;
        loop {
            let (obj, next) = match self.w.types.raw(at) {
                Type::Alias(a) => (a.obj, a.target.get()),
                Type::Named(n) => match n.origin {
                    Some(origin) => {
                        at = origin;
                        continue;
                    }
                    None => (n.obj, n.rhs.get()),
                },
                _ => return,
            };
            chain.push((obj, at));
            if next == TypeId::NONE || chain.len() > 10_000 {
                return;
            }
            let target = self.w.origin_raw(next);
            if target == id {
                break;
            }
            if chain.iter().any(|&(_, t)| t == target) {
                return;
            }
            at = target;
        }
        let objects: Vec<ObjId> = chain.iter().map(|&(obj, _)| obj).collect();
        self.cycle_error(&objects);
        for (_, ty) in chain {
            match self.w.types.raw(ty) {
                Type::Named(n) => {
                    n.rhs.set(TypeId::INVALID);
                    n.underlying.set(TypeId::INVALID);
                }
                Type::Alias(a) => a.target.set(TypeId::INVALID),
                _ => {}
            }
        }
    }

    // ---- functions ----------------------------------------------------------------------------

    fn func_decl_type(&mut self, obj: ObjId, d: &'w FuncDecl) {
        let sig = self.func_signature(obj, d);
        self.w.object(obj).ty.set(sig);
        if d.recv.is_some() {
            self.protocol_method(&d.name, sig);
        }
        let generic = self.w.types.as_signature(sig).is_some_and(|s| !s.tparams.is_empty());
        if generic && d.body.is_none() {
            self.error(Code::MissingFunctionBody, d, "generic function is missing function body");
        }
    }

    /// Reports functions without a body, which only trusted packages may have. It is the last
    /// check of a package that is otherwise in order.
    pub fn missing_bodies(&mut self) {
        let package = self.w.package(self.pkg);
        if package.failed() || package.mode == crate::package::PackageMode::Lazy {
            return;
        }
        for obj in package.objects() {
            let Some(d) = self.func_decl(obj).filter(|d| d.body.is_none()) else { continue };
            let at = d.recv.as_ref().map_or(d.name.span, |r| r.span);
            self.error(Code::MissingFunctionBody, &at, "missing function body");
        }
    }

    /// Checks the body of a function or method, once.
    pub fn body(&mut self, obj: ObjId) {
        let object = self.w.object(obj);
        let Some(info) = object.func() else { return };
        if info.body_checked.replace(true) {
            return;
        }
        let Some(d) = self.func_decl(obj) else { return };
        let (Some(body), Some(scope)) = (&d.body, info.scope.get()) else { return };
        let body = self.read_body(body);
        let Some(decl) = &object.decl else { return };
        let mut env = Env::at(scope, Some(obj));
        env.dialect = self.w.file(decl.at.file).dialect;
        env.sig = Some(object.ty());
        env.results = info.results.get().map(|r| r.to_vec()).unwrap_or_default();
        env.owner = crate::object::Owner::Func(obj);
        env.in_body = true;
        self.with_env(env, |c| {
            c.func_body(body);
            c.report_unused_locals();
        });
    }

    /// A body that may have been skipped when its file was parsed.
    fn read_body(&self, body: &'w FuncBody) -> &'w Block {
        body.read_with(|span| {
            let options = vo_syntax::parser::Options::default();
            let (block, diagnostics) =
                vo_syntax::parser::parse_body(&self.w.sources.borrow(), span, &self.w.node_ids, options);
            self.w.package(self.pkg).state.diagnostics.borrow_mut().extend(diagnostics);
            block
        })
    }

    // ---- inside functions ---------------------------------------------------------------------

    /// A declaration statement.
    pub fn decl_stmt(&mut self, decl: &'w Decl) {
        match decl {
            Decl::Const(d) => d.specs.iter().for_each(|s| self.local_const(d, s)),
            Decl::Var(d) => d.specs.iter().for_each(|s| self.local_var(s)),
            Decl::Type(d) => d.specs.iter().for_each(|s| self.local_type(s)),
            Decl::Bad(_) | Decl::Import(_) | Decl::Func(_) | Decl::Skimmed(_) | Decl::Outlined(_) => {}
        }
    }

    fn local_const(&mut self, group: &'w ConstDecl, spec: &'w ConstSpec) {
        let mut objects = Vec::new();
        for (i, name) in spec.names.iter().enumerate() {
            let kind = ObjectKind::Const { value: OnceCell::new() };
            let object = Object::new(kind, name.name, Some(self.pkg), name.span.start, TypeId::NONE);
            let obj = self.w.add_object(object);
            self.w.info.set_def(name.id, obj);
            let iota = self.env.iota.take();
            self.const_decl(obj, group, spec, i);
            self.env.iota = iota;
            if self.w.object(obj).ty.get() == TypeId::NONE {
                self.w.object(obj).ty.set(TypeId::INVALID);
            }
            self.w.object(obj).color.set(Color::Black);
            objects.push(obj);
        }
        self.const_arity(group, spec);
        for (obj, name) in objects.into_iter().zip(&spec.names) {
            self.declare_at(self.env.scope, obj, name.span.start);
        }
    }

    fn local_var(&mut self, spec: &'w VarSpec) {
        if let Some(embed) = embed_directive(spec) {
            self.error(Code::InvalidEmbed, &embed.span, "go:embed cannot apply to var inside func");
        }
        let objects: Vec<ObjId> = spec.names.iter().map(|name| self.new_local(name, TypeId::NONE)).collect();
        let ty = spec.ty.as_ref().map(|e| self.var_type(e));
        if let Some(ty) = ty {
            objects.iter().for_each(|&o| self.w.object(o).ty.set(ty));
        }
        if spec.values.len() == 1 && objects.len() > 1 {
            self.init_vars(&objects, &spec.values, None);
        } else {
            for (&obj, init) in objects.iter().zip(&spec.values) {
                let name = self.w.object(obj).name;
                let mut x = self.expr_with_target(init, ty, Some(name.as_str()));
                self.init_var(obj, &mut x, "variable declaration");
            }
            self.use_exprs(spec.values.get(objects.len()..).unwrap_or_default());
        }
        for &obj in &objects {
            let object = self.w.object(obj);
            if object.ty.get() == TypeId::NONE {
                object.ty.set(TypeId::INVALID);
            }
        }
        if spec.ty.is_none() || !spec.values.is_empty() {
            self.var_arity(spec);
        }
        for (obj, name) in objects.into_iter().zip(&spec.names) {
            self.declare_local(obj, name);
        }
    }

    fn local_type(&mut self, spec: &'w TypeSpec) {
        let kind = ObjectKind::TypeName { alias: spec.assign.is_valid() };
        let name = &spec.name;
        let object = Object::new(kind, name.name, Some(self.pkg), name.span.start, TypeId::NONE);
        let obj = self.w.add_object(object);
        self.w.info.set_def(name.id, obj);
        self.declare_at(self.env.scope, obj, name.span.start);
        self.w.object(obj).color.set(Color::Grey);
        self.w.path.borrow_mut().push(obj);
        self.type_decl(obj, spec);
        self.w.path.borrow_mut().pop();
        self.w.object(obj).color.set(Color::Black);
    }

    /// A new local variable, recorded for its identifier but not declared in a scope yet.
    pub fn new_local(&mut self, name: &Ident, ty: TypeId) -> ObjId {
        let kind = ObjectKind::Var { kind: VarKind::Local, owner: self.env.owner };
        let object = Object::new(kind, name.name, Some(self.pkg), name.span.start, ty);
        object.color.set(Color::Black);
        let obj = self.w.add_object(object);
        self.w.info.set_def(name.id, obj);
        obj
    }

    /// Declares a local variable, which must then be used.
    pub fn declare_local(&mut self, obj: ObjId, name: &Ident) {
        self.declare_at(self.env.scope, obj, name.span.start);
        if self.w.object(obj).parent.get() == Some(self.env.scope) {
            self.locals.push(obj);
        }
    }
}

/// The `//go:embed` directive of a variable declaration.
fn embed_directive(spec: &VarSpec) -> Option<&Directive> {
    spec.directives.iter().find(|d| d.verb() == "go:embed")
}

impl<'w> Checker<'w> {
    /// Reports a `//go:embed` directive that cannot apply to the package variables it stands before. Answers
    /// whether there is one that can.
    pub fn package_embed(&self, spec: &VarSpec, file: &File) -> bool {
        let Some(directive) = embed_directive(spec) else { return false };
        let imports_embed = file.imports().any(|i| matches!(&*i.path.raw, "\"embed\"" | "`embed`"));
        let why = if !imports_embed {
            "go:embed only allowed in Go files that import \"embed\""
        } else if spec.names.len() > 1 {
            "go:embed cannot apply to multiple vars"
        } else if !spec.values.is_empty() {
            "go:embed cannot apply to var with initializer"
        } else if spec.ty.is_none() {
            "go:embed cannot apply to var without type"
        } else {
            return true;
        };
        self.error(Code::InvalidEmbed, &directive.span, why);
        false
    }

    /// Reports variables that `//go:embed` cannot fill: it fills strings, byte slices and file systems.
    pub fn embedded_types(&self, objects: &[ObjId]) {
        for &obj in objects {
            let Some(files) = self.w.embedded_files(obj) else { continue };
            let object = self.w.object(obj);
            let ty = object.ty();
            let bytes = match self.w.under(ty) {
                Type::Basic(b) => b.is_string(),
                Type::Slice(elem) => self.w.basic(*elem) == Some(Basic::Uint8),
                _ => false,
            };
            let one = files.iter().filter(|f| f.text.is_some()).count() == 1;
            let why = if bytes && !one {
                format!("invalid go:embed: multiple files for type {}", self.ts(ty))
            } else if !bytes && self.w.runtime_type_string(ty) != "embed.FS" && !self.w.is_invalid(ty) {
                format!("go:embed cannot apply to var of type {}", self.ts(ty))
            } else {
                continue;
            };
            self.error(Code::InvalidEmbed, &object.pos, why);
        }
    }
}
