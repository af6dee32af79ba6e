//! Lists: of expressions, of parameters, of fields.
//!
//! A list keeps the line breaks of the source. Whether the values of key-value pairs, and the comments behind
//! elements, line up with those of the line before depends on the sizes of the elements: a section ends
//! where an element is much larger or smaller than the ones before.

use super::Layout;
use super::comments::has_line_comment;
use super::pen::Gap;
use crate::ast::*;
use crate::source::{Pos, Span};
use crate::token::Token;

/// How a list of expressions is laid out.
#[derive(Clone, Copy, Default)]
pub(super) struct ListStyle {
    /// The closing bracket may stand on a line of its own, behind a comma.
    pub(super) trailing_comma: bool,
    /// Further lines are not indented.
    pub(super) flush: bool,
}

/// An element of a list.
pub(super) trait Item: Node {
    fn lay_out(&self, layout: &mut Layout<'_>, depth: u32);

    /// The pair that the element is, if it is one.
    fn pair(&self) -> Option<&KeyValueExpr> {
        None
    }
}

impl Item for Expr {
    fn lay_out(&self, layout: &mut Layout<'_>, depth: u32) {
        layout.expr_at(self, depth);
    }

    fn pair(&self) -> Option<&KeyValueExpr> {
        match self {
            Expr::KeyValue(pair) => Some(pair),
            _ => None,
        }
    }
}

impl Item for Ident {
    fn lay_out(&self, layout: &mut Layout<'_>, _depth: u32) {
        layout.ident(self);
    }
}

/// A size larger than any source line has.
const HUGE: usize = 1_000_000;

/// Decides from the sizes of the elements of a list where its sections end.
#[derive(Default)]
struct Sizes {
    previous: usize,
    log2_sum: f64,
    count: u32,
}

impl Sizes {
    /// Whether an element of this size (zero: unknown or too large) ends the section of the ones before: when
    /// it is not small, and very different from their geometric mean.
    fn ends_section(&self, size: usize) -> bool {
        const SMALL: usize = 40;
        const RATIO: f64 = 2.5;
        if self.previous == 0 || size == 0 {
            return true;
        }
        if self.count == 0 || self.previous <= SMALL && size <= SMALL {
            return false;
        }
        let ratio = size as f64 / exp2_roughly(self.log2_sum / f64::from(self.count));
        RATIO * ratio <= 1.0 || RATIO <= ratio
    }

    fn add(&mut self, size: usize) {
        self.previous = size;
        if size > 0 {
            self.log2_sum += log2_roughly(size);
            self.count += 1;
        }
    }

    fn new_section(&mut self) {
        self.log2_sum = 0.0;
        self.count = 0;
    }
}

/// The binary logarithm of a size, linear between powers of two.
fn log2_roughly(size: usize) -> f64 {
    let whole = size.ilog2();
    f64::from(whole) + size as f64 / f64::from(whole).exp2() - 1.0
}

/// The inverse of [`log2_roughly`].
fn exp2_roughly(x: f64) -> f64 {
    let whole = x.floor();
    (1.0 + (x - whole)) * whole.exp2()
}

impl Layout<'_> {
    /// Names with commas between them.
    pub(super) fn idents(&mut self, names: &[Ident], indent: bool) {
        let style = ListStyle { trailing_comma: false, flush: !indent };
        self.list(Pos::NONE, names, 1, style, Pos::NONE);
    }

