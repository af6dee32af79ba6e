//! Tokens to syntax tree.
//!
//! A recursive-descent parser with one token of lookahead, one function per production of the grammar. The
//! functions of a category stand in a module of their own: [`decl`](self), `types`, `expr`, `stmt`; here are
//! the cursor, the error rules and the depth rules that they share.
//!
//! What must stay true:
//! * There is always a tree. What cannot be parsed becomes a `Bad…` node, and the error has been reported.
//! * Messages and their places are those of Go's compiler; at most one syntax error is reported per line, and
//!   none at the end of the file after an earlier one, so that one mistake does not cause a cascade.
//! * Every loop consumes a token per turn or ends; recovery skips to tokens that begin or end a construct.
//! * Depth is bounded ([`MAX_NESTING`], [`MAX_HEIGHT`]): parsing, walking and dropping a tree fits a stack of
//!   two megabytes. Past the limit the rest of the file is not looked at.

mod decl;
mod expr;
mod stmt;
mod types;

use crate::ast::*;
use crate::diag::{Code, Diagnostic, sort_and_dedup};
use crate::lexer::Lexer;
use crate::source::{Dialect, FileId, Pos, SourceFile, SourceMap, Span};
use crate::token::{Token, TokenClass};

/// How deep brackets, blocks, literals and types may nest.
pub const MAX_NESTING: u32 = 1_000;

/// How high a tree may be, counting chains (`a + b + …`, `a.b().c()…`, `if … else if …`) by their length.
/// A phase that recurses along chains needs a stack for this many of its frames.
pub const MAX_HEIGHT: u32 = 10_000;

/// What the parser is to do beyond building the tree.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Keep all comments in [`File::comments`].
    pub comments: bool,
    /// Stop after the imports: what a loader needs to find a package's dependencies.
    pub imports_only: bool,
    /// Step over the bodies of declared functions; [`parse_body`] reads them later.
    pub skip_bodies: bool,
    /// Step over declared functions but for their names; [`parse_func`] reads them later. Only for files without
    /// errors: none is found in what nobody reads.
    pub skim: bool,
}

/// What parsing a file gives.
#[derive(Debug)]
pub struct Parsed {
    /// The tree; complete when there are no diagnostics.
    pub file: File,
    /// What is wrong, by position.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the tree is good enough to be type checked: there are no errors, or only such as a malformed
    /// literal or a method with two receivers, after which Go's compiler goes on to type checking as well
    /// (that is, all errors that do not begin with `syntax error`).
    pub checkable: bool,
}

/// Parses one file of the map. Node ids are taken from `ids`, which all files of a program share.
pub fn parse_file(map: &SourceMap, file: FileId, ids: &NodeIds, options: Options) -> Parsed {
    Parser::new(map, file, ids, options).file()
}

/// Parses the body of a declared function that was skipped, and what is wrong in it.
pub fn parse_body(map: &SourceMap, body: Span, ids: &NodeIds, options: Options) -> (Block, Vec<Diagnostic>) {
    let source = map.file_at(body.start).expect("internal error: a body outside of all files");
    let lexer = Lexer::resume(source, source.offset(body.start));
    let mut parser = Parser::with_lexer(source, lexer, ids, options);
    let block = parser.func_body();
    let mut diagnostics = std::mem::take(&mut parser.lexer.diagnostics);
    diagnostics.append(&mut parser.soft_errors);
    ids.give_back(parser.free_ids);
    (block, diagnostics)
}

/// Parses a declared function that was skimmed, its body skipped, and what is wrong in it.
pub fn parse_func(map: &SourceMap, func: Span, ids: &NodeIds) -> (FuncDecl, Vec<Diagnostic>) {
    let source = map.file_at(func.start).expect("internal error: a function outside of all files");
    let lexer = Lexer::resume(source, source.offset(func.start));
    let options = Options { skip_bodies: true, ..Options::default() };
    let mut parser = Parser::with_lexer(source, lexer, ids, options);
    let decl = parser.func_decl();
    let mut diagnostics = std::mem::take(&mut parser.lexer.diagnostics);
    diagnostics.append(&mut parser.soft_errors);
    ids.give_back(parser.free_ids);
    (decl, diagnostics)
}

/// Parses a declaration that an [outline](crate::outline) gives the place of, a function's body skipped, and what is
/// wrong in it.
pub fn parse_decl(map: &SourceMap, decl: Span, ids: &NodeIds) -> (Decl, Vec<Diagnostic>) {
    let source = map.file_at(decl.start).expect("internal error: a declaration outside of all files");
    let lexer = Lexer::resume(source, source.offset(decl.start));
    let options = Options { skip_bodies: true, ..Options::default() };
    let mut parser = Parser::with_lexer(source, lexer, ids, options);
    let decl = match parser.token {
        Token::Import => parser.import_decl(),
        Token::Func => Decl::Func(Box::new(parser.func_decl())),
        _ => parser.decl(),
    };
    let mut diagnostics = std::mem::take(&mut parser.lexer.diagnostics);
    diagnostics.append(&mut parser.soft_errors);
    ids.give_back(parser.free_ids);
    (decl, diagnostics)
}

