//! Outlines of files: what they declare and where, so that nobody reads their text before somebody asks.
//!
//! A program uses a small part of the library, but the names of all that a package declares must be known before one of
//! its files can be understood. [`write()`] notes them for a file when Vo is built; [`read`] makes the file's tree of
//! that, in which functions are [skimmed](crate::ast::SkimmedFunc), and groups of constants, variables and types are
//! [outlined](crate::ast::OutlinedDecl): both are parsed where they stand when something needs them. Imports are parsed
//! at once.
//!
//! What must stay true: an outline is read for the very text that it was written for.

use std::sync::OnceLock;

use crate::ast::*;
use crate::bytes::{Reader, Writer};
use crate::parser::parse_decl;
use crate::source::{FileId, Pos, SourceFile, SourceMap, Span};
use crate::symbol::Symbol;

/// Declarations that are parsed at once.
const WHOLE: u8 = 0;
const FUNC: u8 = 1;
const CONST: u8 = 2;
const VAR: u8 = 3;
const TYPE: u8 = 4;

/// The outline of a file that was parsed without errors, its functions skimmed; `None` where something in it must be
/// read at once.
pub fn write(map: &SourceMap, file: &File) -> Option<Vec<u8>> {
    if file.go_version.is_some() || !file.comments.is_empty() {
        return None;
    }
    let mut outline = Outline { source: map.file(file.file), w: Writer::default() };
    outline.w.index(file.span.end.0 - file.span.start.0);
    outline.w.maybe(file.package_pos.is_valid().then(|| outline.source.offset(file.package_pos)));
    outline.ident(&file.name);
    outline.w.number(file.library.len() as u64);
    file.library.iter().for_each(|path| outline.w.text(path.as_bytes()));
    outline.w.number(file.decls.len() as u64);
    file.decls.iter().try_for_each(|decl| outline.decl(decl))?;
    Some(outline.w.0)
}

struct Outline<'a> {
    source: &'a SourceFile,
    w: Writer,
}

impl Outline<'_> {
    fn span(&mut self, span: Span) {
        self.w.index(self.source.offset(span.start));
        self.w.index(span.end.0 - span.start.0);
    }

    fn ident(&mut self, ident: &Ident) {
        self.w.text(ident.name.as_str().as_bytes());
        self.span(ident.span);
    }

    fn head(&mut self, tag: u8, span: Span) {
        self.w.0.push(tag);
        self.span(span);
    }

    fn decl(&mut self, decl: &Decl) -> Option<()> {
        let span = decl.span();
        match decl {
            Decl::Import(_) => self.head(WHOLE, span),
            Decl::Func(d) if d.directives.is_empty() => self.head(WHOLE, span),
            Decl::Skimmed(d) => {
                self.head(FUNC, span);
                self.func(d);
            }
            Decl::Const(d) => {
                self.head(CONST, span);
                let all = d.specs.iter().zip(0..).flat_map(|(spec, at)| numbered(&spec.names, at, false));
                self.names(all.collect());
            }
            Decl::Var(d) if d.specs.iter().all(|spec| spec.directives.is_empty()) => {
                self.head(VAR, span);
                let together = |spec: &VarSpec| spec.names.len() > 1 && spec.values.len() == 1;
                let all = d.specs.iter().zip(0..);
                let all = all.flat_map(|(spec, at)| numbered(&spec.names, at, together(spec)));
                self.names(all.collect());
            }
            Decl::Type(d) if d.specs.iter().all(|spec| spec.directives.is_empty()) => {
                self.head(TYPE, span);
                let all = d.specs.iter().zip(0..);
                let name = |(spec, at): (&TypeSpec, u32)| name_of(&spec.name, at, 0, spec.assign.is_valid());
                self.names(all.map(name).collect());
            }
            _ => return None,
        }
        Some(())
    }

    fn names(&mut self, names: Vec<OutlinedName>) {
        self.w.number(names.len() as u64);
        for name in names {
            self.ident(&name.name);
            self.w.index(name.spec);
            self.w.index(name.place);
            self.w.flag(name.special);
        }
    }

    fn func(&mut self, d: &SkimmedFunc) {
        self.ident(&d.name);
        self.w.flag(d.recv.is_some());
        if let Some(recv) = d.recv {
            self.w.flag(recv.ptr);
            self.w.text(recv.base.as_str().as_bytes());
        }
        self.w.number(d.directives.len() as u64);
        for directive in &d.directives {
            self.span(directive.span);
            self.w.text(directive.text.as_bytes());
            self.w.flag(directive.alone);
        }
    }
}

fn name_of(name: &Ident, spec: u32, place: u32, special: bool) -> OutlinedName {
    OutlinedName { name: *name, spec, place, special }
}

fn numbered(names: &[Ident], spec: u32, special: bool) -> impl Iterator<Item = OutlinedName> {
    names.iter().zip(0..).map(move |(name, place)| name_of(name, spec, place, special))
}

