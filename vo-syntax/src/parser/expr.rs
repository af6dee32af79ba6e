//! Expressions.

use super::*;

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Expr {
        self.measured(|p| {
            let first = p.unary();
            p.binary_from(first, 0)
        })
    }

    /// `expr { "," expr }`
    pub(super) fn expr_list(&mut self) -> Vec<Expr> {
        let mut list = vec![self.expr()];
        while self.got(Token::Comma) {
            list.push(self.expr());
        }
        list
    }

    /// Binary operators that bind tighter than `min`, after a first operand.
    pub(super) fn binary_from(&mut self, mut x: Expr, min: u32) -> Expr {
        while let Some(op) = binary_op(self.token).filter(|op| op.precedence() > min) {
            let (id, op_pos) = (self.id(), self.pos());
            self.next();
            let left = std::mem::take(&mut self.height);
            let operand = self.unary();
            let y = self.binary_from(operand, op.precedence());
            self.height = self.height.max(left);
            self.chained();
            let span = Span::new(x.pos(), y.end());
            x = Expr::Binary(Box::new(BinaryExpr { id, span, op, op_pos, x, y }));
        }
        x
    }

    /// `op x`, or a primary expression.
    fn unary(&mut self) -> Expr {
        let op = match self.token {
            Token::Add => UnaryOp::Plus,
            Token::Sub => UnaryOp::Neg,
            Token::Not => UnaryOp::Not,
            Token::Xor => UnaryOp::BitNot,
            Token::And => UnaryOp::Addr,
            Token::Arrow => return self.nested(Self::receive),
            Token::Mul | Token::Tilde => return self.nested(Self::star_or_tilde),
            _ => return self.primary(),
        };
        self.nested(|p| {
            let (id, start) = (p.id(), p.pos());
            p.next();
            let x = p.unary();
            Expr::Unary(Box::new(UnaryExpr { id, span: p.span_from(start), op, x }))
        })
    }

    fn star_or_tilde(&mut self) -> Expr {
        let (id, start, tilde) = (self.id(), self.pos(), self.token == Token::Tilde);
        self.next();
        let x = self.unary();
        if tilde {
            return self.tilde_term(start, x);
        }
        Expr::Star(Box::new(StarExpr { id, span: self.span_from(start), x }))
    }

    /// `<-x`: a receive operation, or a receive-only type if `x` turns out to be a channel type.
    fn receive(&mut self) -> Expr {
        let (id, start) = (self.id(), self.pos());
        self.next();
        let mut x = self.unary();
        if matches!(x, Expr::ChanType(_) | Expr::PortType(_)) {
            self.receive_only(&mut x, start);
            return x;
        }
        let op = UnaryOp::Recv;
        Expr::Unary(Box::new(UnaryExpr { id, span: self.span_from(start), op, x }))
    }

    /// Gives the arrow before a channel type to the type: `<-(chan T)` means `<-chan T`, and then the arrow
    /// in `<-(chan<- chan T)` belongs to the inner type: `<-chan (<-chan T)`.
    fn receive_only(&mut self, mut ty: &mut Expr, mut start: Pos) {
        loop {
            let (dir, span, elem) = match ty {
                Expr::ChanType(t) => (&mut t.dir, &mut t.span, &mut t.elem),
                Expr::PortType(t) => (&mut t.dir, &mut t.span, &mut t.elem),
                other => {
                    let message = format!("unexpected {other}, expected chan");
                    return self.syntax_error(&message);
                }
            };
            span.start = start;
            match std::mem::replace(dir, ChanDir::Recv) {
                ChanDir::Both => return,
                ChanDir::Recv => return self.syntax_error("unexpected <-, expected chan"),
                ChanDir::Send => {}
            }
            start = elem.pos();
            ty = elem;
        }
    }

    /// An operand with selectors, indices, calls and so on.
    pub(super) fn primary(&mut self) -> Expr {
        let x = self.operand();
        self.primary_from(x)
    }

    /// A literal, a name, a type, or something in parentheses.
    fn operand(&mut self) -> Expr {
        use Token::*;
        match self.token {
            Ident => Expr::Ident(self.take_ident()),
            Int | Float | Imag | Char | String => Expr::BasicLit(Box::new(self.literal())),
            LParen => self.nested(Self::paren),
            Func => self.nested(Self::func_type_or_lit),
            LBrack | Chan | Map | Struct | Interface => self.ty(),
            Island => self.island_or_name(),
            Port => self.port_or_name(),
            _ => {
                let bad = self.bad_expr();
                self.expected("expression");
                self.advance(&[RParen, RBrack, RBrace]);
                bad
            }
        }
    }

    fn paren(&mut self) -> Expr {
        let (id, start) = (self.id(), self.pos());
        self.next();
        self.expr_level += 1;
        let x = self.expr();
        self.expr_level -= 1;
        self.want(Token::RParen);
        Expr::Paren(Box::new(ParenExpr { id, span: self.span_from(start), x }))
    }

    /// `port T`, or the package of that name in `port.TrySend`.
    fn port_or_name(&mut self) -> Expr {
        if self.lexer.byte_ahead() == b'.' {
            return Expr::Ident(self.take_ident());
        }
        self.ty()
    }

    fn func_type_or_lit(&mut self) -> Expr {
        let (id, start) = (self.id(), self.pos());
        self.next();
        let (_, mut ty) = self.signature(Some("function type"));
        ty.span.start = start;
        if self.token != Token::LBrace {
            return Expr::FuncType(Box::new(ty));
        }
        self.expr_level += 1;
        let body = self.func_body();
        self.expr_level -= 1;
        Expr::FuncLit(Box::new(FuncLit { id, span: self.span_from(start), ty, body }))
    }

    /// The current token as a literal.
    fn literal(&mut self) -> BasicLit {
        let (id, span, kind, bad) = (self.id(), self.lexer.span(), self.lexer.lit_kind(), self.lexer.bad);
        let raw = std::string::String::from_utf8_lossy(self.lexer.text()).into();
        self.next();
        BasicLit { id, span, kind, raw, bad }
    }

    /// A literal, if the current token is one.
    pub(super) fn opt_literal(&mut self) -> Option<BasicLit> {
        self.token.is_literal().then(|| self.literal())
    }

    /// What follows an operand: selectors, indices, calls, literal braces, `?`, `~>`.
    pub(super) fn primary_from(&mut self, mut x: Expr) -> Expr {
        loop {
            x = match self.token {
                Token::Period => self.selector_or_assert(x),
                Token::LBrack => self.index_or_slice(x),
                Token::LParen => self.call(x),
                Token::LBrace if self.opens_literal(&x) => {
                    if matches!(x, Expr::Paren(_)) {
                        self.syntax_error("cannot parenthesize type in composite literal");
                    }
                    self.nested(|p| p.composite_lit(Some(x)))
                }
                Token::Question => {
                    let (id, question) = (self.id(), self.pos());
                    self.next();
                    let span = self.span_from(x.pos());
                    Expr::Try(Box::new(TryExpr { id, span, x, question }))
                }
                Token::DynArrow => self.dyn_access(x),
                _ => break,
            };
            self.chained();
        }
        x
    }

    fn selector_or_assert(&mut self, x: Expr) -> Expr {
        let (id, start) = (self.id(), x.pos());
        self.next();
        match self.token {
            Token::Ident | Token::Island | Token::Port | Token::Fail | Token::ErrDefer => {
                let sel = self.member_name();
                Expr::Selector(Box::new(SelectorExpr { id, span: self.span_from(start), x, sel }))
            }
            Token::LParen => {
                self.next();
                let ty = if self.got(Token::Type) { None } else { Some(self.ty()) };
                self.want(Token::RParen);
                let span = self.span_from(start);
                if ty.is_none() {
                    self.guards.push((id, span));
                }
                Expr::TypeAssert(Box::new(TypeAssertExpr { id, span, x, ty }))
            }
            _ => {
                self.expected("name or (");
                self.advance(&[Token::Semi, Token::RParen]);
                x
            }
        }
    }

    fn index_or_slice(&mut self, x: Expr) -> Expr {
        let (id, start, lbrack) = (self.id(), x.pos(), self.pos());
        self.next();
        let mut lo = None;
        if self.token != Token::Colon {
            let (indices, comma) = if self.token == Token::RBrack {
                self.expected("operand");
                (vec![self.bad_expr()], false)
            } else {
                self.nested(|p| p.type_list(false))
            };
            if comma || self.token == Token::RBrack {
                self.want(Token::RBrack);
                let span = self.span_from(start);
                return Expr::Index(Box::new(IndexExpr { id, span, x, lbrack, indices }));
            }
            lo = indices.into_iter().next();
        }
        if !self.got(Token::Colon) {
            self.expected("comma, : or ]");
            self.advance(&[Token::Comma, Token::Colon, Token::RBrack]);
        }
        self.expr_level += 1;
        let (hi, max, three) = self.nested(Self::slice_bounds);
        self.expr_level -= 1;
        self.want(Token::RBrack);
        let span = self.span_from(start);
        Expr::Slice(Box::new(SliceExpr { id, span, x, lbrack, lo, hi, max, three }))
    }

    /// The upper bound and the capacity bound of a slice expression, after the first colon.
    fn slice_bounds(&mut self) -> (Option<Expr>, Option<Expr>, bool) {
        let mut hi = None;
        if !matches!(self.token, Token::Colon | Token::RBrack) {
            hi = Some(self.expr());
        }
        if self.token != Token::Colon {
            return (hi, None, false);
        }
        if hi.is_none() {
            self.error_at(Code::InvalidSliceExpr, self.pos(), "middle index required in 3-index slice");
            hi = Some(self.bad_expr());
        }
        self.next();
        if self.token == Token::RBrack {
            self.error_at(Code::InvalidSliceExpr, self.pos(), "final index required in 3-index slice");
            return (hi, Some(self.bad_expr()), true);
        }
        (hi, Some(self.expr()), true)
    }

    fn call(&mut self, fun: Expr) -> Expr {
        let (id, start) = (self.id(), fun.pos());
        let (lparen, args, ellipsis, rparen) = self.args();
        let assert = |name: &Ident| name.name == "assert";
        if self.vo() && args.len() > 1 && fun.as_ident().is_some_and(assert) {
            self.stands_on("internal/assertion");
        }
        let span = self.span_from(start);
        Expr::Call(Box::new(CallExpr { id, span, fun, lparen, args, ellipsis, rparen }))
    }

    /// `( args [ "..." ] )`: where the parenthesis opens, the arguments, where `...` stands, and where the
    /// parenthesis closes.
    fn args(&mut self) -> (Pos, Vec<Expr>, Pos, Pos) {
        let lparen = self.pos();
        self.next();
        self.expr_level += 1;
        let (mut args, mut ellipsis) = (Vec::new(), Pos::NONE);
        let rparen = self.nested(|p| {
            p.list("argument list", Token::Comma, Token::RParen, |p| {
                args.push(p.expr());
                let pos = p.pos();
                let dots = p.got(Token::Ellipsis);
                if dots {
                    ellipsis = pos;
                }
                dots
            })
        });
        self.expr_level -= 1;
        (lparen, args, ellipsis, rparen)
    }

    /// Notes that the file needs a library package whether it imports it or not.
    fn stands_on(&mut self, path: &'static str) {
        if !self.library.contains(&path) {
            self.library.push(path);
        }
    }

    /// `~>name`, `~>[key]`, `~>(args)`, `~>name(args)`
    fn dyn_access(&mut self, x: Expr) -> Expr {
        let (id, start, arrow) = (self.id(), x.pos(), self.pos());
        self.next();
        self.stands_on("dyn");
        let op = match self.token {
            Token::LParen => {
                let (_, args, ellipsis, _) = self.args();
                DynOp::Call { args, ellipsis }
            }
            Token::LBrack => {
                self.next();
                self.expr_level += 1;
                let key = self.nested(Self::expr);
                self.expr_level -= 1;
                self.want(Token::RBrack);
                DynOp::Index(key)
            }
            t if t == Token::Ident || t.is_keyword() => {
                let name = self.take_ident();
                if self.token == Token::LParen {
                    let (_, args, ellipsis, _) = self.args();
                    DynOp::Method { name, args, ellipsis }
                } else {
                    DynOp::Field(name)
                }
            }
            _ => {
                self.expected("name, [ or ( after ~>");
                self.advance(&[Token::Semi, Token::RParen]);
                return x;
            }
        };
        Expr::Dyn(Box::new(DynExpr { id, span: self.span_from(start), x, arrow, op }))
    }

    /// Whether `{` after this operand opens a composite literal rather than a statement's body.
    fn opens_literal(&self, x: &Expr) -> bool {
        match x.unparen() {
            Expr::Ident(_) | Expr::Selector(_) => self.expr_level >= 0,
            t @ Expr::Index(_) => self.expr_level >= 0 && !is_value(t),
            Expr::ArrayType(_) | Expr::SliceType(_) | Expr::StructType(_) | Expr::MapType(_) => true,
            _ => false,
        }
    }

    /// `{ elements }`, with the type before it if there was one.
    fn composite_lit(&mut self, ty: Option<Expr>) -> Expr {
        let (id, lbrace) = (self.id(), self.pos());
        let start = ty.as_ref().map_or(lbrace, Expr::pos);
        self.next();
        self.expr_level += 1;
        let mut elts = Vec::new();
        let rbrace = self.list("composite literal", Token::Comma, Token::RBrace, |p| {
            elts.push(p.element());
            false
        });
        self.expr_level -= 1;
        let span = self.span_from(start);
        Expr::CompositeLit(Box::new(CompositeLit { id, span, ty, lbrace, elts, rbrace }))
    }

    /// `[ key ":" ] value`
    fn element(&mut self) -> Expr {
        let key = self.element_value();
        if self.token != Token::Colon {
            return key;
        }
        let (id, colon) = (self.id(), self.pos());
        self.next();
        let value = self.element_value();
        let span = Span::new(key.pos(), value.end());
        Expr::KeyValue(Box::new(KeyValueExpr { id, span, key, colon, value }))
    }

    fn element_value(&mut self) -> Expr {
        if self.token == Token::LBrace { self.nested(|p| p.composite_lit(None)) } else { self.expr() }
    }
}