    /// Expressions with commas between them. `before` and `after` say where the tokens around the list stand,
    /// if they are to be considered.
    pub(super) fn list<T: Item>(
        &mut self,
        before: Pos,
        list: &[T],
        depth: u32,
        style: ListStyle,
        after: Pos,
    ) {
        let [first, ..] = list else { return };
        let (before_line, after_line) = (self.pen.line(before), self.pen.line(after));
        let line = self.pen.line(first.pos());
        let end_line = self.pen.line(list[list.len() - 1].end());
        if before.is_valid() && before_line == line && line == end_line {
            return self.one_line_list(list, depth);
        }
        // The indentation that the first line break brings.
        let mut ws = if style.flush { Gap::None } else { Gap::In };
        let mut previous_break = None;
        if before.is_valid() && before_line < line && self.pen.line_break(line, 0, ws, true) > 0 {
            ws = Gap::None;
            previous_break = Some(0);
        }
        let bounded = before.is_valid() && after.is_valid();
        let mut sizes = Sizes::default();
        let mut previous_line = before_line;
        for (i, x) in list.iter().enumerate() {
            let line = self.pen.line(x.pos());
            let size = if bounded { self.list_size(x) } else { 0 };
            let breaks = 0 < previous_line && previous_line < line;
            if i > 0 {
                let section = sizes.ends_section(size) || previous_break.is_none_or(|p| p + 1 < i);
                let n = self.list_separator(x.pos(), line, breaks, ws, section);
                if n > 0 {
                    ws = Gap::None;
                    previous_break = Some(i);
                }
                if n > 1 {
                    sizes.new_section();
                }
            }
            match x.pair() {
                Some(pair) if list.len() > 1 && size > 0 && breaks => self.aligned_pair(pair),
                _ => x.lay_out(self, depth),
            }
            sizes.add(size);
            previous_line = line;
        }
        let indented = ws == Gap::None && !style.flush;
        let comma = style.trailing_comma && after.is_valid() && self.pen.pos.line < after_line;
        if comma {
            self.pen.token(Token::Comma);
        }
        if indented {
            self.pen.gap(Gap::Out);
        }
        if comma {
            self.pen.gap(Gap::Section);
        }
    }

    fn one_line_list<T: Item>(&mut self, list: &[T], depth: u32) {
        for (i, x) in list.iter().enumerate() {
            if i > 0 {
                self.pen.at(x.pos());
                self.pen.token(Token::Comma);
                self.pen.gap(Gap::Blank);
            }
            x.lay_out(self, depth);
        }
    }

    /// The comma before an element and the line break or blank behind it; answers as `line_break` does.
    fn list_separator(&mut self, next: Pos, line: i64, breaks: bool, ws: Gap, section: bool) -> i64 {
        if !breaks {
            // Comments before the element go before the comma.
            self.pen.at(next);
        }
        self.pen.token(Token::Comma);
        let n = if breaks { self.pen.line_break(line, 0, ws, section) } else { 0 };
        if n == 0 {
            self.pen.gap(Gap::Blank);
        }
        n
    }

    /// The size of an element as far as alignment is concerned: of its key, if it is a pair. Zero if it does
    /// not fit a line.
    fn list_size<T: Item>(&mut self, x: &T) -> usize {
        let size = self.size(x.id(), HUGE, |p| x.lay_out(p, 1));
        match x.pair() {
            _ if size > HUGE => 0,
            Some(pair) => self.expr_size(&pair.key, HUGE),
            None => size,
        }
    }

    fn aligned_pair(&mut self, pair: &KeyValueExpr) {
        self.pen.at(pair.span.start);
        self.expr(&pair.key);
        self.pen.at(pair.colon);
        self.pen.token(Token::Colon);
        self.pen.gap(Gap::Cell);
        self.expr(&pair.value);
    }

    // -------------------------------------------------------------------------------------------------------
    // Parameters

    /// Parameters in parentheses.
    pub(super) fn params(&mut self, list: &FieldList) {
        self.bracketed(list, Token::LParen, Token::RParen, false);
    }

    /// Type parameters in brackets; with `ambiguous`, those of a type, which could be taken for an array's
    /// length.
    pub(super) fn type_params(&mut self, list: &FieldList, ambiguous: bool) {
        self.bracketed(list, Token::LBrack, Token::RBrack, ambiguous);
    }

