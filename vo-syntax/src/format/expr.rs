//! Expressions and types.
//!
//! Binary expressions show their structure by blanks: around loosely binding operators they stand, around
//! tightly binding ones they are left out, the more so the deeper an expression is nested. `depth` counts that
//! nesting, from 1.

use super::Layout;
use super::lists::ListStyle;
use super::pen::Gap;
use crate::ast::*;
use crate::source::Pos;
use crate::token::Token;

/// Binds more tightly than every binary operator.
const UNARY: u32 = 6;
/// Binds more tightly than every operator: operands, selectors, calls.
const PRIMARY: u32 = 7;

impl Layout<'_> {
    /// An expression on its own.
    pub(super) fn expr(&mut self, x: &Expr) {
        self.expr_at(x, 1);
    }

    /// An expression at a depth.
    pub(super) fn expr_at(&mut self, x: &Expr, depth: u32) {
        self.expr_in(x, 0, depth);
    }

    /// The size of an expression on one line, or more than `max`.
    pub(super) fn expr_size(&mut self, x: &Expr, max: usize) -> usize {
        self.size(x.id(), max, |p| p.expr(x))
    }

    /// A name.
    pub(super) fn ident(&mut self, name: &Ident) {
        self.pen.at(name.span.start);
        self.pen.name(name.name.as_str());
    }

    /// An expression as an operand of an operator of precedence `outer`.
    fn expr_in(&mut self, x: &Expr, outer: u32, depth: u32) {
        self.pen.at(x.pos());
        match x {
            Expr::Bad(_) => panic!("internal error: a tree with errors is laid out"),
            Expr::Ident(name) => self.pen.name(name.name.as_str()),
            Expr::IslandType(_) => self.pen.name("island"),
            Expr::BasicLit(lit) => self.literal(lit),
            Expr::CompositeLit(x) => self.composite(x, depth),
            Expr::FuncLit(x) => self.func_lit(x),
            Expr::Paren(x) => self.paren(x, depth),
            Expr::Selector(_) => {
                self.selector(x, depth, false);
            }
            Expr::Dyn(_) => {
                self.selector(x, depth, false);
            }
            Expr::Try(x) => {
                let indented = self.callee(&x.x, depth);
                self.pen.at(x.question);
                self.pen.token(Token::Question);
                self.outdent(indented);
            }
            Expr::Index(x) => self.index(x, depth),
            Expr::Slice(x) => self.slice(x, depth),
            Expr::TypeAssert(x) => self.type_assert(&x.x, x.ty.as_ref(), Pos(x.span.end.0 - 1), depth),
            Expr::Call(x) => self.call(x, depth),
            Expr::Star(x) if UNARY < outer => self.in_parens(|p| p.star(x)),
            Expr::Star(x) => self.star(x),
            Expr::Unary(u) if UNARY < outer => self.in_parens(|p| p.unary(u, 1)),
            Expr::Unary(x) => self.unary(x, depth),
            Expr::Binary(x) => self.binary(x, outer, depth),
            Expr::KeyValue(x) => {
                self.expr(&x.key);
                self.pen.at(x.colon);
                self.pen.token(Token::Colon);
                self.pen.gap(Gap::Blank);
                self.expr(&x.value);
            }
            Expr::Union(x) => self.union(x),
            ty => self.type_literal(ty),
        }
    }

    fn type_literal(&mut self, ty: &Expr) {
        match ty {
            Expr::ArrayType(x) => {
                self.pen.token(Token::LBrack);
                match &x.len {
                    ArrayLen::Expr(len) => self.expr(len),
                    ArrayLen::Ellipsis(pos) => {
                        self.pen.at(*pos);
                        self.pen.token(Token::Ellipsis);
                    }
                }
                self.pen.token(Token::RBrack);
                self.expr(&x.elem);
            }
            Expr::SliceType(x) => {
                self.pen.token(Token::LBrack);
                self.pen.token(Token::RBrack);
                self.expr(&x.elem);
            }
            Expr::StructType(x) => {
                self.pen.token(Token::Struct);
                self.struct_fields(&x.fields);
            }
            Expr::FuncType(x) => self.func_type(x),
            Expr::InterfaceType(x) => {
                self.pen.token(Token::Interface);
                let lbrace = self.find(x.span.start.offset(Token::Interface.text().len() as u32), b'{');
                self.interface_elems(crate::source::Span::new(lbrace, x.span.end), &x.elems);
            }
            Expr::MapType(x) => {
                self.pen.token(Token::Map);
                self.pen.token(Token::LBrack);
                self.expr(&x.key);
                self.pen.token(Token::RBrack);
                self.expr(&x.value);
            }
            Expr::ChanType(x) => self.chan_type(Token::Chan, x.span.start, x.dir, &x.elem),
            Expr::PortType(x) => self.chan_type(Token::Port, x.span.start, x.dir, &x.elem),
            other => panic!("internal error: {other} is no type"),
        }
    }

    /// A function type with its keyword.
    pub(super) fn func_type(&mut self, ty: &FuncType) {
        self.pen.token(Token::Func);
        self.signature(ty);
    }

    fn chan_type(&mut self, word: Token, start: Pos, dir: ChanDir, elem: &Expr) {
        if dir == ChanDir::Recv {
            self.pen.token(Token::Arrow);
        }
        self.pen.token(word);
        if dir == ChanDir::Send {
            let arrow = self.find(start.offset(word.text().len() as u32), b'<');
            self.pen.at(arrow);
            self.pen.token(Token::Arrow);
        }
        self.pen.gap(Gap::Blank);
        self.expr(elem);
    }

    /// The terms of a constraint.
    fn union(&mut self, x: &UnionExpr) {
        let mut end = x.span.start;
        for (i, term) in x.terms.iter().enumerate() {
            if i > 0 {
                self.pen.gap(Gap::Blank);
                let (before, line) = (self.pen.pos.line, self.pen.line(term.span.start));
                let op = self.find(end, b'|');
                self.pen.at(op);
                self.pen.token(Token::Or);
                let broken = before != line && self.pen.line_break(line, 1, Gap::In, true) > 0;
                if !broken {
                    self.pen.gap(Gap::Blank);
                }
                self.term(term);
                self.outdent(broken);
            } else {
                self.term(term);
            }
            end = term.span.end;
        }
    }

    fn term(&mut self, term: &UnionTerm) {
        self.pen.at(term.span.start);
        if term.tilde.is_valid() {
            self.pen.token(Token::Tilde);
        }
        self.expr_in(&term.ty, if term.tilde.is_valid() { UNARY } else { 0 }, 1);
    }

    // -------------------------------------------------------------------------------------------------------
    // Operands

    /// A literal; numbers are written in lower case.
    pub(super) fn literal(&mut self, lit: &BasicLit) {
        self.pen.at(lit.span.start);
        let kind = match lit.kind {
            LitKind::Int => Token::Int,
            LitKind::Float => Token::Float,
            LitKind::Imag => Token::Imag,
            LitKind::Char => Token::Char,
            LitKind::String => Token::String,
        };
        match lit.kind {
            LitKind::Char => self.pen.literal(kind, &lit.raw),
            LitKind::String => self.pen.literal(kind, &lit.raw.replace('\r', "")),
            _ => self.pen.literal(kind, &normal_number(&lit.raw)),
        }
    }

    fn func_lit(&mut self, x: &FuncLit) {
        self.pen.at(x.ty.span.start);
        let word = Token::Func.text().len() as i64;
        self.pen.token(Token::Func);
        let start = self.pen.out_col - word;
        self.signature(&x.ty);
        let header = self.distance(x.span.start, start);
        self.func_body(header, Gap::Blank, &x.body);
    }

    fn composite(&mut self, x: &CompositeLit, depth: u32) {
        if let Some(ty) = &x.ty {
            self.expr_in(ty, PRIMARY, depth);
        }
        self.pen.literals += 1;
        self.pen.at(x.lbrace);
        self.pen.token(Token::LBrace);
        let style = ListStyle { trailing_comma: true, flush: false };
        self.list(x.lbrace, &x.elts, 1, style, x.rbrace);
        // Comments before the closing brace stay where they are: it needs no line break before it.
        self.pen.gap_all(&[Gap::In, Gap::Out]);
        let modes = (self.pen.joined, self.pen.tight);
        self.pen.joined = !modes.0;
        self.pen.tight ^= !x.elts.is_empty();
        self.pen.at(x.rbrace);
        self.pen.token(Token::RBrace);
        (self.pen.joined, self.pen.tight) = modes;
        self.pen.literals -= 1;
    }

    fn in_parens(&mut self, inner: impl FnOnce(&mut Self)) {
        self.pen.token(Token::LParen);
        inner(self);
        self.pen.token(Token::RParen);
    }

    fn paren(&mut self, x: &ParenExpr, depth: u32) {
        if let Expr::Paren(_) = &x.x {
            return self.expr_at(&x.x, depth);
        }
        self.pen.token(Token::LParen);
        self.expr_at(&x.x, less(depth));
        self.pen.at(Pos(x.span.end.0 - 1));
        self.pen.token(Token::RParen);
    }

    // -------------------------------------------------------------------------------------------------------
    // Selectors, calls, indexing

    /// What is called, or what `?` stands behind. A selector's line break indents what follows up to the end of
    /// the call: the answer says whether it did.
    fn callee(&mut self, x: &Expr, depth: u32) -> bool {
        match x {
            Expr::Selector(_) => {
                self.pen.at(x.pos());
                self.selector(x, depth, true)
            }
            x => {
                self.expr_in(x, PRIMARY, depth);
                false
            }
        }
    }

    fn outdent(&mut self, indented: bool) {
        if indented {
            self.pen.gap(Gap::Out);
        }
    }

    /// `x.sel` and `x~>…`. Answers whether the rest remains indented, which only a callee asks for.
    fn selector(&mut self, x: &Expr, depth: u32, callee: bool) -> bool {
        match x {
            Expr::Selector(x) => {
                self.expr_in(&x.x, PRIMARY, depth);
                self.pen.token(Token::Period);
                let indented = self.member(x.sel.span.start, |p| p.ident(&x.sel));
                self.outdent(indented && !callee);
                indented && callee
            }
            Expr::Dyn(x) => {
                self.expr_in(&x.x, PRIMARY, depth);
                self.pen.at(x.arrow);
                self.pen.token(Token::DynArrow);
                let indented = self.dyn_op(x, depth);
                self.outdent(indented);
                false
            }
            other => panic!("internal error: {other} is no selector"),
        }
    }

    /// What stands behind a dot, on a line of its own if it was.
    fn member(&mut self, pos: Pos, name: impl FnOnce(&mut Self)) -> bool {
        let indented = self.pen.pos.line < self.pen.line(pos);
        if indented {
            self.pen.gap_all(&[Gap::In, Gap::Line]);
        }
        self.pen.at(pos);
        name(self);
        indented
    }

    fn dyn_op(&mut self, x: &DynExpr, depth: u32) -> bool {
        let end = Pos(x.span.end.0 - 1);
        match &x.op {
            DynOp::Field(name) => self.member(name.span.start, |p| p.ident(name)),
            DynOp::Index(key) => {
                self.pen.token(Token::LBrack);
                self.expr_at(key, depth + 1);
                self.pen.at(end);
                self.pen.token(Token::RBrack);
                false
            }
            DynOp::Call { args, ellipsis } => {
                let lparen = self.find(x.arrow.offset(2), b'(');
                self.args(lparen, args, *ellipsis, end, depth);
                false
            }
            DynOp::Method { name, args, ellipsis } => {
                let indented = self.member(name.span.start, |p| p.ident(name));
                let lparen = self.find(name.span.end, b'(');
                self.args(lparen, args, *ellipsis, end, depth);
                indented
            }
        }
    }

    /// A call.
    pub(super) fn call(&mut self, x: &CallExpr, depth: u32) {
        let depth = if x.args.len() > 1 { depth + 1 } else { depth };
        // Without parentheses, func() (T) and <-chan T (x) would mean something else.
        let parens = match &x.fun {
            Expr::FuncType(_) => true,
            Expr::ChanType(c) => c.dir == ChanDir::Recv,
            Expr::PortType(c) => c.dir == ChanDir::Recv,
            _ => false,
        };
        if parens {
            self.pen.token(Token::LParen);
        }
        let indented = self.callee(&x.fun, depth);
        if parens {
            self.pen.token(Token::RParen);
        }
        self.args(x.lparen, &x.args, x.ellipsis, x.rparen, depth);
        self.outdent(indented);
    }

    fn args(&mut self, lparen: Pos, args: &[Expr], ellipsis: Pos, rparen: Pos, depth: u32) {
        self.pen.at(lparen);
        self.pen.token(Token::LParen);
        if ellipsis.is_valid() {
            self.list(lparen, args, depth, ListStyle::default(), ellipsis);
            self.pen.at(ellipsis);
            self.pen.token(Token::Ellipsis);
            if self.pen.line(ellipsis) < self.pen.line(rparen) {
                self.pen.token(Token::Comma);
                self.pen.gap(Gap::Section);
            }
        } else {
            self.list(lparen, args, depth, ListStyle { trailing_comma: true, flush: false }, rparen);
        }
        self.pen.at(rparen);
        self.pen.token(Token::RParen);
    }

    /// `x.(T)` or, without a type, `x.(type)`.
    pub(super) fn type_assert(&mut self, x: &Expr, ty: Option<&Expr>, rparen: Pos, depth: u32) {
        self.pen.at(x.pos());
        self.expr_in(x, PRIMARY, depth);
        self.pen.token(Token::Period);
        let dot = self.find(x.end(), b'.');
        let lparen = self.find(dot.offset(1), b'(');
        self.pen.at(lparen);
        self.pen.token(Token::LParen);
        match ty {
            Some(ty) => self.expr(ty),
            None => self.pen.token(Token::Type),
        }
        self.pen.at(rparen);
        self.pen.token(Token::RParen);
    }

    fn index(&mut self, x: &IndexExpr, depth: u32) {
        let rbrack = Pos(x.span.end.0 - 1);
        self.expr_in(&x.x, PRIMARY, 1);
        self.pen.at(x.lbrack);
        self.pen.token(Token::LBrack);
        match &x.indices[..] {
            [one] => self.expr_at(one, depth + 1),
            several => {
                let style = ListStyle { trailing_comma: true, flush: false };
                self.list(x.lbrack, several, depth + 1, style, rbrack);
            }
        }
        self.pen.at(rbrack);
        self.pen.token(Token::RBrack);
    }

    fn slice(&mut self, x: &SliceExpr, depth: u32) {
        self.expr_in(&x.x, PRIMARY, 1);
        self.pen.at(x.lbrack);
        self.pen.token(Token::LBrack);
        let bounds = [&x.lo, &x.hi, &x.max];
        let bounds = &bounds[..if x.max.is_some() { 3 } else { 2 }];
        let given = bounds.iter().filter(|b| b.is_some()).count();
        let binary = bounds.iter().any(|b| matches!(b, Some(Expr::Binary(_))));
        let blanks = depth <= 1 && given > 1 && binary;
        for (i, bound) in bounds.iter().enumerate() {
            if i > 0 {
                if bounds[i - 1].is_some() && blanks {
                    self.pen.gap(Gap::Blank);
                }
                self.pen.token(Token::Colon);
                if bound.is_some() && blanks {
                    self.pen.gap(Gap::Blank);
                }
            }
            if let Some(bound) = bound {
                self.expr_at(bound, depth + 1);
            }
        }
        self.pen.at(Pos(x.span.end.0 - 1));
        self.pen.token(Token::RBrack);
    }

    // -------------------------------------------------------------------------------------------------------
    // Operators

    fn star(&mut self, x: &StarExpr) {
        self.pen.token(Token::Mul);
        self.expr(&x.x);
    }

    fn unary(&mut self, x: &UnaryExpr, depth: u32) {
        self.pen.at(x.span.start);
        self.pen.token(match x.op {
            UnaryOp::Plus => Token::Add,
            UnaryOp::Neg => Token::Sub,
            UnaryOp::Not => Token::Not,
            UnaryOp::BitNot => Token::Xor,
            UnaryOp::Addr => Token::And,
            UnaryOp::Recv => Token::Arrow,
        });
        self.expr_in(&x.x, UNARY, depth);
    }

    fn binary(&mut self, x: &BinaryExpr, outer: u32, depth: u32) {
        self.binary_cut(x, outer, cutoff(x, depth), depth);
    }

    /// Operators that bind less tightly than `cutoff` have blanks around them.
    fn binary_cut(&mut self, x: &BinaryExpr, outer: u32, cutoff: u32, depth: u32) {
        let prec = x.op.precedence();
        if prec < outer {
            return self.in_parens(|p| {
                p.pen.at(x.span.start);
                p.binary(x, 0, less(depth));
            });
        }
        let same = |e: &Expr| matches!(e, Expr::Binary(b) if b.op.precedence() == prec);
        self.expr_in(&x.x, prec, depth + u32::from(!same(&x.x)));
        let mut blanks = prec < cutoff;
        if blanks {
            self.pen.gap(Gap::Blank);
        }
        let (x_line, y_line) = (self.pen.pos.line, self.pen.line(x.y.pos()));
        self.pen.at(x.op_pos);
        self.pen.token(binary_token(x.op));
        let broken = x_line != y_line && self.pen.line_break(y_line, 1, Gap::In, true) > 0;
        blanks &= !broken;
        if blanks {
            self.pen.gap(Gap::Blank);
        }
        self.expr_in(&x.y, prec + 1, depth + 1);
        self.outdent(broken);
    }
}

