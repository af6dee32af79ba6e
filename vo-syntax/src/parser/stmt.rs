//! Statements.

use super::expr::assign_op;
use super::*;

/// A simple statement, or the range clause that may stand in its place after `for`.
enum Simple {
    Stmt(Stmt),
    Range(RangeClause),
}

struct RangeClause {
    lhs: Vec<Expr>,
    define: bool,
    op_pos: Pos,
    range_pos: Pos,
    x: Expr,
}

/// What stands between a keyword and the body.
enum Header {
    Range(RangeClause),
    Clauses { init: Option<Stmt>, cond: Option<Stmt>, post: Option<Stmt> },
}

impl Parser<'_> {
    /// `{ statements }`; `context` says after what, unless the brace is known to be there.
    pub(super) fn block(&mut self, context: &str) -> Block {
        let (id, lbrace) = (self.id(), self.pos());
        if !self.got(Token::LBrace) {
            self.expected(&format!("{{ after {context}"));
            self.advance(&[Token::Ident, Token::RBrace]);
            let rbrace = self.pos();
            if self.got(Token::RBrace) {
                return Block { id, span: self.span_from(lbrace), stmts: Vec::new(), lbrace, rbrace };
            }
        }
        let stmts = self.stmt_list();
        let rbrace = self.pos();
        self.want(Token::RBrace);
        Block { id, span: self.span_from(lbrace), stmts, lbrace, rbrace }
    }

    fn body(&mut self, context: &str) -> Block {
        self.nested(|p| p.block(context))
    }

    /// `{ statement ";" }`, up to a token that closes a block or clause.
    fn stmt_list(&mut self) -> Vec<Stmt> {
        let mut stmts = Vec::new();
        while !matches!(self.token, Token::Eof | Token::RBrace | Token::Case | Token::Default) {
            if !matches!(self.token, Token::Var | Token::Const | Token::Type) {
                self.no_directives();
            }
            let stmt = self.stmt();
            self.no_directives();
            let Some(stmt) = stmt else { break };
            stmts.push(stmt);
            if !self.got(Token::Semi) && self.token != Token::RBrace {
                self.unexpected(" at end of statement");
                self.advance(&[Token::Semi, Token::RBrace, Token::Case, Token::Default]);
                self.got(Token::Semi);
            }
        }
        stmts
    }

    /// A statement, if one begins here.
    fn stmt(&mut self) -> Option<Stmt> {
        use Token::*;
        Some(match self.token {
            Ident | Island | Port => return self.labeled_or_simple(),
            Var | Const | Type => {
                let (id, decl) = (self.id(), self.decl());
                Stmt::Decl(Box::new(DeclStmt { id, span: decl.span(), decl }))
            }
            LBrace => Stmt::Block(Box::new(self.body(""))),
            Add | Sub | Mul | And | Xor | Not | Arrow | Int | Float | Imag | Char | String | Func
            | LParen | LBrack | Struct | Map | Chan | Interface => self.plain_simple(),
            For => self.for_stmt(),
            Switch => self.switch_stmt(),
            Select => self.select_stmt(),
            If => self.measured(Self::if_stmt),
            Fallthrough | Break | Continue | Goto => self.branch_stmt(),
            Go => self.go_stmt(),
            Defer => {
                let (id, start) = (self.id(), self.pos());
                self.next();
                let call = self.spawned_call("defer");
                Stmt::Defer(Box::new(DeferStmt { id, span: self.span_from(start), call }))
            }
            ErrDefer => {
                let (id, start) = (self.id(), self.pos());
                self.next();
                let call = self.spawned_call("errdefer");
                Stmt::ErrDefer(Box::new(ErrDeferStmt { id, span: self.span_from(start), call }))
            }
            Fail => {
                let (id, start) = (self.id(), self.pos());
                self.next();
                let x = self.expr();
                Stmt::Fail(Box::new(FailStmt { id, span: self.span_from(start), x }))
            }
            Return => self.return_stmt(),
            Semi => Stmt::Empty(EmptyStmt { id: self.id(), span: self.pos().span() }),
            _ => return None,
        })
    }

    /// A statement that begins with a name.
    fn labeled_or_simple(&mut self) -> Option<Stmt> {
        let lhs = self.expr_list();
        if self.token == Token::Colon
            && let [Expr::Ident(label)] = lhs[..]
        {
            return self.nested(|p| p.labeled(label));
        }
        Some(self.simple(Some(lhs), Context::Plain).into_stmt())
    }

    fn labeled(&mut self, label: Ident) -> Option<Stmt> {
        let (id, colon) = (self.id(), self.pos());
        self.next();
        let stmt = if self.token == Token::RBrace {
            Stmt::Empty(EmptyStmt { id: self.id(), span: self.pos().span() })
        } else if let Some(stmt) = self.stmt() {
            stmt
        } else {
            self.syntax_error_at(Code::Syntax, colon, "missing statement after label");
            return None;
        };
        let span = self.span_from(label.span.start);
        Some(Stmt::Labeled(Box::new(LabeledStmt { id, span, label, colon, stmt })))
    }

    // -------------------------------------------------------------------------------------------------------
    // Simple statements

    fn plain_simple(&mut self) -> Stmt {
        self.simple(None, Context::Plain).into_stmt()
    }

    /// An expression, send, increment, assignment or short variable declaration; after `for` also a range
    /// clause. The expressions on the left may have been consumed.
    fn simple(&mut self, lhs: Option<Vec<Expr>>, context: Context) -> Simple {
        if context == Context::For && self.token == Token::Range {
            return self.range_clause(Vec::new(), false, Pos::NONE);
        }
        let mut lhs = match lhs {
            Some(lhs) => lhs,
            None => self.expr_list(),
        };
        let (op_pos, start) = (self.pos(), lhs[0].pos());
        let op = match self.token {
            Token::Assign => AssignOp::Assign,
            Token::Define => AssignOp::Define,
            _ if lhs.len() > 1 => {
                self.expected(":= or = or comma");
                self.advance(&[Token::Semi, Token::RBrace]);
                lhs.truncate(1);
                return Simple::Stmt(self.expr_stmt(lhs, start));
            }
            Token::Arrow => return Simple::Stmt(self.send_stmt(lhs, start)),
            Token::Inc | Token::Dec => return Simple::Stmt(self.inc_dec_stmt(lhs, start)),
            token => match assign_op(token) {
                Some(op) => AssignOp::Op(op),
                None => return Simple::Stmt(self.expr_stmt(lhs, start)),
            },
        };
        let id = self.id();
        self.next();
        if context == Context::For && self.token == Token::Range && !matches!(op, AssignOp::Op(_)) {
            return self.range_clause(lhs, op == AssignOp::Define, op_pos);
        }
        let rhs = if matches!(op, AssignOp::Op(_)) { vec![self.expr()] } else { self.expr_list() };
        let span = self.span_from(start);
        Simple::Stmt(Stmt::Assign(Box::new(AssignStmt { id, span, lhs, op, op_pos, rhs })))
    }

    fn expr_stmt(&mut self, mut lhs: Vec<Expr>, start: Pos) -> Stmt {
        let x = lhs.swap_remove(0);
        let span = Span::new(start, x.end());
        Stmt::Expr(Box::new(ExprStmt { id: self.id(), span, x }))
    }

    fn send_stmt(&mut self, mut lhs: Vec<Expr>, start: Pos) -> Stmt {
        let (id, arrow) = (self.id(), self.pos());
        self.next();
        let (chan, value) = (lhs.swap_remove(0), self.expr());
        Stmt::Send(Box::new(SendStmt { id, span: self.span_from(start), chan, arrow, value }))
    }

    fn inc_dec_stmt(&mut self, mut lhs: Vec<Expr>, start: Pos) -> Stmt {
        let (id, op_pos, inc) = (self.id(), self.pos(), self.token == Token::Inc);
        self.next();
        let x = lhs.swap_remove(0);
        Stmt::IncDec(Box::new(IncDecStmt { id, span: self.span_from(start), x, inc, op_pos }))
    }

    fn range_clause(&mut self, lhs: Vec<Expr>, define: bool, op_pos: Pos) -> Simple {
        let range_pos = self.pos();
        self.next();
        let x = self.expr();
        Simple::Range(RangeClause { lhs, define, op_pos, range_pos, x })
    }

    // -------------------------------------------------------------------------------------------------------
    // Calls that run elsewhere or later

    fn go_stmt(&mut self) -> Stmt {
        let (id, start) = (self.id(), self.pos());
        self.next();
        let mut target = None;
        if self.got(Token::At) {
            self.want(Token::LParen);
            self.expr_level += 1;
            target = Some(self.nested(Self::expr));
            self.expr_level -= 1;
            self.want(Token::RParen);
        }
        let call = self.spawned_call("go");
        Stmt::Go(Box::new(GoStmt { id, span: self.span_from(start), target, call }))
    }

    /// The call of a `go`, `defer` or `errdefer` statement.
    fn spawned_call(&mut self, keyword: &str) -> Box<CallExpr> {
        let mut x = self.measured(Self::primary);
        if let Expr::Paren(_) = x {
            let message = format!("expression in {keyword} must not be parenthesized");
            self.error_at(Code::NotACall, x.pos(), message);
            while let Expr::Paren(p) = x {
                x = p.x;
            }
        }
        match x {
            Expr::Call(call) => call,
            fun => {
                let span = fun.span();
                if !matches!(fun, Expr::Bad(_)) {
                    let message = format!("expression in {keyword} must be function call");
                    self.soft_error(Code::NotACall, span, message);
                }
                let (lparen, ellipsis, rparen) = (Pos::NONE, Pos::NONE, Pos::NONE);
                Box::new(CallExpr { id: self.id(), span, fun, lparen, args: Vec::new(), ellipsis, rparen })
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------
    // Jumps

    fn branch_stmt(&mut self) -> Stmt {
        let (id, start) = (self.id(), self.pos());
        let kind = match self.token {
            Token::Break => BranchKind::Break,
            Token::Continue => BranchKind::Continue,
            Token::Goto => BranchKind::Goto,
            _ => BranchKind::Fallthrough,
        };
        self.next();
        let label = match kind {
            BranchKind::Goto => Some(self.name()),
            BranchKind::Break | BranchKind::Continue if self.token == Token::Ident => Some(self.take_ident()),
            _ => None,
        };
        Stmt::Branch(Box::new(BranchStmt { id, span: self.span_from(start), kind, label }))
    }

    fn return_stmt(&mut self) -> Stmt {
        let (id, start) = (self.id(), self.pos());
        self.next();
        let results = match self.token {
            Token::Semi | Token::RBrace => Vec::new(),
            _ => self.expr_list(),
        };
        Stmt::Return(Box::new(ReturnStmt { id, span: self.span_from(start), results }))
    }

    // -------------------------------------------------------------------------------------------------------
    // Statements with headers

    /// What stands between `if`, `for` or `switch` and the body.
    fn header(&mut self, keyword: Token, context: Context) -> Header {
        self.next();
        if self.token == Token::LBrace {
            let mut cond = None;
            if context == Context::If {
                self.syntax_error("missing condition in if statement");
                cond = Some(self.bad_condition(self.pos()));
            }
            return Header::Clauses { init: None, cond, post: None };
        }
        let outer = std::mem::replace(&mut self.expr_level, -1);
        let header = self.clauses(keyword, context);
        self.expr_level = outer;
        header
    }

    fn bad_condition(&mut self, pos: Pos) -> Stmt {
        let x = self.bad_expr_at(pos);
        Stmt::Expr(Box::new(ExprStmt { id: self.id(), span: pos.span(), x }))
    }

    fn clauses(&mut self, keyword: Token, context: Context) -> Header {
        let mut init = None;
        if self.token != Token::Semi {
            if self.got(Token::Var) {
                let message = format!("var declaration not allowed in {keyword} initializer");
                self.syntax_error(&message);
            }
            match self.simple(None, context) {
                Simple::Range(range) => return Header::Range(range),
                Simple::Stmt(stmt) => init = Some(stmt),
            }
        }
        if self.token == Token::LBrace {
            return Header::Clauses { init: None, cond: init, post: None };
        }
        let semi = (self.token == Token::Semi).then(|| (self.pos(), self.lexer.semi));
        if semi.is_some() {
            self.next();
        } else {
            self.want(Token::LBrace);
            if self.token != Token::LBrace {
                self.advance(&[Token::LBrace, Token::RBrace]);
            }
        }
        if context == Context::For {
            return self.for_clauses(init);
        }
        let mut cond = None;
        if self.token != Token::LBrace {
            cond = Some(self.simple(None, context).into_stmt());
        } else if let (Context::If, Some((pos, semi))) = (context, semi) {
            let message = match semi {
                crate::lexer::Semi::Semicolon => "missing condition in if statement".to_owned(),
                semi => format!("unexpected {}, expected {{ after if clause", semi.text()),
            };
            self.syntax_error_at(Code::Syntax, pos, &message);
            cond = Some(self.bad_condition(pos));
        }
        Header::Clauses { init, cond, post: None }
    }

    /// `[ cond ] ";" [ post ]` of a `for` statement.
    fn for_clauses(&mut self, init: Option<Stmt>) -> Header {
        let (mut cond, mut post) = (None, None);
        if self.token != Token::Semi {
            if self.token == Token::LBrace {
                self.expected("for loop condition");
                return Header::Clauses { init, cond, post };
            }
            cond = Some(self.plain_simple());
        }
        self.want(Token::Semi);
        if self.token != Token::LBrace {
            let stmt = self.plain_simple();
            if let Stmt::Assign(a) = &stmt
                && a.op == AssignOp::Define
            {
                let message = "cannot declare in post statement of for loop";
                self.syntax_error_at(Code::InvalidPostDecl, a.op_pos, message);
            }
            post = Some(stmt);
        }
        Header::Clauses { init, cond, post }
    }

    /// A header's condition or tag, which must be an expression.
    fn condition(&mut self, stmt: Stmt) -> Expr {
        let pos = match &stmt {
            Stmt::Expr(_) => Pos::NONE,
            Stmt::Assign(s) => s.op_pos,
            Stmt::Send(s) => s.arrow,
            Stmt::IncDec(s) => s.op_pos,
            other => other.pos(),
        };
        if let Stmt::Expr(s) = stmt {
            return s.x;
        }
        let message = format!("cannot use {} as value", stmt_as_value(&stmt));
        self.syntax_error_at(Code::Syntax, pos, &message);
        self.bad_expr_at(pos)
    }

    fn if_stmt(&mut self) -> Stmt {
        let mut links = Vec::new();
        let mut els = None;
        loop {
            let (id, start) = (self.id(), self.pos());
            let (init, cond) = match self.header(Token::If, Context::If) {
                Header::Clauses { init, cond, .. } => (init, cond),
                Header::Range(_) => (None, None),
            };
            let cond = match cond {
                Some(stmt) => self.condition(stmt),
                None => self.bad_expr(),
            };
            let then = self.body("if clause");
            links.push((id, start, init, cond, then));
            if !self.got(Token::Else) {
                break;
            }
            match self.token {
                Token::If => {
                    self.chained();
                    continue;
                }
                Token::LBrace => els = Some(Stmt::Block(Box::new(self.body("")))),
                _ => {
                    self.syntax_error("else must be followed by if or statement block");
                    self.advance(&[Token::Ident, Token::RBrace]);
                }
            }
            break;
        }
        let end = self.prev_end;
        let mut links = links.into_iter().rev().map(|(id, start, init, cond, then)| {
            let span = Span::new(start, end);
            let els = els.take();
            IfStmt { id, span, init, cond, then, els }
        });
        // The last link gets the final else; each link before gets the one after it.
        let mut stmt = links.next().expect("internal error: an if statement has at least one link");
        for mut link in links {
            link.els = Some(Stmt::If(Box::new(stmt)));
            stmt = link;
        }
        Stmt::If(Box::new(stmt))
    }

    fn for_stmt(&mut self) -> Stmt {
        let (id, start) = (self.id(), self.pos());
        let header = self.header(Token::For, Context::For);
        let (init, cond, post) = match header {
            Header::Range(range) => return self.range_stmt(id, start, range),
            Header::Clauses { init, cond, post } => (init, cond, post),
        };
        let cond = cond.map(|stmt| self.condition(stmt));
        let body = self.body("for clause");
        Stmt::For(Box::new(ForStmt { id, span: self.span_from(start), init, cond, post, body }))
    }

    fn range_stmt(&mut self, id: NodeId, start: Pos, range: RangeClause) -> Stmt {
        let RangeClause { lhs, define, op_pos, range_pos, x } = range;
        if let Some(third) = lhs.get(2) {
            let message = "range clause permits at most two iteration variables";
            self.soft_error(Code::TooManyVariables, third.span(), message);
        }
        let mut lhs = lhs.into_iter();
        let (key, value) = (lhs.next(), lhs.next());
        let body = self.body("for clause");
        let span = self.span_from(start);
        Stmt::Range(Box::new(RangeStmt { id, span, key, value, define, op_pos, range_pos, x, body }))
    }

    /// An expression switch or, when its tag is `x.(type)`, a type switch.
    fn switch_stmt(&mut self) -> Stmt {
        let (id, start) = (self.id(), self.pos());
        let (init, tag) = match self.header(Token::Switch, Context::Switch) {
            Header::Clauses { init, cond, .. } => (init, cond),
            Header::Range(_) => (None, None),
        };
        let guard = match tag {
            Some(stmt) => self.type_guard(stmt),
            None => Err(None),
        };
        let lbrace = self.pos();
        let (cases, rbrace) = self.clause_list("switch", Self::case_clause);
        let span = self.span_from(start);
        match guard {
            Ok((bind, x, guard)) => {
                let s = TypeSwitchStmt { id, span, init, bind, x, guard, lbrace, cases, rbrace };
                Stmt::TypeSwitch(Box::new(s))
            }
            Err(tag) => Stmt::Switch(Box::new(SwitchStmt { id, span, init, tag, lbrace, cases, rbrace })),
        }
    }

    /// Takes `x.(type)` or `v := x.(type)` apart; anything else is the tag of an expression switch.
    #[allow(clippy::type_complexity)]
    fn type_guard(&mut self, stmt: Stmt) -> Result<(Option<Ident>, Expr, Span), Option<Expr>> {
        let span = stmt.span();
        let (bind, x) = match stmt {
            Stmt::Assign(mut a) if a.op == AssignOp::Define && is_guard(&a.rhs) => match a.lhs[..] {
                [Expr::Ident(name)] => (Some(name), a.rhs.swap_remove(0)),
                _ => return Err(Some(self.condition(Stmt::Assign(a)))),
            },
            Stmt::Expr(s) => (None, s.x),
            other => return Err(Some(self.condition(other))),
        };
        match x {
            Expr::TypeAssert(t) if t.ty.is_none() => {
                self.guards.retain(|&(id, _)| id != t.id);
                Ok((bind, t.x, span))
            }
            x => Err(Some(x)),
        }
    }

    fn select_stmt(&mut self) -> Stmt {
        let (id, start) = (self.id(), self.pos());
        self.next();
        let lbrace = self.pos();
        let (cases, rbrace) = self.clause_list("select", Self::comm_clause);
        Stmt::Select(Box::new(SelectStmt { id, span: self.span_from(start), lbrace, cases, rbrace }))
    }

    /// `{ clauses }`; also answers where the closing brace stands.
    fn clause_list<T>(&mut self, what: &str, clause: impl Fn(&mut Self) -> T) -> (Vec<T>, Pos) {
        if !self.got(Token::LBrace) {
            self.syntax_error(&format!("missing {{ after {what} clause"));
            self.advance(&[Token::Case, Token::Default, Token::RBrace]);
        }
        let mut clauses = Vec::new();
        while !matches!(self.token, Token::Eof | Token::RBrace) {
            clauses.push(self.nested(&clause));
        }
        let rbrace = self.pos();
        self.want(Token::RBrace);
        (clauses, rbrace)
    }

    fn expected_clause(&mut self) {
        self.expected("case or default or }");
        self.advance(&[Token::Colon, Token::Case, Token::Default, Token::RBrace]);
    }

    fn case_clause(&mut self) -> CaseClause {
        let (id, start) = (self.id(), self.pos());
        let (mut exprs, is_default) = (Vec::new(), self.token == Token::Default);
        match self.token {
            Token::Case => {
                self.next();
                exprs = self.expr_list();
            }
            Token::Default => self.next(),
            _ => self.expected_clause(),
        }
        let colon = self.pos();
        self.want(Token::Colon);
        let body = self.stmt_list();
        CaseClause { id, span: self.span_from(start), exprs, is_default, colon, body }
    }

    fn comm_clause(&mut self) -> CommClause {
        let (id, start) = (self.id(), self.pos());
        let mut comm = None;
        match self.token {
            Token::Case => {
                self.next();
                comm = Some(self.plain_simple());
            }
            Token::Default => self.next(),
            _ => self.expected_clause(),
        }
        let colon = self.pos();
        self.want(Token::Colon);
        let body = self.stmt_list();
        CommClause { id, span: self.span_from(start), comm, colon, body }
    }
}

impl Simple {
    /// The statement. A range clause is one only after `for`, where nobody asks for a statement.
    fn into_stmt(self) -> Stmt {
        match self {
            Simple::Stmt(stmt) => stmt,
            Simple::Range(_) => unreachable!("internal error: range clause outside of for"),
        }
    }
}

fn is_guard(rhs: &[Expr]) -> bool {
    matches!(rhs, [Expr::TypeAssert(t)] if t.ty.is_none())
}

/// A statement as the message about its use as a value shows it. A `=` where `==` was meant is easily
/// overlooked, so operations beside it are put in parentheses.
fn stmt_as_value(stmt: &Stmt) -> String {
    let emphasized = |list: &[Expr]| match list {
        [x @ Expr::Binary(_)] => format!("({x})"),
        _ => expr_list_text(list),
    };
    match stmt {
        Stmt::Assign(s) => match s.op {
            AssignOp::Assign => format!("assignment {} = {}", emphasized(&s.lhs), emphasized(&s.rhs)),
            AssignOp::Define => format!("{} := {}", expr_list_text(&s.lhs), expr_list_text(&s.rhs)),
            AssignOp::Op(op) => {
                format!("{} {}= {}", expr_list_text(&s.lhs), op.text(), expr_list_text(&s.rhs))
            }
        },
        Stmt::IncDec(s) => format!("{}{}", s.x, if s.inc { "++" } else { "--" }),
        Stmt::Send(s) => format!("{} <- {}", s.chan, s.value),
        _ => "statement".to_owned(),
    }
}
