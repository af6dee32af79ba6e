//! Collecting: imports, and the names of all package-level declarations.

use std::cell::{OnceCell, RefCell};

use vo_syntax::ast::*;
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::lexer::unquote_string;
use vo_syntax::source::{Dialect, Pos, Span};

use super::Checker;
use crate::World;
use crate::embed::patterns;
use crate::importer::{Importer, PackageSource};
use crate::object::{Color, DeclInfo, DeclRef, FuncInfo, ObjId, Object, ObjectKind, Owner, VarKind};
use crate::package::{PackageMode, PkgId};
use crate::scope::ScopeId;
use crate::types::TypeId;

/// Adds a package and everything it imports to the world, and collects its declarations.
pub(crate) fn add_package(world: &World, source: PackageSource, importer: &mut dyn Importer) -> PkgId {
    let any_vo = source.files.iter().any(|f| f.dialect == Dialect::Vo);
    let universe = ScopeId(u32::from(any_vo));
    let name = source.files.first().map_or_else(|| Symbol::intern("main"), |f| f.name.name);
    let scope = world.new_scope(Some(universe), false);
    let version = importer.language_version(&source.path);
    source.files.iter().for_each(|f| world.set_version(f, version));
    let files: Vec<u32> = source.files.into_iter().map(|f| world.add_file(f)).collect();
    let pkg = world.add_package(&source.path, name, &source.dir, scope, source.mode, files);
    let state = &world.package(pkg).state;
    state.failed.set(source.diagnostics.iter().any(Diagnostic::is_error));
    state.checked.set(source.diagnostics.iter().any(Diagnostic::stops_checking));
    state.diagnostics.borrow_mut().extend(source.diagnostics);
    let outermost = world.importing.borrow().is_empty();
    if outermost {
        world.importing.borrow_mut().push((source.path, Span::NONE));
    }
    let mut collector = Collector { c: Checker::new(world, pkg), importer };
    collector.package();
    if outermost {
        world.importing.borrow_mut().pop();
    }
    pkg
}

struct Collector<'w, 'i> {
    c: Checker<'w>,
    importer: &'i mut dyn Importer,
}