    fn bracketed(&mut self, list: &FieldList, open: Token, close: Token, ambiguous: bool) {
        self.pen.at(list.span.start);
        self.pen.token(open);
        let closing = Pos(list.span.end.0 - 1);
        if !list.fields.is_empty() {
            let mut previous_line = self.pen.line(list.span.start);
            let mut ws = Gap::In;
            for (i, field) in list.fields.iter().enumerate() {
                let line = self.pen.line(field.span.start);
                let breaks = previous_line < line;
                if i > 0 {
                    if !breaks {
                        self.pen.at(field.span.start);
                    }
                    self.pen.token(Token::Comma);
                }
                if breaks && self.pen.line_break(line, 0, ws, true) > 0 {
                    ws = Gap::None;
                } else if i > 0 {
                    self.pen.gap(Gap::Blank);
                }
                self.param(field, ws == Gap::In);
                previous_line = self.pen.line(field.span.end);
            }
            let closing_line = self.pen.line(closing);
            if previous_line < closing_line {
                self.pen.token(Token::Comma);
                self.pen.line_break(closing_line, 0, Gap::None, true);
            } else if ambiguous && list.count() == 1 && combines_with_name(strip_parens(&list.fields[0].ty)) {
                self.pen.token(Token::Comma);
            }
            if ws == Gap::None {
                self.pen.gap(Gap::Out);
            }
        }
        self.pen.at(closing);
        self.pen.token(close);
    }

    fn param(&mut self, field: &Field, indent: bool) {
        if !field.names.is_empty() {
            self.idents(&field.names, indent);
            self.pen.gap(Gap::Blank);
        }
        if field.ellipsis.is_valid() {
            self.pen.at(field.ellipsis);
            self.pen.token(Token::Ellipsis);
            self.expr(&field.ty);
        } else {
            self.expr(strip_parens(&field.ty));
        }
    }

