//! Completion.
//!
//! The word at the cursor is replaced by a name of our own ([`MARKER`]), so that there is something to parse
//! where the editor's text breaks off. Where the name then stands in the checked tree says what fits there.

use super::describe;
use super::state::State;
use super::text;
use lsp_types::{CompletionItem, CompletionItemKind, CompletionResponse, Position};
use rustc_hash::FxHashSet;
use std::path::Path;
use vo_syntax::ast::*;
use vo_syntax::source::{Pos, Span};
use vo_syntax::token::Token;
use vo_types::types::Type;
use vo_types::{ObjId, ObjectKind, PkgId, Qualifier, TypeId, World};

/// A name that no program has.
const MARKER: &str = "VoCompletionHere";

impl State<'_> {
    pub(super) fn completion(
        &mut self,
        file: &Path,
        position: Position,
    ) -> Result<Option<CompletionResponse>, String> {
        let all = self.text(file)?;
        let at = text::offset(&all, position);
        let in_name = |c: char| c.is_alphanumeric() || c == '_';
        let start =
            at - all[..at].chars().rev().take_while(|&c| in_name(c)).map(char::len_utf8).sum::<usize>();
        let end = at + all[at..].chars().take_while(|&c| in_name(c)).map(char::len_utf8).sum::<usize>();
        let mut buffers = self.buffers.clone();
        buffers.set(file.to_path_buf(), format!("{}{MARKER}{}", &all[..start], &all[end..]));
        let analysis = self.workspace.analyze(file, &buffers)?;
        let Some(tree) = self.tree(&analysis, file) else { return Ok(None) };
        let mut find = FindMarker { selector: None, place: None };
        walk_file(&mut find, tree);
        let world = &analysis.world;
        let mut items = Items { world, pkg: analysis.pkg, seen: FxHashSet::default(), list: Vec::new() };
        match (find.selector, find.place) {
            (Some(id), _) => {
                let mut search = Base { id, items: &mut items };
                walk_file(&mut search, tree);
            }
            (None, Some(pos)) => items.names(tree, pos),
            (None, None) => return Ok(None),
        }
        Ok(Some(CompletionResponse::Array(items.list)))
    }
}

/// Where the marker stands: behind a dot, or as a name.
struct FindMarker {
    selector: Option<NodeId>,
    place: Option<Pos>,
}

impl Visitor for FindMarker {
    fn visit_ident(&mut self, name: &Ident) {
        if name.name.as_str() == MARKER {
            self.place = Some(name.span.start);
        }
    }

    fn visit_expr(&mut self, x: &Expr) {
        if let Expr::Selector(s) = x
            && s.sel.name.as_str() == MARKER
        {
            self.selector = Some(s.id);
        }
        walk_expr(self, x);
    }
}

/// Looks for the selector again, and lists the members of its left side.
struct Base<'a, 'w> {
    id: NodeId,
    items: &'a mut Items<'w>,
}

impl Visitor for Base<'_, '_> {
    fn visit_expr(&mut self, x: &Expr) {
        match x {
            Expr::Selector(s) if s.id == self.id => self.items.members_of(&s.x),
            x => walk_expr(self, x),
        }
    }
}

struct Items<'w> {
    world: &'w World,
    pkg: PkgId,
    seen: FxHashSet<String>,
    list: Vec<CompletionItem>,
}

