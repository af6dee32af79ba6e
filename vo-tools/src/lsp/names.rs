//! What the names in a file mean.
//!
//! [`occurrences`] lists every name of a file with what it stands for. Two names mean the same if they are
//! declared at the same place; that also joins the variables that the clauses of a type switch declare anew.

use vo_syntax::ast::*;
use vo_syntax::source::{Pos, Span};
use vo_types::types::{Lookup, Type};
use vo_types::{ObjId, ObjectKind, Selection, Target as Selected, TypeId, World};

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Meaning {
    /// A declared or predeclared thing.
    Object(ObjId),
    /// A field of a struct: where it is declared, and its type.
    Field(Pos, TypeId),
    /// A method of an interface: where it is declared, and its signature.
    Method(Pos, TypeId),
    /// The symbolic variable of a type switch.
    Bound(Pos),
}

impl Meaning {
    /// Where it is declared; none for what is predeclared.
    pub(super) fn declared(self, world: &World) -> Option<Pos> {
        let pos = match self {
            Meaning::Object(obj) => world.object(obj).pos,
            Meaning::Field(pos, _) | Meaning::Method(pos, _) | Meaning::Bound(pos) => pos,
        };
        pos.is_valid().then_some(pos)
    }
}

/// A name in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occurrence {
    pub(super) span: Span,
    pub(super) meaning: Meaning,
}

/// All names of a file that mean something.
pub(super) fn occurrences(world: &World, file: &File) -> Vec<Occurrence> {
    let mut names = Names { world, found: Vec::new() };
    walk_file(&mut names, file);
    for spec in file.imports() {
        if let Some(obj) = world.info.implicit(spec.id) {
            names.found.push(Occurrence { span: spec.path.span, meaning: Meaning::Object(obj) });
        }
    }
    names.found
}

/// The name at a place: the shortest that holds it, or ends there.
pub(super) fn at(world: &World, file: &File, pos: Pos) -> Option<Occurrence> {
    let holds = |o: &Occurrence| o.span.start <= pos && pos <= o.span.end;
    occurrences(world, file).into_iter().filter(holds).min_by_key(|o| o.span.len())
}

struct Names<'w> {
    world: &'w World,
    found: Vec<Occurrence>,
}

impl Names<'_> {
    fn push(&mut self, span: Span, meaning: Meaning) {
        self.found.push(Occurrence { span, meaning });
    }

    /// The keys of a struct literal are fields.
    fn composite(&mut self, lit: &CompositeLit) {
        let ty = self.world.info.type_of(lit.id);
        let ty = self.world.types.as_pointer(self.world.underlying(ty)).unwrap_or(ty);
        let Type::Struct(s) = self.world.types.get(self.world.underlying(ty)) else {
            return walk_expr_of(self, lit);
        };
        lit.ty.iter().for_each(|ty| self.visit_expr(ty));
        for elt in &lit.elts {
            let Expr::KeyValue(pair) = elt else {
                self.visit_expr(elt);
                continue;
            };
            if let Some(key) = pair.key.as_ident()
                && let Some(field) = s.fields.iter().find(|f| f.name == key.name)
            {
                self.push(key.span, Meaning::Field(field.pos, field.ty));
            }
            self.visit_expr(&pair.value);
        }
    }
}

fn walk_expr_of(names: &mut Names<'_>, lit: &CompositeLit) {
    lit.ty.iter().for_each(|ty| names.visit_expr(ty));
    lit.elts.iter().for_each(|elt| names.visit_expr(elt));
}