    /// Parameters and results.
    pub(super) fn signature(&mut self, ty: &FuncType) {
        self.params(&ty.params);
        match &ty.results.fields[..] {
            [] => {}
            [one] if one.names.is_empty() => {
                self.pen.gap(Gap::Blank);
                self.expr(strip_parens(&one.ty));
            }
            _ => {
                self.pen.gap(Gap::Blank);
                self.params(&ty.results);
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------
    // Structs and interfaces

    /// The fields of a struct, in braces.
    pub(super) fn struct_fields(&mut self, list: &FieldList) {
        let fields = &list.fields;
        let one_line = match &fields[..] {
            [field] => field.tag.is_none() && self.fits_one_line(&field.names, &field.ty),
            fields => fields.is_empty(),
        };
        self.braces(list.span, fields, one_line, |p, multi_line| match &fields[..] {
            [field] if !multi_line => {
                p.one_line_field(field);
            }
            _ => p.field_lines(fields),
        });
    }

    fn fits_one_line(&mut self, names: &[Ident], ty: &Expr) -> bool {
        const MAX: usize = 30;
        let gap = usize::from(!names.is_empty());
        gap + self.expr_size(ty, MAX) <= MAX
    }

    fn one_line_field(&mut self, field: &Field) {
        for (i, name) in field.names.iter().enumerate() {
            if i > 0 {
                self.pen.token(Token::Comma);
                self.pen.gap(Gap::Blank);
            }
            self.ident(name);
        }
        if !field.names.is_empty() {
            self.pen.gap(Gap::Blank);
        }
        self.expr(&field.ty);
    }

    /// Names, types, tags and comments in columns of their own; a single field has none to line up with.
    fn field_lines(&mut self, fields: &[Field]) {
        let sep = if fields.len() == 1 { Gap::Blank } else { Gap::Cell };
        let slot = self.pen.line_slot();
        for (i, field) in fields.iter().enumerate() {
            if i > 0 {
                let (line, section) = (self.pen.line(field.span.start), self.pen.left_line(slot));
                self.pen.line_break(line, 1, Gap::None, section);
            }
            self.pen.remember_line(slot);
            let named = !field.names.is_empty();
            if named {
                self.idents(&field.names, false);
                self.pen.gap(sep);
            }
            self.expr(&field.ty);
            let mut columns = if named { 1 } else { 2 };
            if let Some(tag) = &field.tag {
                if named && sep == Gap::Cell {
                    self.pen.gap(sep);
                }
                self.pen.gap(sep);
                self.literal(tag);
                columns = 0;
            }
            if self.has_comment(field.span.end) {
                (0..columns).for_each(|_| self.pen.gap(sep));
            }
        }
    }

    /// Whether a comment follows on the line of what ends here.
    pub(super) fn has_comment(&self, end: Pos) -> bool {
        has_line_comment(self.pen.src, self.pen.groups, self.pen.place(end))
    }

    /// The elements of an interface, in braces.
    pub(super) fn interface_elems(&mut self, braces: Span, elems: &[InterfaceElem]) {
        let one_line = match elems {
            [InterfaceElem::Method(m)] => {
                let names = [m.name];
                let size = self.size(m.ty.id, 30, |p| p.func_type(&m.ty));
                usize::from(!names.is_empty()) + size <= 30
            }
            [InterfaceElem::Embedded(ty)] => self.fits_one_line(&[], ty),
            elems => elems.is_empty(),
        };
        self.braces(braces, elems, one_line, |p, _| {
            let slot = p.pen.line_slot();
            for (i, elem) in elems.iter().enumerate() {
                if i > 0 {
                    let start = match elem {
                        InterfaceElem::Method(m) => m.span.start,
                        InterfaceElem::Embedded(ty) => ty.pos(),
                    };
                    let (line, section) = (p.pen.line(start), p.pen.left_line(slot));
                    p.pen.line_break(line, 1, Gap::None, section);
                }
                p.pen.remember_line(slot);
                match elem {
                    InterfaceElem::Method(m) => {
                        p.ident(&m.name);
                        m.type_params.iter().for_each(|list| p.type_params(list, false));
                        p.signature(&m.ty);
                    }
                    InterfaceElem::Embedded(ty) => p.expr(ty),
                }
            }
        });
    }

    /// What stands in the braces of a type: on one line if it fits and was on one line, else each element on a
    /// line of its own. `body` writes it and is told whether there are several lines.
    fn braces<T>(&mut self, braces: Span, elems: &[T], fits: bool, body: impl FnOnce(&mut Self, bool)) {
        let (lbrace, rbrace) = (braces.start, Pos(braces.end.0 - 1));
        let has_comments = self.pen.comment_before(self.pen.place(rbrace));
        let was_one_line = self.pen.line(lbrace) == self.pen.line(rbrace);
        if !has_comments && was_one_line && fits {
            self.pen.at(lbrace);
            self.pen.token(Token::LBrace);
            if !elems.is_empty() {
                self.pen.gap(Gap::Blank);
                body(self, false);
                self.pen.gap(Gap::Blank);
            }
            self.pen.at(rbrace);
            self.pen.token(Token::RBrace);
            return;
        }
        self.pen.gap(Gap::Blank);
        self.pen.at(lbrace);
        self.pen.token(Token::LBrace);
        self.pen.gap(Gap::In);
        if has_comments || !elems.is_empty() {
            self.pen.gap(Gap::Section);
        }
        body(self, true);
        self.pen.gap_all(&[Gap::Out, Gap::Section]);
        self.pen.at(rbrace);
        self.pen.token(Token::RBrace);
    }
}

/// A type without the parentheses around it.
pub(super) fn strip_parens(x: &Expr) -> &Expr {
    x.unparen()
}

/// Whether `[P x]` would be read as an array's length: `P *C`, `P (C)`.
fn combines_with_name(x: &Expr) -> bool {
    match x {
        Expr::Star(x) => !is_type_elem(&x.x),
        Expr::Binary(x) => combines_with_name(&x.x) && !is_type_elem(&x.y),
        Expr::Paren(x) => !is_type_elem(&x.x),
        Expr::Union(u) => {
            let [first, rest @ ..] = &u.terms[..] else { return false };
            !first.tilde.is_valid()
                && combines_with_name(&first.ty)
                && !rest.iter().any(|t| t.tilde.is_valid() || is_type_elem(&t.ty))
        }
        _ => false,
    }
}

/// Whether an expression can only be a type.
fn is_type_elem(x: &Expr) -> bool {
    match x {
        Expr::ArrayType(_)
        | Expr::SliceType(_)
        | Expr::StructType(_)
        | Expr::FuncType(_)
        | Expr::InterfaceType(_)
        | Expr::MapType(_)
        | Expr::ChanType(_)
        | Expr::PortType(_)
        | Expr::IslandType(_) => true,
        Expr::Union(u) => u.terms.iter().any(|t| t.tilde.is_valid() || is_type_elem(&t.ty)),
        Expr::Binary(x) => is_type_elem(&x.x) || is_type_elem(&x.y),
        Expr::Paren(x) => is_type_elem(&x.x),
        _ => false,
    }
}
