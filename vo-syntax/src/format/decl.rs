//! Declarations.

use super::Layout;
use super::comments::has_doc;
use super::lists::ListStyle;
use super::pen::Gap;
use crate::ast::*;
use crate::lexer::unquote_string;
use crate::source::{Pos, Span};
use crate::token::Token;

/// What one line of a `const` or `var` group declares.
struct ValueSpec<'t> {
    span: Span,
    names: &'t [Ident],
    ty: Option<&'t Expr>,
    values: &'t [Expr],
}

impl Layout<'_> {
    /// The whole file.
    pub(super) fn file(&mut self, file: &File) {
        if file.package_pos.is_valid() {
            self.pen.at(file.package_pos);
            self.pen.token(Token::Package);
            self.pen.gap(Gap::Blank);
            self.ident(&file.name);
        }
        let mut previous = None;
        for decl in &file.decls {
            let word = keyword(decl);
            if !self.pen.page.is_empty() {
                let documented = has_doc(self.pen.groups, self.pen.place(decl.pos()));
                let min = if previous != Some(word) || documented { 2 } else { 1 };
                let (line, end) = (self.pen.line(decl.pos()), self.pen.line(decl.end()));
                self.pen.line_break(line, min, Gap::None, word == Token::Func && end > line);
            }
            self.decl(decl);
            previous = Some(word);
        }
        self.pen.gap(Gap::Line);
    }

    /// A declaration.
    pub(super) fn decl(&mut self, decl: &Decl) {
        self.pen.at(decl.pos());
        match decl {
            Decl::Bad(_) | Decl::Skimmed(_) | Decl::Outlined(_) => {
                panic!("internal error: a tree with errors, or one that was not read, is laid out")
            }
            Decl::Func(d) => self.func_decl(d),
            Decl::Import(d) => self.group(decl, d.lparen, &d.specs, |p, s, _| p.import_spec(s)),
            Decl::Type(d) => self.group(decl, d.lparen, &d.specs, Self::type_spec),
            Decl::Const(d) => {
                let spec = |s: &'_ ConstSpec| (s.span, s.ty.is_some(), !s.values.is_empty());
                let keep = keep_type_column(d.specs.iter().map(spec));
                self.group(decl, d.lparen, &d.specs, |p, s, at| {
                    let spec =
                        ValueSpec { span: s.span, names: &s.names, ty: s.ty.as_ref(), values: &s.values };
                    p.value_spec(&spec, at, &keep);
                });
            }
            Decl::Var(d) => {
                let spec = |s: &'_ VarSpec| (s.span, s.ty.is_some(), !s.values.is_empty());
                let keep = keep_type_column(d.specs.iter().map(spec));
                self.group(decl, d.lparen, &d.specs, |p, s, at| {
                    let spec =
                        ValueSpec { span: s.span, names: &s.names, ty: s.ty.as_ref(), values: &s.values };
                    p.value_spec(&spec, at, &keep);
                });
            }
        }
    }

    /// A keyword and one spec, or several in parentheses on lines of their own.
    fn group<T: Node>(
        &mut self,
        decl: &Decl,
        lparen: Pos,
        specs: &[T],
        mut lay_out: impl FnMut(&mut Self, &T, At),
    ) {
        self.pen.token(keyword(decl));
        self.pen.gap(Gap::Blank);
        if !lparen.is_valid() {
            specs.iter().for_each(|s| lay_out(self, s, At::Alone));
            return;
        }
        self.pen.at(lparen);
        self.pen.token(Token::LParen);
        if !specs.is_empty() {
            self.pen.gap_all(&[Gap::In, Gap::Section]);
            let slot = self.pen.line_slot();
            for (i, spec) in specs.iter().enumerate() {
                if i > 0 {
                    let (line, section) = (self.pen.line(spec.pos()), self.pen.left_line(slot));
                    self.pen.line_break(line, 1, Gap::None, section);
                }
                self.pen.remember_line(slot);
                lay_out(self, spec, if specs.len() == 1 { At::OnlyLine } else { At::Line(i) });
            }
            self.pen.gap_all(&[Gap::Out, Gap::Section]);
        }
        self.pen.at(Pos(decl.end().0 - 1));
        self.pen.token(Token::RParen);
    }

    fn import_spec(&mut self, spec: &ImportSpec) {
        if let Some(name) = &spec.name {
            self.ident(name);
            self.pen.gap(Gap::Blank);
        }
        self.pen.at(spec.path.span.start);
        let quoted = interpreted_path(&spec.path.raw);
        self.pen.literal(Token::String, quoted.as_deref().unwrap_or(&spec.path.raw));
    }

    fn value_spec(&mut self, spec: &ValueSpec<'_>, at: At, keep_type: &[bool]) {
        let At::Line(index) = at else {
            self.idents(spec.names, at == At::Alone);
            if let Some(ty) = spec.ty {
                self.pen.gap(Gap::Blank);
                self.expr(ty);
            }
            if !spec.values.is_empty() {
                self.pen.gap(Gap::Blank);
                self.values(spec.values);
            }
            return;
        };
        // Names, types, values and comments in columns of their own.
        self.idents(spec.names, false);
        let mut columns = 3;
        if spec.ty.is_some() || keep_type[index] {
            self.pen.gap(Gap::Cell);
            columns -= 1;
        }
        if let Some(ty) = spec.ty {
            self.expr(ty);
        }
        if !spec.values.is_empty() {
            self.pen.gap(Gap::Cell);
            self.values(spec.values);
            columns -= 1;
        }
        if self.has_comment(spec.span.end) {
            (0..columns).for_each(|_| self.pen.gap(Gap::Cell));
        }
    }

    fn values(&mut self, values: &[Expr]) {
        self.pen.token(Token::Assign);
        self.pen.gap(Gap::Blank);
        self.list(Pos::NONE, values, 1, ListStyle::default(), Pos::NONE);
    }

    fn type_spec(&mut self, spec: &TypeSpec, at: At) {
        self.ident(&spec.name);
        spec.type_params.iter().for_each(|list| self.type_params(list, true));
        self.pen.gap(if matches!(at, At::Line(_)) { Gap::Cell } else { Gap::Blank });
        if spec.assign.is_valid() {
            self.pen.token(Token::Assign);
            self.pen.gap(Gap::Blank);
        }
        self.expr(&spec.ty);
    }

    fn func_decl(&mut self, d: &FuncDecl) {
        self.pen.token(Token::Func);
        self.pen.gap(Gap::Blank);
        // The blank has not been written yet.
        let start = self.pen.out_col - "func ".len() as i64;
        if let Some(recv) = &d.recv {
            self.params(recv);
            self.pen.gap(Gap::Blank);
        }
        self.ident(&d.name);
        d.type_params.iter().for_each(|list| self.type_params(list, false));
        self.signature(&d.ty);
        if let Some(body) = &d.body {
            let header = self.distance(d.span.start, start);
            self.func_body(header, Gap::Cell, body);
        }
    }
}