/// Parentheses undo a level of nesting.
fn less(depth: u32) -> u32 {
    depth.saturating_sub(1).max(1)
}

/// The token of a binary operator.
pub(super) fn binary_token(op: BinaryOp) -> Token {
    use BinaryOp as Op;
    match op {
        Op::LogOr => Token::LogOr,
        Op::LogAnd => Token::LogAnd,
        Op::Eq => Token::Eq,
        Op::Ne => Token::Ne,
        Op::Lt => Token::Lt,
        Op::Le => Token::Le,
        Op::Gt => Token::Gt,
        Op::Ge => Token::Ge,
        Op::Add => Token::Add,
        Op::Sub => Token::Sub,
        Op::Or => Token::Or,
        Op::Xor => Token::Xor,
        Op::Mul => Token::Mul,
        Op::Quo => Token::Quo,
        Op::Rem => Token::Rem,
        Op::And => Token::And,
        Op::AndNot => Token::AndNot,
        Op::Shl => Token::Shl,
        Op::Shr => Token::Shr,
    }
}

/// What a chain of binary operators is made of.
#[derive(Default)]
struct Chain {
    has4: bool,
    has5: bool,
    /// The tightest operator that needs blanks lest it run together with what follows it; 0 if none.
    clash: u32,
}

impl Chain {
    /// Looks at the operators that would stand side by side without parentheses.
    fn walk(&mut self, x: &BinaryExpr) {
        let prec = x.op.precedence();
        self.has4 |= prec == 4;
        self.has5 |= prec == 5;
        if let Expr::Binary(left) = &x.x
            && left.op.precedence() >= prec
        {
            self.walk(left);
        }
        match &x.y {
            Expr::Binary(right) if right.op.precedence() > prec => self.walk(right),
            Expr::Star(_) if x.op == BinaryOp::Quo => self.clash = 5,
            Expr::Unary(u) => {
                let clash = match (x.op, u.op) {
                    (BinaryOp::And, UnaryOp::Addr | UnaryOp::BitNot) => 5,
                    (BinaryOp::Add, UnaryOp::Plus) | (BinaryOp::Sub, UnaryOp::Neg) => 4,
                    _ => 0,
                };
                self.clash = self.clash.max(clash);
            }
            _ => {}
        }
    }
}