/// How functions like [`Parser::simple_stmt`] treat constructs that only some statements allow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Plain,
    If,
    For,
    Switch,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    ids: &'a NodeIds,
    /// What is left of the block of ids taken last.
    free_ids: std::ops::Range<u32>,
    options: Options,
    dialect: Dialect,
    /// Just past the last consumed token.
    prev_end: Pos,
    /// How many functions we are in: recovery stops at statement keywords only inside of one.
    functions: u32,
    /// See [`File::library`].
    library: Vec<&'static str>,
    /// Negative in the header of a statement, where `{` after a name opens the statement's body; zero or more
    /// inside of brackets, where it opens a composite literal.
    expr_level: i32,
    depth: u32,
    /// The height of the highest tree built in the current nesting level.
    height: u32,
    /// The physical line of the last syntax error.
    last_error_line: u32,
    too_deep: bool,
    hard_errors: bool,
    soft_errors: Vec<Diagnostic>,
    /// `x.(type)` that no type switch has taken so far.
    guards: Vec<(NodeId, Span)>,
    /// Directives since the last declaration.
    directives: Vec<Directive>,
    all_directives: Vec<Directive>,
}

impl<'a> Parser<'a> {
    fn new(map: &'a SourceMap, file: FileId, ids: &'a NodeIds, options: Options) -> Parser<'a> {
        let source = map.file(file);
        Parser::with_lexer(source, Lexer::new(source), ids, options)
    }

    fn with_lexer(
        source: &SourceFile,
        mut lexer: Lexer<'a>,
        ids: &'a NodeIds,
        options: Options,
    ) -> Parser<'a> {
        lexer.keep_comments = options.comments;
        let mut parser = Parser {
            lexer,
            token: Token::Eof,
            ids,
            free_ids: 0..0,
            options,
            dialect: source.dialect(),
            prev_end: source.start(),
            functions: 0,
            library: Vec::new(),
            expr_level: 0,
            depth: 0,
            height: 0,
            last_error_line: 0,
            too_deep: false,
            hard_errors: false,
            soft_errors: Vec::new(),
            guards: Vec::new(),
            directives: Vec::new(),
            all_directives: Vec::new(),
        };
        parser.next();
        parser
    }

    // -------------------------------------------------------------------------------------------------------
    // The cursor

    fn next(&mut self) {
        self.prev_end = self.lexer.file().pos(self.lexer.end as u32);
        self.lexer.next();
        self.token = self.lexer.token;
        if !self.lexer.directives.is_empty() {
            self.all_directives.extend(self.lexer.directives.iter().cloned());
            self.directives.append(&mut self.lexer.directives);
        }
    }

    /// Where the current token begins.
    fn pos(&self) -> Pos {
        self.lexer.pos()
    }

    /// From `start` to the last consumed token.
    fn span_from(&self, start: Pos) -> Span {
        Span::new(start, self.prev_end.max(start))
    }

    fn id(&mut self) -> NodeId {
        if self.free_ids.is_empty() {
            self.free_ids = self.ids.take_block();
        }
        let id = NodeId(self.free_ids.start);
        self.free_ids.start += 1;
        id
    }

    fn vo(&self) -> bool {
        self.dialect == Dialect::Vo
    }

    /// Consumes the token if it is the current one.
    fn got(&mut self, token: Token) -> bool {
        let found = self.token == token;
        if found {
            self.next();
        }
        found
    }

    /// Consumes the token or reports that it is missing.
    fn want(&mut self, token: Token) {
        if !self.got(token) {
            self.expected(token_words(token));
            self.advance(&[]);
        }
    }

    /// Consumes `=`; `:=` too, with an error.
    fn got_assign(&mut self) -> bool {
        if self.token == Token::Define {
            self.expected("=");
        } else if self.token != Token::Assign {
            return false;
        }
        self.next();
        true
    }

    /// The directives since the last declaration, for one that accepts those that `fits` says; the others are
    /// reported.
    fn take_directives(&mut self, fits: impl Fn(&str) -> bool) -> Vec<Directive> {
        if self.directives.is_empty() {
            return Vec::new();
        }
        let (good, bad): (Vec<_>, Vec<_>) = std::mem::take(&mut self.directives).into_iter().partition(|d| {
            d.alone && (fits(d.verb()) || !(d.verb() == "go:embed" || PLACED_DIRECTIVES.contains(&d.verb())))
        });
        for d in bad {
            let what = if d.verb() == "go:embed" && d.alone { "go:embed" } else { "compiler" };
            let span = Span::new(d.span.start.offset(2), d.span.end);
            self.soft_error(Code::MisplacedDirective, span, format!("misplaced {what} directive"));
        }
        good
    }

    /// Reports the directives since the last declaration: what follows accepts none.
    fn no_directives(&mut self) {
        self.take_directives(|_| false);
    }

    fn symbol(&mut self) -> Symbol {
        Symbol::recent(self.lexer.text()).unwrap_or_else(|| Symbol::intern(&self.lexer.name()))
    }

    /// The current token, a name or keyword, as an identifier.
    fn take_ident(&mut self) -> Ident {
        let ident = Ident { id: self.id(), span: self.lexer.span(), name: self.symbol() };
        if self.token.class() == TokenClass::VoKeyword {
            self.lexer.keyword_is_name();
        }
        self.next();
        ident
    }

    /// A name.
    fn name(&mut self) -> Ident {
        if self.token == Token::Ident {
            return self.take_ident();
        }
        let ident = self.blank_at(self.pos());
        self.expected("name");
        self.advance(&[]);
        ident
    }

    /// An identifier `_` that stands for one that is missing.
    fn blank_at(&mut self, pos: Pos) -> Ident {
        Ident { id: self.id(), span: pos.span(), name: Symbol::intern("_") }
    }

    /// `name { "," name }`; the first has been consumed.
    fn name_list(&mut self, first: Ident) -> Vec<Ident> {
        let mut names = vec![first];
        while self.got(Token::Comma) {
            names.push(self.name());
        }
        names
    }

    fn bad_expr(&mut self) -> Expr {
        self.bad_expr_at(self.pos())
    }

    fn bad_expr_at(&mut self, pos: Pos) -> Expr {
        Expr::Bad(BadExpr { id: self.id(), span: pos.span() })
    }

    /// A possibly empty list of elements with separators, up to and with the closing token. An element that
    /// answers true is the last one. Returns where the closing token stands.
    fn list(
        &mut self,
        context: &str,
        separator: Token,
        close: Token,
        mut element: impl FnMut(&mut Self) -> bool,
    ) -> Pos {
        let mut done = false;
        while self.token != Token::Eof && self.token != close && !done {
            done = element(self);
            if !self.got(separator) && self.token != close {
                let (separator, close_words) = (token_words(separator), token_words(close));
                self.unexpected(&format!(" in {context}; possibly missing {separator} or {close_words}"));
                self.advance(&[Token::RParen, Token::RBrack, Token::RBrace]);
                if self.token != close {
                    return self.pos();
                }
            }
        }
        let pos = self.pos();
        self.want(close);
        pos
    }

    // -------------------------------------------------------------------------------------------------------
    // Errors

    /// Reports an error after which the tree is still fit for the type checker.
    fn error_at(&mut self, code: Code, pos: Pos, message: impl Into<String>) {
        self.lexer.diagnostics.push(Diagnostic::error(code, pos.span(), message));
        if self.lexer.diagnostics.len() > crate::lexer::MAX_ERRORS {
            self.hard_errors = true;
            self.stop();
        }
    }

    /// Like `error_at`, for an error that Go's type checker reports rather than its parser: it does not keep
    /// later syntax errors from being reported.
    fn soft_error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.soft_errors.push(Diagnostic::error(code, span, message));
    }

    /// Reports a syntax error, unless its line has one already or the file has ended after an earlier one.
    fn syntax_error_at(&mut self, code: Code, pos: Pos, message: &str) {
        if self.token == Token::Eof && !self.lexer.diagnostics.is_empty() {
            self.hard_errors = true;
            return;
        }
        let file = self.lexer.file();
        let (line, _) = file.line_col(file.offset(pos));
        self.hard_errors = true;
        if std::mem::replace(&mut self.last_error_line, line) != line {
            self.error_at(code, pos, format!("syntax error: {message}"));
        }
    }

    fn syntax_error(&mut self, message: &str) {
        self.syntax_error_at(Code::Syntax, self.pos(), message);
    }

    /// `unexpected TOKEN` and the rest of the message.
    fn unexpected(&mut self, rest: &str) {
        let message = format!("unexpected {}{rest}", self.token_description());
        self.syntax_error(&message);
    }

    /// `unexpected TOKEN, expected WHAT`
    fn expected(&mut self, what: &str) {
        self.unexpected(&format!(", expected {what}"));
    }

    /// The current token as messages name it.
    fn token_description(&self) -> String {
        let text = || String::from_utf8_lossy(self.lexer.text());
        match self.token {
            Token::Ident => format!("name {}", self.lexer.name()),
            Token::Semi => self.lexer.semi.text().to_owned(),
            t if t.is_literal() => format!("literal {}", shorten(&text())),
            t => token_words(t).to_owned(),
        }
    }

    /// Skips tokens up to one of `follow` (inside a function also to one that begins a statement); when
    /// `follow` is empty, skips just one.
    fn advance(&mut self, follow: &[Token]) {
        if follow.is_empty() {
            if self.token != Token::Eof {
                self.next();
            }
            return;
        }
        while self.token != Token::Eof
            && !follow.contains(&self.token)
            && !(self.functions > 0 && begins_statement(self.token))
        {
            self.next();
        }
    }

    /// Gives up on the rest of the file.
    fn stop(&mut self) {
        self.lexer.stop();
        self.token = Token::Eof;
    }

    // -------------------------------------------------------------------------------------------------------
    // Depth

    /// Parses something that may contain itself, one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.height);
        self.depth += 1;
        if self.depth > MAX_NESTING {
            self.give_up_too_deep("nesting is too deep", MAX_NESTING);
        }
        let parsed = parse(self);
        self.depth -= 1;
        self.height = outer.max(self.height + 1);
        parsed
    }

    /// Parses something that stands beside what this level has built so far, so that the height of a chain in
    /// it is counted from zero.
    fn measured<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.height);
        let parsed = parse(self);
        self.height = self.height.max(outer);
        parsed
    }

    /// Notes that a link has been added to a chain whose parts are at most `self.height` high.
    fn chained(&mut self) {
        self.height += 1;
        if self.height > MAX_HEIGHT {
            self.give_up_too_deep("expression or statement is too long", MAX_HEIGHT);
        }
    }

    fn give_up_too_deep(&mut self, what: &str, limit: u32) {
        self.hard_errors = true;
        if !std::mem::replace(&mut self.too_deep, true) {
            let message = format!("{what} (the limit is {limit} levels)");
            self.error_at(Code::TooDeep, self.pos(), message);
        }
        self.stop();
    }

    // -------------------------------------------------------------------------------------------------------
    // The end

    fn finish(mut self, mut file: File) -> Parsed {
        for (_, span) in std::mem::take(&mut self.guards) {
            let message = "invalid syntax tree: use of .(type) outside type switch";
            self.soft_error(Code::UseOfTypeOutsideSwitch, span, message);
        }
        file.comments = std::mem::take(&mut self.lexer.comments);
        file.directives = std::mem::take(&mut self.all_directives);
        self.lexer.publish_line_directives();
        let mut diagnostics = std::mem::take(&mut self.lexer.diagnostics);
        // Go's compiler does not get as far as its type checker when there are syntax errors.
        let parse_phase = |d: &Diagnostic| d.code == Code::MisplacedDirective;
        self.soft_errors.retain(|d| !self.hard_errors || parse_phase(d));
        diagnostics.append(&mut self.soft_errors);
        sort_and_dedup(&mut diagnostics);
        let source = self.lexer.file();
        let line = |d: &Diagnostic| source.line_col(source.offset(d.span.start)).0;
        diagnostics.dedup_by(|b, a| a.message == b.message && line(a) == line(b));
        let checkable = !self.hard_errors;
        self.ids.give_back(self.free_ids);
        Parsed { file, diagnostics, checkable }
    }
}