impl Items<'_> {
    fn push(&mut self, name: &str, kind: CompletionItemKind, detail: String) {
        if name.is_empty() || name == "_" || name == MARKER || !self.seen.insert(name.to_owned()) {
            return;
        }
        self.list.push(CompletionItem {
            label: name.to_owned(),
            kind: Some(kind),
            detail: Some(detail).filter(|d| !d.is_empty()),
            ..CompletionItem::default()
        });
    }

    fn push_object(&mut self, name: &str, obj: ObjId) {
        let (kind, detail) = describe::kind_and_type(self.world, Qualifier::RelativeTo(self.pkg), obj);
        self.push(name, kind, detail);
    }

    fn text(&self, ty: TypeId) -> String {
        self.world.type_string(ty, Qualifier::RelativeTo(self.pkg))
    }

    // -------------------------------------------------------------------------------------------------------
    // Members

    fn members_of(&mut self, x: &Expr) {
        let info = &self.world.info;
        if let Expr::Ident(name) = x
            && let Some(obj) = info.use_of(name.id)
            && let ObjectKind::PkgName { imported, .. } = self.world.object(obj).kind
        {
            let scope = self.world.scope(self.world.package(imported).scope);
            for (name, obj) in scope.entries() {
                if name.is_exported() {
                    self.push_object(name.as_str(), obj);
                }
            }
            return;
        }
        let Some(tv) = info.type_and_value(x.id()) else { return };
        if !tv.is_type() {
            self.fields(tv.ty);
        }
        self.methods(tv.ty);
    }

    fn visible(&self, name: vo_syntax::symbol::Symbol, pkg: Option<PkgId>) -> bool {
        name.is_exported() || pkg == Some(self.pkg)
    }

    /// The fields of a struct, those of embedded structs behind its own.
    fn fields(&mut self, ty: TypeId) {
        let mut level = vec![ty];
        let mut done = FxHashSet::default();
        while !level.is_empty() {
            let mut next = Vec::new();
            for ty in level {
                let under = self.world.underlying(ty);
                let base = self.world.types.as_pointer(under).unwrap_or(ty);
                let Type::Struct(s) = self.world.types.get(self.world.underlying(base)) else { continue };
                if !done.insert(self.world.types.unalias(base)) {
                    continue;
                }
                for field in &s.fields {
                    if self.visible(field.name, field.pkg) {
                        let detail = self.text(field.ty);
                        self.push(field.name.as_str(), CompletionItemKind::FIELD, detail);
                    }
                    if field.embedded {
                        next.push(field.ty);
                    }
                }
            }
            level = next;
        }
    }

    fn methods(&mut self, ty: TypeId) {
        let world = self.world;
        let under = world.types.get(world.underlying(ty));
        let through_pointer = !matches!(under, Type::Interface(_) | Type::Pointer(_) | Type::TypeParam(_));
        let ty = if through_pointer { world.types.pointer(ty) } else { ty };
        for method in world.method_set(ty) {
            if self.visible(method.name, method.pkg) {
                let detail = self.text(method.sig);
                self.push(method.name.as_str(), CompletionItemKind::METHOD, detail);
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------
    // Names in scope

    fn names(&mut self, tree: &File, pos: Pos) {
        let mut locals = Locals { world: self.world, pos, found: Vec::new() };
        tree.decls.iter().for_each(|d| locals.visit_decl(d));
        // Inner declarations hide outer ones.
        for obj in locals.found.into_iter().rev() {
            self.push_object(self.world.object(obj).name.as_str(), obj);
        }
        let package = self.world.package(self.pkg);
        let files = package.files.iter().position(|&f| std::ptr::eq(self.world.file(f), tree));
        let mut scope = files.and_then(|i| package.file_scopes().get(i).copied()).or(Some(package.scope));
        while let Some(id) = scope {
            let entries = self.world.scope(id).entries();
            entries.into_iter().for_each(|(name, obj)| self.push_object(name.as_str(), obj));
            scope = self.world.scope(id).parent;
        }
        let keywords = Token::ALL.iter().filter(|t| t.is_keyword());
        for word in
            keywords.map(|t| t.text()).filter(|w| Token::keyword(w.as_bytes(), tree.dialect).is_some())
        {
            self.push(word, CompletionItemKind::KEYWORD, String::new());
        }
    }
}

/// The names that functions and blocks around a place declare before it, outermost first.
struct Locals<'w> {
    world: &'w World,
    pos: Pos,
    found: Vec<ObjId>,
}

impl Locals<'_> {
    fn holds(&self, span: Span) -> bool {
        span.start <= self.pos && self.pos <= span.end
    }

    fn declare(&mut self, name: &Ident) {
        self.found.extend(self.world.info.def(name.id));
    }

    fn fields(&mut self, list: &FieldList) {
        list.fields.iter().flat_map(|f| &f.names).for_each(|n| self.declare(n));
    }

    fn declared_by(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Assign(s) if s.op == AssignOp::Define => {
                s.lhs.iter().filter_map(Expr::as_ident).for_each(|n| self.declare(n));
            }
            Stmt::Decl(d) => match &d.decl {
                Decl::Const(d) => d.specs.iter().flat_map(|s| &s.names).for_each(|n| self.declare(n)),
                Decl::Var(d) => d.specs.iter().flat_map(|s| &s.names).for_each(|n| self.declare(n)),
                Decl::Type(d) => d.specs.iter().for_each(|s| self.declare(&s.name)),
                _ => {}
            },
            Stmt::Labeled(s) => self.declared_by(&s.stmt),
            _ => {}
        }
    }

    fn clauses<'t, T: Node + 't>(&mut self, list: &'t [T], body: impl Fn(&'t T) -> &'t [Stmt]) {
        if let Some(clause) = list.iter().find(|c| self.holds(c.span())) {
            body(clause).iter().for_each(|s| self.visit_stmt(s));
        }
    }
}

impl Visitor for Locals<'_> {
    fn visit_decl(&mut self, decl: &Decl) {
        if !self.holds(decl.span()) {
            return;
        }
        if let Decl::Func(d) = decl {
            d.recv.iter().chain(&d.type_params).for_each(|l| self.fields(l));
            self.fields(&d.ty.params);
            self.fields(&d.ty.results);
            if d.body.as_ref().is_none_or(|b| !b.is_read()) {
                return;
            }
        }
        walk_decl(self, decl);
    }

    fn visit_block(&mut self, block: &Block) {
        if self.holds(block.span) {
            walk_block(self, block);
        }
    }

    fn visit_stmt(&mut self, stmt: &Stmt) {
        if stmt.end() < self.pos {
            return self.declared_by(stmt);
        }
        if !self.holds(stmt.span()) {
            return;
        }
        match stmt {
            Stmt::Range(s) => {
                if s.define {
                    let names = [&s.key, &s.value].into_iter().flatten().filter_map(Expr::as_ident);
                    names.for_each(|n| self.declare(n));
                }
                self.visit_expr(&s.x);
                self.visit_block(&s.body);
            }
            Stmt::Switch(s) => {
                s.init.iter().for_each(|i| self.visit_stmt(i));
                self.clauses(&s.cases, |c| &c.body);
            }
            Stmt::TypeSwitch(s) => {
                s.init.iter().for_each(|i| self.visit_stmt(i));
                if let Some(clause) = s.cases.iter().find(|c| self.holds(c.span)) {
                    self.found.extend(self.world.info.implicit(clause.id));
                }
                self.clauses(&s.cases, |c| &c.body);
            }
            Stmt::Select(s) => {
                if let Some(clause) = s.cases.iter().find(|c| self.holds(c.span)) {
                    clause.comm.iter().for_each(|c| self.visit_stmt(c));
                }
                self.clauses(&s.cases, |c| &c.body);
            }
            stmt => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, x: &Expr) {
        if !self.holds(x.span()) {
            return;
        }
        if let Expr::FuncLit(f) = x {
            self.fields(&f.ty.params);
            self.fields(&f.ty.results);
        }
        walk_expr(self, x);
    }
}