/// Where a spec stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Behind the keyword.
    Alone,
    /// In parentheses, without others.
    OnlyLine,
    /// In parentheses, at this index among others.
    Line(usize),
}

fn keyword(decl: &Decl) -> Token {
    match decl {
        Decl::Import(_) => Token::Import,
        Decl::Const(_) => Token::Const,
        Decl::Var(_) => Token::Var,
        Decl::Type(_) => Token::Type,
        Decl::Func(_) | Decl::Skimmed(_) | Decl::Outlined(_) | Decl::Bad(_) => Token::Func,
    }
}

/// For each line of a group (its place, whether it has a type, whether it has values): whether the column of
/// types is there even if the line has no type. It is in every run of lines with values of which one has a
/// type.
fn keep_type_column(specs: impl Iterator<Item = (Span, bool, bool)>) -> Vec<bool> {
    let specs: Vec<_> = specs.collect();
    let mut keep = vec![false; specs.len()];
    let mut at = 0;
    for run in specs.chunk_by(|a, b| a.2 == b.2) {
        let typed = run.iter().any(|s| s.1);
        keep[at..at + run.len()].fill(run[0].2 && typed);
        at += run.len();
    }
    keep
}

/// An import path in double quotes, if it is not written so and can be.
fn interpreted_path(raw: &str) -> Option<String> {
    const ILLEGAL: &str = "!\"#$%&'()*,:;<=>?[\\]^{|}`\u{FFFD}";
    let text = unquote_string(raw)?;
    let path = std::str::from_utf8(&text).ok()?;
    let fine = |c: char| !c.is_control() && !c.is_whitespace() && !ILLEGAL.contains(c);
    let quoted = format!("\"{path}\"");
    (!path.is_empty() && path.chars().all(fine) && quoted != raw).then_some(quoted)
}