impl Visitor for Names<'_> {
    fn visit_ident(&mut self, name: &Ident) {
        if let Some(obj) = self.world.info.object_of(name.id) {
            self.push(name.span, Meaning::Object(obj));
        }
    }

    fn visit_expr(&mut self, x: &Expr) {
        match x {
            Expr::Selector(s) => {
                self.visit_expr(&s.x);
                match self.world.info.selection(s.id) {
                    Some(selection) => {
                        if let Some(meaning) = selected(self.world, selection, s.sel.name) {
                            self.push(s.sel.span, meaning);
                        }
                    }
                    None => self.visit_ident(&s.sel),
                }
            }
            Expr::CompositeLit(lit) => self.composite(lit),
            Expr::StructType(s) => {
                for field in &s.fields.fields {
                    let ty = self.world.info.type_of(field.ty.id());
                    for name in &field.names {
                        self.push(name.span, Meaning::Field(name.span.start, ty));
                    }
                }
                walk_expr(self, x);
            }
            Expr::InterfaceType(i) => {
                for elem in &i.elems {
                    if let InterfaceElem::Method(m) = elem {
                        let ty = method_type(self.world, self.world.info.type_of(i.id), m);
                        self.push(m.name.span, Meaning::Method(m.name.span.start, ty));
                    }
                }
                walk_expr(self, x);
            }
            x => walk_expr(self, x),
        }
    }

    fn visit_stmt(&mut self, stmt: &Stmt) {
        if let Stmt::TypeSwitch(s) = stmt
            && let Some(bind) = &s.bind
        {
            self.push(bind.span, Meaning::Bound(bind.span.start));
        }
        walk_stmt(self, stmt);
    }

    // Bodies that have not been read belong to packages that nobody edits.
    fn visit_decl(&mut self, decl: &Decl) {
        if let Decl::Func(d) = decl
            && d.body.as_ref().is_some_and(|body| !body.is_read())
        {
            d.recv.iter().flat_map(|l| &l.fields).for_each(|f| self.visit_field(f));
            self.visit_ident(&d.name);
            self.visit_func_type(&d.ty);
            return;
        }
        walk_decl(self, decl);
    }
}

fn method_type(world: &World, iface: TypeId, m: &MethodSpec) -> TypeId {
    match world.types.get(world.underlying(iface)) {
        Type::Interface(i) => {
            i.methods.iter().find(|x| x.pos == m.name.span.start).map_or(TypeId::INVALID, |x| x.sig)
        }
        _ => TypeId::INVALID,
    }
}

/// What a selector selects.
fn selected(world: &World, selection: &Selection, name: vo_syntax::symbol::Symbol) -> Option<Meaning> {
    match selection.target {
        Selected::Method(obj) => Some(Meaning::Object(obj)),
        Selected::Field => {
            let mut ty = selection.recv;
            let mut found = None;
            for &index in &selection.path {
                let under = world.underlying(ty);
                let under = world.types.as_pointer(under).map_or(under, |elem| world.underlying(elem));
                let Type::Struct(s) = world.types.get(under) else { return None };
                let field = s.fields.get(index as usize)?;
                ty = field.ty;
                found = Some(Meaning::Field(field.pos, field.ty));
            }
            found
        }
        Selected::Interface(_) => {
            let (Lookup::Found(found) | Lookup::NeedsPointer(found)) =
                world.lookup(selection.recv, true, None, name)
            else {
                return None;
            };
            let sig = world.found_type(&found);
            let pos = interface_method(world, found.holder, name, 0)?;
            Some(Meaning::Method(pos, sig))
        }
    }
}

fn interface_method(
    world: &World,
    iface: TypeId,
    name: vo_syntax::symbol::Symbol,
    depth: u32,
) -> Option<Pos> {
    let Type::Interface(i) = world.types.get(world.underlying(iface)) else { return None };
    let own = i.methods.iter().find(|m| m.name == name).map(|m| m.pos);
    let embedded = || i.embeds.iter().find_map(|&(ty, _)| interface_method(world, ty, name, depth + 1));
    own.or_else(|| if depth < 20 { embedded() } else { None })
}

/// The package that a package name stands for.
pub(super) fn package_of(world: &World, obj: ObjId) -> Option<vo_types::PkgId> {
    match world.object(obj).kind {
        ObjectKind::PkgName { imported, .. } => Some(imported),
        _ => None,
    }
}