impl<'w> Collector<'w, '_> {
    fn package(&mut self) {
        let world = self.c.w;
        let package = world.package(self.c.pkg);
        let files: Vec<(u32, &'w File)> = package.files.iter().map(|&i| (i, world.file(i))).collect();
        for (index, file) in files {
            let scope = world.new_scope(Some(package.scope), false);
            package.file_scopes.borrow_mut().push(scope);
            self.c.env.dialect = file.dialect;
            self.package_clause(file);
            self.silent_imports(file);
            for (decl, d) in file.decls.iter().enumerate() {
                let at = DeclRef { file: index, decl: decl as u32, spec: 0, name: 0 };
                self.decl(d, at, scope);
            }
        }
        self.file_scope_conflicts();
        self.associate_methods();
        package.state.collected.set(true);
    }

    fn package_clause(&self, file: &File) {
        let expected = self.c.w.package(self.c.pkg).name;
        let name = file.name.name;
        if name.is_blank() {
            self.c.error(Code::BlankPackageName, &file.name, "invalid package name _");
        } else if name != expected {
            let message = format!("package {name}; expected package {expected}");
            self.c.error(Code::MismatchedPackageName, &file.name, message);
        }
    }

    fn decl(&mut self, decl: &'w Decl, at: DeclRef, scope: ScopeId) {
        match decl {
            Decl::Bad(_) => {}
            Decl::Import(d) => d.specs.iter().for_each(|s| self.import(s, scope)),
            Decl::Const(d) => {
                for (i, spec) in d.specs.iter().enumerate() {
                    let at = DeclRef { spec: i as u32, ..at };
                    self.const_spec(d, spec, at, scope);
                }
            }
            Decl::Var(d) => {
                for (i, spec) in d.specs.iter().enumerate() {
                    let at = DeclRef { spec: i as u32, ..at };
                    self.var_spec(spec, at, scope);
                }
            }
            Decl::Type(d) => {
                for (i, spec) in d.specs.iter().enumerate() {
                    let at = DeclRef { spec: i as u32, ..at };
                    let kind = ObjectKind::TypeName { alias: spec.assign.is_valid() };
                    let obj = self.object(kind, &spec.name, at, scope);
                    self.declare_package_obj(&spec.name, obj);
                }
            }
            Decl::Func(d) => self.func(d, at, scope),
            Decl::Skimmed(d) => self.skimmed_func(d, at, scope),
            Decl::Outlined(d) => self.outlined(d, at, scope),
        }
    }

    /// Constants, variables or types that have not been read. They are the library's: what is wrong in a group as a
    /// whole has been found when its outline was made.
    fn outlined(&mut self, d: &'w OutlinedDecl, at: DeclRef, scope: ScopeId) {
        let mut together = Vec::new();
        for (i, known) in d.names.iter().enumerate() {
            let kind = match d.kind {
                OutlinedKind::Const => ObjectKind::Const { value: OnceCell::new() },
                OutlinedKind::Var => ObjectKind::Var { kind: VarKind::Package, owner: Owner::Package },
                OutlinedKind::Type => ObjectKind::TypeName { alias: known.special },
            };
            let at = DeclRef { spec: known.spec, name: known.place, ..at };
            let obj = self.object(kind, &known.name, at, scope);
            self.declare_package_obj(&known.name, obj);
            if d.kind == OutlinedKind::Var && known.special {
                together.push(obj);
                if d.names.get(i + 1).is_none_or(|next| next.spec != known.spec) {
                    self.initialised_together(&std::mem::take(&mut together));
                }
            }
        }
    }

    // ---- imports ------------------------------------------------------------------------------

    fn import(&mut self, spec: &'w ImportSpec, scope: ScopeId) {
        let c = &self.c;
        let path = match self.import_path(spec) {
            Ok(path) => path,
            Err(why) => return c.error(Code::BadImportPath, &spec.path, why),
        };
        let imported = self.imported_package(spec, &path);
        self.depend_on(imported);
        let c = &self.c;
        let world = c.w;
        let name = spec.name.map_or(world.package(imported).name, |n| n.name);
        if name == "init" {
            let message = "cannot import package as init - init must be a func";
            return c.error(Code::InvalidInitDeclaration, spec, message);
        }
        let kind = ObjectKind::PkgName { imported, renamed: spec.name.is_some() };
        let obj = world.add_object(Object::new(kind, name, Some(c.pkg), spec.span.start, TypeId::INVALID));
        match &spec.name {
            Some(ident) => world.info.set_def(ident.id, obj),
            None => world.info.set_implicit(spec.id, obj),
        }
        let state = &world.package(c.pkg).state;
        if world.package(imported).state.fake.get() {
            state.used_imports.borrow_mut().insert(obj);
        }
        if name.is_blank() {
            return;
        }
        state.pkg_names.borrow_mut().push(obj);
        if name == "." {
            self.dot_import(spec, imported, obj, scope);
        } else {
            self.declare(scope, obj, spec.name.as_ref().map_or(spec.span.start, |n| n.span.start));
        }
    }

    /// Packages that constructs of the file stand on, whether it imports them or not.
    fn silent_imports(&mut self, file: &File) {
        for &path in &file.library {
            match self.load(file.name.span, path, false) {
                Ok(pkg) => self.depend_on(pkg),
                Err(diagnostic) => self.c.report(*diagnostic),
            }
        }
    }

    fn depend_on(&self, imported: PkgId) {
        let imports = &self.c.w.package(self.c.pkg).imports;
        if !imports.borrow().contains(&imported) {
            imports.borrow_mut().push(imported);
        }
    }

    fn import_path(&self, spec: &ImportSpec) -> Result<String, String> {
        let bytes = unquote_string(&spec.path.raw).unwrap_or_default();
        let path = String::from_utf8_lossy(&bytes).into_owned();
        if path.is_empty() {
            return Err("invalid import path (empty string)".to_owned());
        }
        if path.starts_with('/') {
            return Err("import path cannot be absolute path".to_owned());
        }
        let illegal = "!\"#$%&'()*,:;<=>?[\\]^{|}`\u{fffd}";
        match path.chars().find(|&ch| ch.is_control() || ch.is_whitespace() || illegal.contains(ch)) {
            Some(ch) if ch.is_control() => {
                Err(format!("invalid import path (invalid character U+{:04X})", ch as u32))
            }
            Some(ch) => Err(format!("invalid import path (invalid character U+{:04X} '{ch}')", ch as u32)),
            None => match canonical_path(&path) {
                clean if clean == path => Ok(path),
                clean => Err(format!("non-canonical import path {path:?} (should be {clean:?})")),
            },
        }
    }

    fn imported_package(&mut self, spec: &ImportSpec, path: &str) -> PkgId {
        if path == "unsafe" {
            return PkgId(0);
        }
        match self.load(spec.path.span, path, true) {
            Ok(pkg) => pkg,
            Err(diagnostic) => {
                self.c.report(*diagnostic);
                self.fake_package(path)
            }
        }
    }

    /// The package of an import path. One that the source does not name may be the library's own.
    fn load(&mut self, at: Span, path: &str, named: bool) -> Result<PkgId, Box<Diagnostic>> {
        let world = self.c.w;
        let error = |code: Code, why: String| Box::new(Diagnostic::error(code, at, why));
        let could_not = |why: String| error(Code::ImportNotFound, format!("could not import {path} ({why})"));
        let dir = &world.package(self.c.pkg).dir;
        let identity = self.importer.resolve(path, dir).map_err(could_not)?;
        if let Some(cycle) = self.import_cycle(&identity, at) {
            return Err(Box::new(cycle));
        }
        if named && !self.may_see(&identity) {
            let why = format!("use of internal package {identity} not allowed");
            return Err(error(Code::InternalImport, why));
        }
        let known = world.package_by_path(&identity);
        let pkg = match known {
            Some(pkg) => pkg,
            None => {
                let source = self.importer.load(world, &identity).map_err(could_not)?;
                world.importing.borrow_mut().push((identity.clone(), at));
                let pkg = add_package(world, source, self.importer);
                world.importing.borrow_mut().pop();
                if world.package(pkg).mode == PackageMode::Full {
                    super::check_fully(world, pkg);
                }
                pkg
            }
        };
        let is_program = world.package(pkg).name == "main" && !world.package(pkg).state.fake.get();
        if is_program && !self.importer.may_import_program(&world.package(self.c.pkg).path) {
            let why = format!("import {path:?} is a program, not an importable package");
            return Err(error(Code::ImportMain, why));
        }
        Ok(pkg)
    }

    /// Whether a path is none below a directory `internal`, or this package lies in the tree of that
    /// directory's parent. What the library has below `internal` is for the library.
    fn may_see(&self, path: &str) -> bool {
        let package = self.c.w.package(self.c.pkg);
        let parent = match path.find("internal/").or(path.strip_suffix("internal").map(str::len)) {
            Some(0) => return package.mode == PackageMode::Lazy,
            Some(at) => match path[..at].strip_suffix('/') {
                Some(parent) => parent,
                None => return true,
            },
            None => return true,
        };
        package.path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The error for importing a package whose own imports are being looked at, with the way that led
    /// here.
    fn import_cycle(&self, identity: &str, at: Span) -> Option<Diagnostic> {
        let importing = self.c.w.importing.borrow();
        let start = importing.iter().position(|(path, _)| path == identity)?;
        let cycle = &importing[start..];
        let message = match cycle {
            [_] => format!("import cycle not allowed: {identity} imports itself"),
            _ => "import cycle not allowed".to_owned(),
        };
        let mut d = Diagnostic::error(Code::ImportCycle, at, message);
        if cycle.len() > 1 {
            let ends = cycle[1..].iter().map(|(to, at)| (to.as_str(), *at)).chain([(identity, at)]);
            for ((from, _), (to, at)) in cycle.iter().zip(ends) {
                d = d.label(at, format!("{from} imports {to}"));
            }
        }
        Some(d)
    }

    /// A package that stands for one that could not be imported: using it is silent.
    fn fake_package(&self, path: &str) -> PkgId {
        let world = self.c.w;
        let known = world.package_by_path(path);
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
        let scope = world.new_scope(Some(world.universe()), false);
        let pkg = world.add_package(path, Symbol::intern(name), "", scope, PackageMode::Full, Vec::new());
        // Others may import the path rightly.
        match known {
            Some(known) => world.by_path.borrow_mut().insert(path.to_owned(), known),
            None => world.by_path.borrow_mut().remove(path),
        };
        let state = &world.package(pkg).state;
        state.fake.set(true);
        state.checked.set(true);
        state.failed.set(true);
        pkg
    }

    fn dot_import(&self, spec: &ImportSpec, imported: PkgId, pkg_name: ObjId, scope: ScopeId) {
        let world = self.c.w;
        let state = &world.package(self.c.pkg).state;
        for obj in world.scope(world.package(imported).scope).objects() {
            let object = world.object(obj);
            if !object.is_exported() {
                continue;
            }
            match world.scope(scope).insert(object.name, obj) {
                Some(other) if other != obj => {
                    let message = format!("{} redeclared in this block", object.name);
                    let d = Diagnostic::error(Code::DuplicateDeclaration, spec.span, message);
                    self.c.report(self.c.with_other(d, other));
                }
                _ => {
                    state.dot_imports.borrow_mut().insert((scope, object.name), pkg_name);
                }
            }
        }
    }

    // ---- declarations -------------------------------------------------------------------------

    fn object(&self, kind: ObjectKind, name: &Ident, at: DeclRef, file_scope: ScopeId) -> ObjId {
        let world = self.c.w;
        let mut object = Object::new(kind, name.name, Some(self.c.pkg), name.span.start, TypeId::NONE);
        let (deps, together) = (RefCell::default(), OnceCell::new());
        object.decl = Some(Box::new(DeclInfo { at, file_scope, deps, together }));
        object.color.set(Color::White);
        let obj = world.add_object(object);
        world.info.set_def(name.id, obj);
        world.package(self.c.pkg).state.objects.borrow_mut().push(obj);
        obj
    }

    fn declare_package_obj(&self, ident: &Ident, obj: ObjId) {
        let world = self.c.w;
        if ident.name == "init" {
            return self.c.error(Code::InvalidInitDeclaration, ident, "cannot declare init - must be func");
        }
        if ident.name == "main" && world.package(self.c.pkg).name == "main" {
            let is_func = matches!(world.object(obj).kind, ObjectKind::Func(_));
            if !is_func {
                let message = "cannot declare main - must be func";
                return self.c.error(Code::InvalidMainDeclaration, ident, message);
            }
        }
        self.declare(world.package(self.c.pkg).scope, obj, ident.span.start);
    }

    fn declare(&self, scope: ScopeId, obj: ObjId, pos: Pos) {
        self.c.declare_at(scope, obj, pos);
    }

    fn const_spec(&mut self, group: &'w ConstDecl, spec: &'w ConstSpec, at: DeclRef, scope: ScopeId) {
        for (i, name) in spec.names.iter().enumerate() {
            let at = DeclRef { name: i as u32, ..at };
            let obj = self.object(ObjectKind::Const { value: OnceCell::new() }, name, at, scope);
            self.declare_package_obj(name, obj);
        }
        self.c.const_arity(group, spec);
    }

    fn var_spec(&mut self, spec: &'w VarSpec, at: DeclRef, scope: ScopeId) {
        let embeds = self.c.package_embed(spec, self.c.w.file(at.file));
        let mut objects = Vec::new();
        for (i, name) in spec.names.iter().enumerate() {
            let at = DeclRef { name: i as u32, ..at };
            let kind = ObjectKind::Var { kind: VarKind::Package, owner: Owner::Package };
            let obj = self.object(kind, name, at, scope);
            self.declare_package_obj(name, obj);
            objects.push(obj);
        }
        if embeds && let [obj] = objects[..] {
            self.embed(spec, obj);
        }
        if spec.values.len() == 1 && objects.len() > 1 {
            self.initialised_together(&objects);
        }
        if spec.ty.is_none() || !spec.values.is_empty() {
            self.c.var_arity(spec);
        }
    }

    fn initialised_together(&self, objects: &[ObjId]) {
        for &obj in objects {
            if let Some(info) = &self.c.w.object(obj).decl {
                let _ = info.together.set(objects.into());
            }
        }
    }

    /// Finds the files of a variable with `//go:embed`.
    fn embed(&mut self, spec: &VarSpec, obj: ObjId) {
        let dir = self.c.w.package(self.c.pkg).dir.clone();
        let files = patterns(spec).and_then(|patterns| self.importer.embed(&dir, &patterns));
        match files {
            Ok(files) => {
                self.c.w.embedded.borrow_mut().insert(obj, files.into());
            }
            Err(why) => {
                let at =
                    spec.directives.iter().find(|d| d.verb() == "go:embed").map_or(spec.span, |d| d.span);
                self.c.error(Code::InvalidEmbed, &at, why);
            }
        }
    }

    fn func(&mut self, d: &'w FuncDecl, at: DeclRef, scope: ScopeId) {
        let world = self.c.w;
        let is_method = d.recv.is_some();
        let kind = ObjectKind::Func(FuncInfo { is_method, ..FuncInfo::default() });
        let obj = self.object(kind, &d.name, at, scope);
        let name = d.name.name;
        if is_method {
            if let Some((ptr, _)) = receiver_base(d)
                && let Some(info) = world.object(obj).func()
            {
                info.ptr_recv.set(ptr);
            }
            return;
        }
        let is_main = name == "main" && world.package(self.c.pkg).name == "main";
        if name == "init" || is_main {
            self.special_func(d, is_main);
        }
        if name == "init" {
            world.package(self.c.pkg).state.inits.borrow_mut().push(obj);
        } else if !name.is_blank() {
            self.declare_package_obj(&d.name, obj);
        }
    }

    /// A function that has not been read; none of those that are special.
    fn skimmed_func(&mut self, d: &'w SkimmedFunc, at: DeclRef, scope: ScopeId) {
        let kind = ObjectKind::Func(FuncInfo { is_method: d.recv.is_some(), ..FuncInfo::default() });
        let obj = self.object(kind, &d.name, at, scope);
        match (d.recv, self.c.w.object(obj).func()) {
            (Some(recv), Some(info)) => info.ptr_recv.set(recv.ptr),
            _ => self.declare_package_obj(&d.name, obj),
        }
    }

    fn special_func(&self, d: &FuncDecl, is_main: bool) {
        let name = d.name.name;
        let code = if is_main { Code::InvalidMainDeclaration } else { Code::InvalidInitSignature };
        if let Some(first) = d.type_params.as_ref().and_then(|l| l.fields.first()) {
            let at = first.names.first().map_or(first.span, |n| n.span);
            self.c.error(code, &at, format!("func {name} must have no type parameters"));
        }
        let results = &d.ty.results.fields;
        let error_main = is_main
            && self.c.is_vo()
            && matches!(&results[..], [f] if f.names.is_empty() && f.ty.as_ident().is_some_and(|i| i.name == "error"));
        if !d.ty.params.fields.is_empty() || (!results.is_empty() && !error_main) {
            let message = format!("func {name} must have no arguments and no return values");
            self.c.error(code, &d.name, message);
        }
        if !is_main && d.body.is_none() {
            self.c.error(Code::MissingFunctionBody, &d.name, "func init must have a body");
        }
    }

    // ---- afterwards ---------------------------------------------------------------------------

    /// Names of imports are visible in their file only, but must not be declared by the package.
    fn file_scope_conflicts(&self) {
        let world = self.c.w;
        let package = world.package(self.c.pkg);
        for scope in package.file_scopes() {
            for (name, obj) in world.scope(scope).entries() {
                let Some(declared) = world.scope(package.scope).get(name) else { continue };
                let pos = world.object(declared).pos;
                let message = match &world.object(obj).kind {
                    ObjectKind::PkgName { imported, .. } => {
                        let path = &world.package(*imported).path;
                        let imported = world.package(*imported).name;
                        format!("{name} already declared through import of package {imported} ({path:?})")
                    }
                    _ => {
                        let Some(pkg) = world.object(obj).pkg else { continue };
                        let (of, path) = (world.package(pkg).name, &world.package(pkg).path);
                        format!("{name} already declared through dot-import of package {of} ({path:?})")
                    }
                };
                let d = Diagnostic::error(Code::DuplicateDeclaration, pos.span(), message);
                let is_pkg = matches!(world.object(obj).kind, ObjectKind::PkgName { .. });
                self.c.report(if is_pkg { self.c.with_other(d, obj) } else { d });
            }
        }
    }

    /// Files methods under the types they are declared for.
    fn associate_methods(&self) {
        let world = self.c.w;
        let package = world.package(self.c.pkg);
        for obj in package.objects() {
            let object = world.object(obj);
            let Some(info) = object.func().filter(|f| f.is_method) else { continue };
            let Some((ptr, base)) = self.receiver_base_of(obj) else { continue };
            let Some((base, extra_ptr)) = self.base_type_name(base) else { continue };
            info.ptr_recv.set(ptr || extra_ptr);
            info.recv_base.set(Some(base));
            if !object.name.is_blank() {
                package.state.methods.borrow_mut().entry(base).or_default().push(obj);
            }
        }
    }

    /// The base type name of a method's receiver, and whether it is a pointer.
    fn receiver_base_of(&self, method: ObjId) -> Option<(bool, Symbol)> {
        match self.c.w.decl_of(method)? {
            Decl::Func(d) => receiver_base(d).map(|(ptr, base)| (ptr, base.name)),
            Decl::Skimmed(d) => d.recv.map(|recv| (recv.ptr, recv.base)),
            _ => None,
        }
    }

    /// The defined type that a receiver's type name leads to, aliases of this package followed;
    /// and whether an alias adds a pointer.
    fn base_type_name(&self, mut name: Symbol) -> Option<(ObjId, bool)> {
        let world = self.c.w;
        let scope = world.scope(world.package(self.c.pkg).scope);
        let mut ptr = false;
        for _ in 0..100 {
            let obj = scope.get(name)?;
            let ObjectKind::TypeName { alias } = world.object(obj).kind else { return None };
            if !alias {
                return Some((obj, ptr));
            }
            let spec = self.c.type_spec(obj)?;
            let mut target = spec.ty.unparen();
            if let Expr::Star(star) = target {
                if ptr {
                    return None;
                }
                ptr = true;
                target = star.x.unparen();
            }
            name = match target {
                Expr::Ident(ident) => ident.name,
                // An instance is no receiver base type.
                _ => return None,
            };
        }
        None
    }
}

/// An import path without empty and `.` elements, `..` resolved as far as there is something before it.
fn canonical_path(path: &str) -> String {
    let local = path.starts_with("./") || path.starts_with("../");
    if local {
        return path.to_owned();
    }
    let mut elements: Vec<&str> = Vec::new();
    for element in path.split('/') {
        match element {
            "" | "." => {}
            ".." if elements.last().is_some_and(|&last| last != "..") => {
                elements.pop();
            }
            _ => elements.push(element),
        }
    }
    elements.join("/")
}

/// The base type name of a receiver, as far as the syntax tells, and whether it is a pointer.
fn receiver_base(d: &FuncDecl) -> Option<(bool, &Ident)> {
    let field = d.recv.as_ref()?.fields.first()?;
    let parts = super::signature::unpack_receiver(&field.ty);
    Some((parts.ptr, parts.base.as_ident()?))
}

impl<'w> Checker<'w> {
    /// Declares an object in a scope; reports a second declaration. Blank names are not declared.
    pub fn declare_at(&self, scope: ScopeId, obj: ObjId, pos: Pos) {
        let object = self.w.object(obj);
        if object.name.is_blank() {
            return;
        }
        if let Some(other) = self.w.declare_raw(scope, obj) {
            let message = format!("{} redeclared in this block", object.name);
            let span = vo_syntax::source::Span::new(pos, pos.offset(object.name.len() as u32));
            let d = Diagnostic::error(Code::DuplicateDeclaration, span, message);
            self.report(self.with_other(d, other));
        }
    }

    /// The declaration of a function or method object.
    pub fn func_decl(&self, obj: ObjId) -> Option<&'w FuncDecl> {
        self.w.func_decl(obj)
    }

    /// The declaration of a package-level type name.
    pub fn type_spec(&self, obj: ObjId) -> Option<&'w TypeSpec> {
        let at = self.w.object(obj).decl.as_ref()?.at;
        match self.w.decl_at(at)? {
            Decl::Type(d) => d.specs.get(at.spec as usize),
            _ => None,
        }
    }

    /// The type and values of a constant spec, taken from the spec it repeats if it has none.
    pub fn const_source(
        &self,
        group: &'w ConstDecl,
        spec: &'w ConstSpec,
    ) -> (Option<&'w Expr>, &'w [Expr], bool) {
        match spec.inherits.and_then(|i| group.specs.get(i as usize)) {
            Some(source) => (source.ty.as_ref(), &source.values, true),
            None => (spec.ty.as_ref(), &spec.values, false),
        }
    }

    /// Checks that there are as many values as constants.
    pub fn const_arity(&self, group: &'w ConstDecl, spec: &'w ConstSpec) {
        let (_, values, inherited) = self.const_source(group, spec);
        let (names, have) = (spec.names.len(), values.len());
        if names < have {
            if inherited {
                let message = format!("extra init expr at {}", self.ps(values[names].pos()));
                self.error(Code::ExtraInitExpr, spec, message);
            } else {
                let value = &values[names];
                self.error(Code::ExtraInitExpr, value, format!("extra init expr {}", self.es(value)));
            }
        } else if names > have {
            let name = &spec.names[have];
            self.error(Code::MissingInitExpr, name, format!("missing init expr for {}", name.name));
        }
    }

    /// Checks that there are as many values as variables, or one call for all.
    pub fn var_arity(&self, spec: &'w VarSpec) {
        let (names, have) = (spec.names.len(), spec.values.len());
        if names < have {
            let value = &spec.values[names];
            self.error(Code::ExtraInitExpr, value, format!("extra init expr {}", self.es(value)));
        } else if names > have && have != 1 {
            let name = &spec.names[have];
            self.error(Code::MissingInitExpr, name, format!("missing init expr for {}", name.name));
        }
    }

    /// Reports imports that nothing uses.
    pub fn unused_imports(&self) {
        let state = &self.w.package(self.pkg).state;
        for &obj in state.pkg_names.borrow().iter() {
            if state.used_imports.borrow().contains(&obj) {
                continue;
            }
            let object = self.w.object(obj);
            let ObjectKind::PkgName { imported, .. } = object.kind else { continue };
            let package = self.w.package(imported);
            let last = package.path.rsplit('/').next().unwrap_or(&package.path);
            let message = if object.name.is_empty() || object.name == "." || object.name == last {
                format!("{:?} imported and not used", package.path)
            } else {
                format!("{:?} imported as {} and not used", package.path, object.name)
            };
            self.error(Code::UnusedImport, &object.pos, message);
        }
    }
}
