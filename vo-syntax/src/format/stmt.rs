//! Statements and bodies.

use super::Layout;
use super::lists::ListStyle;
use super::pen::Gap;
use crate::ast::*;
use crate::source::Pos;
use crate::token::Token;

/// Longer functions than this many bytes, header and body, have several lines.
const MAX_ONE_LINE: usize = 100;
/// And those with more statements than this.
const MAX_STATEMENTS: usize = 5;

impl Layout<'_> {
    // -------------------------------------------------------------------------------------------------------
    // Bodies

    /// Lines, each with a statement or clause. The last one is told when a closing brace follows.
    fn lines<T: Node>(
        &mut self,
        list: &[T],
        indented: bool,
        before_brace: bool,
        mut lay_out: impl FnMut(&mut Self, &T, bool),
        labels: impl Fn(&T) -> Option<usize>,
    ) {
        if indented {
            self.pen.gap(Gap::In);
        }
        let slot = self.pen.line_slot();
        let mut count = 0;
        for item in list {
            let Some(labels) = labels(item) else { continue };
            if !self.pen.page.is_empty() {
                let section = count == 0 || !indented || self.pen.left_line(slot);
                let line = self.pen.line(item.pos());
                self.pen.line_break(line, 1, Gap::None, section);
            }
            self.pen.remember_line(slot);
            lay_out(self, item, before_brace && count + 1 == list.len());
            // A label on a line of its own does not end a section.
            (0..labels).for_each(|_| self.pen.shift_line(slot));
            count += 1;
        }
        if indented {
            self.pen.gap(Gap::Out);
        }
    }

    fn stmts(&mut self, list: &[Stmt], before_brace: bool) {
        let labels = |mut stmt: &Stmt| {
            let mut labels = 0;
            while let Stmt::Labeled(s) = stmt {
                labels += 1;
                stmt = &s.stmt;
            }
            (labels > 0 || !matches!(stmt, Stmt::Empty(_))).then_some(labels)
        };
        self.lines(list, true, before_brace, |p, s, last| p.stmt(s, last), labels);
    }

    /// A block with each statement on a line of its own.
    pub(super) fn block(&mut self, block: &Block) {
        self.open_brace(block.lbrace);
        self.stmts(&block.stmts, true);
        self.close_brace(block.rbrace);
    }

    fn open_brace(&mut self, pos: Pos) {
        self.pen.at(pos);
        self.pen.token(Token::LBrace);
    }

    fn close_brace(&mut self, pos: Pos) {
        let line = self.pen.line(pos);
        self.pen.line_break(line, 1, Gap::None, true);
        self.pen.at(pos);
        self.pen.token(Token::RBrace);
    }

    fn clauses<T: Node>(
        &mut self,
        lbrace: Pos,
        list: &[T],
        rbrace: Pos,
        lay_out: impl FnMut(&mut Self, &T, bool),
    ) {
        self.open_brace(lbrace);
        self.lines(list, false, true, lay_out, |_| Some(0));
        self.close_brace(rbrace);
    }

    /// The width of what has been written since the source position `start`, where the output column was
    /// `col`; a lot if that was on another line.
    pub(super) fn distance(&self, start: Pos, col: i64) -> usize {
        if self.pen.line(start) != self.pen.pos.line {
            return usize::MAX / 2;
        }
        (self.pen.out_col - col).max(0) as usize
    }

    /// A function's body: on the line of its header, which is `header` wide, if it was and is small.
    pub(super) fn func_body(&mut self, header: usize, sep: Gap, body: &Block) {
        let literals = std::mem::take(&mut self.pen.literals);
        if header.saturating_add(self.body_size(body)) <= MAX_ONE_LINE {
            self.one_line_body(sep, body);
        } else {
            self.pen.gap(Gap::Blank);
            self.block(body);
        }
        self.pen.literals = literals;
    }

    fn one_line_body(&mut self, sep: Gap, body: &Block) {
        self.pen.gap(sep);
        self.open_brace(body.lbrace);
        if !body.stmts.is_empty() {
            self.pen.gap(Gap::Blank);
            for (i, stmt) in body.stmts.iter().enumerate() {
                if i > 0 {
                    self.pen.token(Token::Semi);
                    self.pen.gap(Gap::Blank);
                }
                self.stmt(stmt, i + 1 == body.stmts.len());
            }
            self.pen.gap(Gap::Blank);
        }
        let joined = self.pen.joined;
        self.pen.joined = !joined;
        self.pen.at(body.rbrace);
        self.pen.token(Token::RBrace);
        self.pen.joined = joined;
    }

    /// The size of a body on one line; more than fits if it had several lines or is too complex.
    fn body_size(&mut self, body: &Block) -> usize {
        const TOO_LARGE: usize = MAX_ONE_LINE + 1;
        let one_line = self.pen.line(body.lbrace) == self.pen.line(body.rbrace);
        if !one_line || body.stmts.len() > MAX_STATEMENTS {
            return TOO_LARGE;
        }
        let end = self.pen.place(body.rbrace);
        let mut size = self.pen.comment_size_before(end);
        for (i, stmt) in body.stmts.iter().enumerate() {
            if size > MAX_ONE_LINE {
                break;
            }
            let separator = if i > 0 { "; ".len() } else { 0 };
            size += separator + self.size(stmt.id(), MAX_ONE_LINE, |p| p.stmt_alone(stmt));
        }
        size
    }

    fn stmt_alone(&mut self, stmt: &Stmt) {
        if let Stmt::Labeled(_) = stmt {
            self.pen.indent = 1;
        }
        self.stmt(stmt, false);
    }

    // -------------------------------------------------------------------------------------------------------
    // Statements

    /// A statement; `before_brace` says that it is the last of its block.
    fn stmt(&mut self, stmt: &Stmt, before_brace: bool) {
        self.pen.at(stmt.pos());
        match stmt {
            Stmt::Bad(_) => panic!("internal error: a tree with errors is laid out"),
            Stmt::Empty(_) => {}
            Stmt::Decl(s) => self.decl(&s.decl),
            Stmt::Labeled(s) => self.labeled(s, before_brace),
            Stmt::Expr(s) => self.expr(&s.x),
            Stmt::Send(s) => {
                self.expr(&s.chan);
                self.pen.gap(Gap::Blank);
                self.pen.at(s.arrow);
                self.pen.token(Token::Arrow);
                self.pen.gap(Gap::Blank);
                self.expr(&s.value);
            }
            Stmt::IncDec(s) => {
                self.expr_at(&s.x, 2);
                self.pen.at(s.op_pos);
                self.pen.token(if s.inc { Token::Inc } else { Token::Dec });
            }
            Stmt::Assign(s) => self.assign(s),
            Stmt::Go(s) => self.go(s),
            Stmt::Defer(s) => self.spawned(Token::Defer, &s.call),
            Stmt::ErrDefer(s) => self.spawned(Token::ErrDefer, &s.call),
            Stmt::Fail(s) => {
                self.pen.token(Token::Fail);
                self.pen.gap(Gap::Blank);
                self.expr(&s.x);
            }
            Stmt::Return(s) => self.return_stmt(s),
            Stmt::Branch(s) => {
                self.pen.token(match s.kind {
                    BranchKind::Break => Token::Break,
                    BranchKind::Continue => Token::Continue,
                    BranchKind::Goto => Token::Goto,
                    BranchKind::Fallthrough => Token::Fallthrough,
                });
                if let Some(label) = &s.label {
                    self.pen.gap(Gap::Blank);
                    self.ident(label);
                }
            }
            Stmt::Block(s) => self.block(s),
            Stmt::If(s) => self.if_stmt(s, before_brace),
            Stmt::Switch(s) => {
                self.pen.token(Token::Switch);
                self.header(s.init.as_ref(), s.tag.as_ref(), None);
                self.clauses(s.lbrace, &s.cases, s.rbrace, Self::case_clause);
            }
            Stmt::TypeSwitch(s) => self.type_switch(s),
            Stmt::Select(s) => self.select(s),
            Stmt::For(s) => {
                self.pen.token(Token::For);
                self.header(s.init.as_ref(), s.cond.as_ref(), Some(s.post.as_ref()));
                self.block(&s.body);
            }
            Stmt::Range(s) => self.range(s),
        }
    }

    fn labeled(&mut self, s: &LabeledStmt, before_brace: bool) {
        self.pen.gap(Gap::Out);
        self.ident(&s.label);
        self.pen.at(s.colon);
        self.pen.token(Token::Colon);
        self.pen.gap(Gap::In);
        match &s.stmt {
            Stmt::Empty(_) if before_brace => {}
            Stmt::Empty(empty) => {
                self.pen.gap(Gap::Line);
                self.pen.at(empty.span.start);
                self.pen.token(Token::Semi);
                return;
            }
            stmt => {
                let line = self.pen.line(stmt.pos());
                self.pen.line_break(line, 1, Gap::None, true);
            }
        }
        self.stmt(&s.stmt, before_brace);
    }

    fn assign(&mut self, s: &AssignStmt) {
        let depth = if s.lhs.len() > 1 && s.rhs.len() > 1 { 2 } else { 1 };
        self.list(s.span.start, &s.lhs, depth, ListStyle::default(), s.op_pos);
        self.pen.gap(Gap::Blank);
        self.pen.at(s.op_pos);
        self.pen.token(match s.op {
            AssignOp::Assign => Token::Assign,
            AssignOp::Define => Token::Define,
            AssignOp::Op(op) => assign_token(op),
        });
        self.pen.gap(Gap::Blank);
        self.list(s.op_pos, &s.rhs, depth, ListStyle::default(), Pos::NONE);
    }

    fn go(&mut self, s: &GoStmt) {
        let Some(target) = &s.target else { return self.spawned(Token::Go, &s.call) };
        self.pen.token(Token::Go);
        self.pen.gap(Gap::Blank);
        self.pen.token(Token::At);
        self.pen.token(Token::LParen);
        self.expr(target);
        self.pen.token(Token::RParen);
        self.pen.gap(Gap::Blank);
        self.spawned_call(&s.call);
    }

    fn spawned(&mut self, word: Token, call: &CallExpr) {
        self.pen.token(word);
        self.pen.gap(Gap::Blank);
        self.spawned_call(call);
    }

    fn spawned_call(&mut self, call: &CallExpr) {
        self.pen.at(call.span.start);
        self.call(call, 1);
    }

    fn return_stmt(&mut self, s: &ReturnStmt) {
        self.pen.token(Token::Return);
        if s.results.is_empty() {
            return;
        }
        self.pen.gap(Gap::Blank);
        if self.indents_results(&s.results) {
            self.pen.gap(Gap::In);
            let style = ListStyle { trailing_comma: false, flush: true };
            self.list(Pos::NONE, &s.results, 1, style, Pos::NONE);
            self.pen.gap(Gap::Out);
        } else {
            self.list(Pos::NONE, &s.results, 1, ListStyle::default(), Pos::NONE);
        }
    }

    /// Whether all lines of a list of results are indented: when one begins on a new line, or several have
    /// several lines (composite literals apart).
    fn indents_results(&self, list: &[Expr]) -> bool {
        let [first, .., last] = list else { return false };
        let start = self.pen.line(first.pos());
        if start >= self.pen.line(last.end()) {
            return false;
        }
        let mut line = start;
        let mut tall = 0;
        for x in list {
            let (from, to) = (self.pen.line(x.pos()), self.pen.line(x.end()));
            if line < from {
                return true;
            }
            tall += u32::from(from < to && !is_composite(x));
            line = to;
        }
        tall > 1
    }

    // -------------------------------------------------------------------------------------------------------
    // Control flow

    /// What stands between a keyword and the body. `post` is given for a loop, which has two semicolons.
    fn header(&mut self, init: Option<&Stmt>, x: Option<&Expr>, post: Option<Option<&Stmt>>) {
        self.pen.gap(Gap::Blank);
        let mut needs_blank = x.is_some();
        let clauses = init.is_some() || matches!(post, Some(Some(_)));
        if clauses {
            if let Some(init) = init {
                self.stmt(init, false);
            }
            self.pen.token(Token::Semi);
            self.pen.gap(Gap::Blank);
        }
        if let Some(x) = x {
            self.expr(strip_header_parens(x));
        }
        if clauses && let Some(post) = post {
            self.pen.token(Token::Semi);
            self.pen.gap(Gap::Blank);
            needs_blank = post.is_some();
            if let Some(post) = post {
                self.stmt(post, false);
            }
        }
        if needs_blank {
            self.pen.gap(Gap::Blank);
        }
    }

    fn if_stmt(&mut self, s: &IfStmt, before_brace: bool) {
        self.pen.token(Token::If);
        self.header(s.init.as_ref(), Some(&s.cond), None);
        self.block(&s.then);
        if let Some(els) = &s.els {
            self.pen.gap(Gap::Blank);
            self.pen.token(Token::Else);
            self.pen.gap(Gap::Blank);
            self.stmt(els, before_brace);
        }
    }

    fn type_switch(&mut self, s: &TypeSwitchStmt) {
        self.pen.token(Token::Switch);
        if let Some(init) = &s.init {
            self.pen.gap(Gap::Blank);
            self.stmt(init, false);
            self.pen.token(Token::Semi);
        }
        self.pen.gap(Gap::Blank);
        self.pen.at(s.guard.start);
        if let Some(bind) = &s.bind {
            self.ident(bind);
            self.pen.gap(Gap::Blank);
            let define = self.find(bind.span.end, b':');
            self.pen.at(define);
            self.pen.token(Token::Define);
            self.pen.gap(Gap::Blank);
        }
        self.type_assert(&s.x, None, Pos(s.guard.end.0 - 1), 1);
        self.pen.gap(Gap::Blank);
        self.clauses(s.lbrace, &s.cases, s.rbrace, Self::case_clause);
    }

    fn case_clause(&mut self, c: &CaseClause, before_brace: bool) {
        self.pen.at(c.span.start);
        if c.is_default {
            self.pen.token(Token::Default);
        } else {
            self.pen.token(Token::Case);
            self.pen.gap(Gap::Blank);
            self.list(c.span.start, &c.exprs, 1, ListStyle::default(), c.colon);
        }
        self.pen.at(c.colon);
        self.pen.token(Token::Colon);
        self.stmts(&c.body, before_brace);
    }

    fn select(&mut self, s: &SelectStmt) {
        self.pen.token(Token::Select);
        self.pen.gap(Gap::Blank);
        if s.cases.is_empty() && !self.pen.comment_before(self.pen.place(s.rbrace)) {
            self.open_brace(s.lbrace);
            self.pen.at(s.rbrace);
            self.pen.token(Token::RBrace);
            return;
        }
        self.clauses(s.lbrace, &s.cases, s.rbrace, |p, c: &CommClause, last| {
            p.pen.at(c.span.start);
            match &c.comm {
                Some(comm) => {
                    p.pen.token(Token::Case);
                    p.pen.gap(Gap::Blank);
                    p.stmt(comm, false);
                }
                None => p.pen.token(Token::Default),
            }
            p.pen.at(c.colon);
            p.pen.token(Token::Colon);
            p.stmts(&c.body, last);
        });
    }

    fn range(&mut self, s: &RangeStmt) {
        self.pen.token(Token::For);
        self.pen.gap(Gap::Blank);
        if let Some(key) = &s.key {
            self.expr(key);
            if let Some(value) = &s.value {
                self.pen.at(value.pos());
                self.pen.token(Token::Comma);
                self.pen.gap(Gap::Blank);
                self.expr(value);
            }
            self.pen.gap(Gap::Blank);
            self.pen.at(s.op_pos);
            self.pen.token(if s.define { Token::Define } else { Token::Assign });
            self.pen.gap(Gap::Blank);
        }
        self.pen.token(Token::Range);
        self.pen.gap(Gap::Blank);
        self.expr(strip_header_parens(&s.x));
        self.pen.gap(Gap::Blank);
        self.block(&s.body);
    }
}