/// Whether an expression, by its form, can only be a value.
fn is_value(x: &Expr) -> bool {
    match x {
        Expr::BasicLit(_)
        | Expr::CompositeLit(_)
        | Expr::FuncLit(_)
        | Expr::Slice(_)
        | Expr::TypeAssert(_)
        | Expr::Call(_)
        | Expr::Unary(_)
        | Expr::Binary(_)
        | Expr::Try(_)
        | Expr::Dyn(_) => true,
        Expr::Paren(p) => is_value(&p.x),
        Expr::Index(i) => is_value(&i.x) || i.indices.len() == 1 && is_value(&i.indices[0]),
        _ => false,
    }
}

/// The binary operator that a token is.
fn binary_op(token: Token) -> Option<BinaryOp> {
    Some(match token {
        Token::LogOr => BinaryOp::LogOr,
        Token::LogAnd => BinaryOp::LogAnd,
        Token::Eq => BinaryOp::Eq,
        Token::Ne => BinaryOp::Ne,
        Token::Lt => BinaryOp::Lt,
        Token::Le => BinaryOp::Le,
        Token::Gt => BinaryOp::Gt,
        Token::Ge => BinaryOp::Ge,
        Token::Add => BinaryOp::Add,
        Token::Sub => BinaryOp::Sub,
        Token::Or => BinaryOp::Or,
        Token::Xor => BinaryOp::Xor,
        Token::Mul => BinaryOp::Mul,
        Token::Quo => BinaryOp::Quo,
        Token::Rem => BinaryOp::Rem,
        Token::And => BinaryOp::And,
        Token::AndNot => BinaryOp::AndNot,
        Token::Shl => BinaryOp::Shl,
        Token::Shr => BinaryOp::Shr,
        _ => return None,
    })
}

/// The operator of `op=`.
pub(super) fn assign_op(token: Token) -> Option<BinaryOp> {
    Some(match token {
        Token::AddAssign => BinaryOp::Add,
        Token::SubAssign => BinaryOp::Sub,
        Token::MulAssign => BinaryOp::Mul,
        Token::QuoAssign => BinaryOp::Quo,
        Token::RemAssign => BinaryOp::Rem,
        Token::AndAssign => BinaryOp::And,
        Token::OrAssign => BinaryOp::Or,
        Token::XorAssign => BinaryOp::Xor,
        Token::ShlAssign => BinaryOp::Shl,
        Token::ShrAssign => BinaryOp::Shr,
        Token::AndNotAssign => BinaryOp::AndNot,
        _ => return None,
    })
}