/// The tree of a file of the map that this is the outline of.
///
/// # Panics
/// When it is the outline of another text.
pub fn read(outline: &'static [u8], map: &SourceMap, file: FileId, ids: &NodeIds) -> File {
    let source = map.file(file);
    let mut tree = Tree { r: Reader::new(outline), map, source, ids, free: 0..0 };
    let span = Span::new(source.start(), source.end());
    assert_eq!(tree.r.index(), span.end.0 - span.start.0, "internal error: an outline of another text");
    let id = tree.id();
    let package_pos = tree.r.maybe().map_or(Pos::NONE, |at| source.pos(at));
    let name = tree.ident();
    let library = (0..tree.r.count()).map(|_| tree.text()).collect();
    let decls = (0..tree.r.count()).map(|_| tree.decl()).collect();
    ids.give_back(tree.free);
    File {
        id,
        span,
        file,
        dialect: source.dialect(),
        package_pos,
        name,
        decls,
        library,
        directives: Vec::new(),
        go_version: None,
        comments: Vec::new(),
    }
}

struct Tree<'a> {
    r: Reader<'static>,
    map: &'a SourceMap,
    source: &'a SourceFile,
    ids: &'a NodeIds,
    /// What is left of the block of ids taken last.
    free: std::ops::Range<u32>,
}

impl Tree<'_> {
    fn id(&mut self) -> NodeId {
        if self.free.is_empty() {
            self.free = self.ids.take_block();
        }
        self.free.start += 1;
        NodeId(self.free.start - 1)
    }

    fn text(&mut self) -> &'static str {
        std::str::from_utf8(self.r.text()).expect("internal error: names are UTF-8")
    }

    fn span(&mut self) -> Span {
        let start = self.source.pos(self.r.index());
        Span::new(start, start.offset(self.r.index()))
    }

    fn ident(&mut self) -> Ident {
        let id = self.id();
        let name = Symbol::of_static(self.text());
        Ident { id, span: self.span(), name }
    }

    fn decl(&mut self) -> Decl {
        let tag = self.r.byte();
        let span = self.span();
        let kind = match tag {
            WHOLE => return self.whole(span),
            FUNC => return Decl::Skimmed(Box::new(self.func(span))),
            CONST => OutlinedKind::Const,
            VAR => OutlinedKind::Var,
            TYPE => OutlinedKind::Type,
            tag => panic!("internal error: no declaration is outlined as {tag}"),
        };
        let id = self.id();
        let name = |tree: &mut Self| OutlinedName {
            name: tree.ident(),
            spec: tree.r.index(),
            place: tree.r.index(),
            special: tree.r.flag(),
        };
        let names = (0..self.r.count()).map(|_| name(self)).collect();
        Decl::Outlined(Box::new(OutlinedDecl { id, span, kind, names, decl: OnceLock::new() }))
    }

    fn whole(&mut self, span: Span) -> Decl {
        self.ids.give_back(std::mem::take(&mut self.free));
        let (decl, errors) = parse_decl(self.map, span, self.ids);
        assert!(errors.is_empty(), "internal error: an outline of a file with errors");
        decl
    }

    fn func(&mut self, span: Span) -> SkimmedFunc {
        let (id, name) = (self.id(), self.ident());
        let recv = self.r.flag().then(|| {
            let ptr = self.r.flag();
            SkimmedRecv { ptr, base: Symbol::of_static(self.text()) }
        });
        let directive =
            |tree: &mut Self| Directive { span: tree.span(), text: tree.text().into(), alone: tree.r.flag() };
        let directives = (0..self.r.count()).map(|_| directive(self)).collect();
        SkimmedFunc { id, span, recv, name, directives, decl: OnceLock::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::{Options, parse_file};

    const TEXT: &str = "package p

import (
	\"fmt\"
	str \"strings\"
)

const (
	A = iota
	B, C = \"x\", 2
)

type (
	T[P any] struct{ a int }
	U = T[int]
)

var one, two = pair()
var _ = 1

func init() {}

func (t *T[P]) m(n int) string { return fmt.Sprint(str.ToUpper(\"\"), n) }

//go:noinline
func pair() (int, int) { return 1, 2 }
";

    /// Declarations, parsed as a whole, as far as they can be told apart without ids.
    fn shown(map: &SourceMap, file: &File, ids: &NodeIds) -> Vec<String> {
        let text = |decl: &Decl| {
            let text = format!("{decl:?}");
            let mut words: Vec<&str> = text.split(' ').collect();
            words.retain(|word| !word.starts_with("NodeId("));
            words.join(" ")
        };
        let whole = |decl: &Decl| match decl {
            Decl::Outlined(d) => text(d.read_with(|span| parse_decl(map, span, ids).0)),
            decl => text(decl),
        };
        file.decls.iter().map(whole).collect()
    }

    #[test]
    fn an_outline_gives_the_tree_of_the_text() {
        let mut map = SourceMap::new();
        let id = map.add("p.vo", TEXT.as_bytes().to_vec()).expect("it fits");
        let ids = NodeIds::new();
        let options = Options { skip_bodies: true, skim: true, ..Options::default() };
        let parsed = parse_file(&map, id, &ids, options);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        let outline = write(&map, &parsed.file).expect("nothing in it must be read at once");
        let file = read(outline.leak(), &map, id, &ids);
        assert_eq!(shown(&map, &file, &ids), shown(&map, &parsed.file, &ids));
        assert_eq!((file.name.name, file.package_pos), (parsed.file.name.name, parsed.file.package_pos));
        let Decl::Outlined(vars) = &file.decls[3] else { panic!("variables are outlined") };
        let names: Vec<_> = vars.names.iter().map(|n| (n.name.name.as_str(), n.place, n.special)).collect();
        assert_eq!(names, [("one", 0, true), ("two", 1, true)]);
    }
}