/// `op=`
fn assign_token(op: BinaryOp) -> Token {
    match op {
        BinaryOp::Add => Token::AddAssign,
        BinaryOp::Sub => Token::SubAssign,
        BinaryOp::Mul => Token::MulAssign,
        BinaryOp::Quo => Token::QuoAssign,
        BinaryOp::Rem => Token::RemAssign,
        BinaryOp::And => Token::AndAssign,
        BinaryOp::Or => Token::OrAssign,
        BinaryOp::Xor => Token::XorAssign,
        BinaryOp::Shl => Token::ShlAssign,
        BinaryOp::Shr => Token::ShrAssign,
        BinaryOp::AndNot => Token::AndNotAssign,
        other => panic!("internal error: no assignment operator {}=", other.text()),
    }
}

/// `T{…}` or `&T{…}`
fn is_composite(x: &Expr) -> bool {
    match x.unparen() {
        Expr::CompositeLit(_) => true,
        Expr::Unary(u) => u.op == UnaryOp::Addr && matches!(u.x.unparen(), Expr::CompositeLit(_)),
        _ => false,
    }
}

/// An expression in a statement's header without the parentheses around it, unless it holds a composite literal
/// whose brace would then open the body.
fn strip_header_parens(x: &Expr) -> &Expr {
    let Expr::Paren(inner) = x else { return x };
    let mut search = BareLiteral { found: false };
    search.visit_expr(&inner.x);
    if search.found { x } else { strip_header_parens(&inner.x) }
}

/// Looks for a composite literal that begins with a type's name, outside of parentheses.
struct BareLiteral {
    found: bool,
}

impl Visitor for BareLiteral {
    fn visit_expr(&mut self, x: &Expr) {
        match x {
            Expr::Paren(_) => {}
            Expr::CompositeLit(lit) => self.found |= lit.ty.as_ref().is_some_and(is_type_name),
            x => walk_expr(self, x),
        }
    }
}

fn is_type_name(x: &Expr) -> bool {
    match x {
        Expr::Ident(_) => true,
        Expr::Selector(s) => is_type_name(&s.x),
        _ => false,
    }
}