/// Below which precedence the operators of an expression have blanks around them.
fn cutoff(x: &BinaryExpr, depth: u32) -> u32 {
    let mut chain = Chain::default();
    chain.walk(x);
    match chain {
        Chain { clash, .. } if clash > 0 => clash + 1,
        Chain { has4: true, has5: true, .. } if depth == 1 => 5,
        _ if depth == 1 => 6,
        _ => 4,
    }
}

/// A number with prefix, exponent and leading zeros in their usual form; hexadecimal digits stay as they are.
fn normal_number(raw: &str) -> String {
    let exponent = |digits: &str, upper: char, lower: &str| match digits.rsplit_once(upper) {
        Some((head, tail)) => format!("{head}{lower}{tail}"),
        None => digits.to_owned(),
    };
    match raw.get(..2) {
        Some("0X" | "0x") => format!("0x{}", exponent(&raw[2..], 'P', "p")),
        Some("0O") => format!("0o{}", &raw[2..]),
        Some("0B") => format!("0b{}", &raw[2..]),
        Some("0o" | "0b") | None => raw.to_owned(),
        Some(_) if raw.contains('E') => exponent(raw, 'E', "e"),
        Some(_) if raw.ends_with('i') && !raw.contains(['.', 'e']) => {
            match raw.trim_start_matches(['0', '_']) {
                "i" => "0i".to_owned(),
                digits => digits.to_owned(),
            }
        }
        Some(_) => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::normal_number;

    #[test]
    fn numbers_have_one_form() {
        let cases = [
            ("0XAB", "0xAB"),
            ("0X1P3", "0x1p3"),
            ("0B1", "0b1"),
            ("0O7", "0o7"),
            ("1E5", "1e5"),
            ("0123i", "123i"),
            ("00i", "0i"),
            ("1", "1"),
        ];
        for (raw, normal) in cases {
            assert_eq!(normal_number(raw), normal);
        }
    }
}