/// Directives that have a meaning at certain declarations only: `go:build` at the package clause, the others at
/// functions.
const PLACED_DIRECTIVES: &[&str] = &[
    "go:build",
    "go:cgo_unsafe_args",
    "go:nocheckptr",
    "go:noescape",
    "go:noinline",
    "go:norace",
    "go:nosplit",
    "go:nowritebarrier",
    "go:nowritebarrierrec",
    "go:registerparams",
    "go:systemstack",
    "go:uintptrescapes",
    "go:uintptrkeepalive",
    "go:yeswritebarrierrec",
];

/// A token in the words of `expected …`.
fn token_words(token: Token) -> &'static str {
    if token == Token::Semi {
        return "semicolon or newline";
    }
    match token.class() {
        TokenClass::Keyword | TokenClass::VoKeyword => keyword_words(token),
        _ => token.text(),
    }
}

macro_rules! declare_keyword_words {
    ($(($name:ident, $text:literal, $class:ident))*) => {
        /// `keyword for` and so on.
        fn keyword_words(token: Token) -> &'static str {
            match token { $(Token::$name => concat!("keyword ", $text)),* }
        }
    };
}

crate::for_each_token!(declare_keyword_words);

/// Keywords at which recovery inside a function stops.
fn begins_statement(token: Token) -> bool {
    use Token::*;
    matches!(
        token,
        Break
            | Const
            | Continue
            | Defer
            | ErrDefer
            | Fail
            | Fallthrough
            | For
            | Go
            | Goto
            | If
            | Return
            | Select
            | Switch
            | Type
            | Var
    )
}

/// A literal cut to a length that fits a message.
fn shorten(text: &str) -> String {
    const MAX: usize = 80;
    match text.char_indices().nth(MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
