//! Files and declarations.

use super::*;
use crate::build;
use std::sync::OnceLock;

const TOP_LEVEL: &[Token] = &[Token::Import, Token::Const, Token::Type, Token::Var, Token::Func];

impl Parser<'_> {
    /// `[ "package" name ";" ] { ImportDecl ";" } { TopLevelDecl ";" }`
    pub(super) fn file(mut self) -> Parsed {
        let start = self.lexer.file().start();
        let go_version = self.build_version();
        let (id, package_pos, name) = (self.id(), self.package_pos(), self.package_name());
        let span = Span::new(start, self.lexer.file().end());
        let mut file = File {
            id,
            span,
            file: self.lexer.file().id(),
            dialect: self.dialect,
            package_pos,
            name,
            decls: Vec::new(),
            library: Vec::new(),
            directives: Vec::new(),
            go_version,
            comments: Vec::new(),
        };
        // Go's compiler does not look further after a broken package clause.
        if !self.lexer.diagnostics.is_empty() {
            self.hard_errors = true;
            return self.finish(file);
        }
        self.top_level(&mut file.decls);
        file.library = std::mem::take(&mut self.library);
        self.finish(file)
    }

    /// The language version that a `//go:build` line before the package clause asks for.
    fn build_version(&mut self) -> Option<(u32, u32)> {
        let line = self.all_directives.iter().find(|d| d.verb() == "go:build")?;
        let span = line.span;
        match build::Constraint::parse(&line.text["go:build".len()..]) {
            Ok(constraint) => constraint.go_version(),
            Err(error) => {
                let message = format!("parsing //go:build line: {error}");
                self.soft_error(Code::InvalidBuildConstraint, span, message);
                None
            }
        }
    }

    fn package_pos(&self) -> Pos {
        if self.token == Token::Package { self.pos() } else { Pos::NONE }
    }

    fn package_name(&mut self) -> Ident {
        if self.token == Token::Package {
            self.take_directives(|verb| verb == "go:build");
            self.next();
            // The packages that look after them are called as the keywords are.
            let keyword = matches!(self.token, Token::Island | Token::Port);
            let name = if keyword { self.take_ident() } else { self.name() };
            self.want(Token::Semi);
            return name;
        }
        if !self.vo() {
            self.syntax_error("package statement must be first");
        }
        self.directives.retain(|d| d.verb() != "go:build");
        let span = self.lexer.file().start().span();
        Ident { id: self.id(), span, name: Symbol::intern("main") }
    }

    fn top_level(&mut self, decls: &mut Vec<Decl>) {
        let mut previous = Token::Import;
        while self.token != Token::Eof {
            if self.token == Token::Import && previous != Token::Import {
                let message = "imports must appear before other declarations";
                self.syntax_error_at(Code::MisplacedDeclaration, self.pos(), message);
            }
            if self.options.imports_only && self.token != Token::Import {
                self.stop();
                return;
            }
            previous = self.token;
            if !self.top_level_decl(decls) {
                self.advance(TOP_LEVEL);
                continue;
            }
            self.no_directives();
            if self.token != Token::Eof && !self.got(Token::Semi) {
                self.unexpected(" after top level declaration");
                self.advance(TOP_LEVEL);
            }
        }
        self.no_directives();
    }

    /// One declaration; false (and an error) when there is none.
    fn top_level_decl(&mut self, decls: &mut Vec<Decl>) -> bool {
        match self.token {
            Token::Import => decls.push(self.import_decl()),
            Token::Const | Token::Var | Token::Type => decls.push(self.decl()),
            Token::Func => {
                let decl = match self.skimmed_func() {
                    Some(skimmed) => Decl::Skimmed(Box::new(skimmed)),
                    None => Decl::Func(Box::new(self.func_decl())),
                };
                decls.push(decl);
            }
            Token::LBrace if matches!(decls.last(), Some(Decl::Func(f)) if f.body.is_none()) => {
                let message = "unexpected semicolon or newline before {";
                self.syntax_error_at(Code::MissingBrace, self.pos(), message);
                return false;
            }
            _ => {
                let message = "non-declaration statement outside function body";
                self.syntax_error_at(Code::MisplacedDeclaration, self.pos(), message);
                return false;
            }
        }
        true
    }

    /// A `const`, `var` or `type` declaration.
    pub(super) fn decl(&mut self) -> Decl {
        match self.token {
            Token::Const => self.const_decl(),
            Token::Type => {
                let (id, start, lparen, specs) = self.group(Self::type_spec);
                Decl::Type(TypeDecl { id, span: self.span_from(start), lparen, specs })
            }
            _ => {
                let (id, start, lparen, specs) = self.group(Self::var_spec);
                Decl::Var(VarDecl { id, span: self.span_from(start), lparen, specs })
            }
        }
    }

    /// A keyword and one spec, or several in parentheses.
    fn group<T>(&mut self, mut spec: impl FnMut(&mut Self) -> T) -> (NodeId, Pos, Pos, Vec<T>) {
        let (id, start) = (self.id(), self.pos());
        self.next();
        let mut specs = Vec::new();
        let mut lparen = Pos::NONE;
        if self.token == Token::LParen {
            lparen = self.pos();
            self.no_directives();
            self.next();
            self.list("grouped declaration", Token::Semi, Token::RParen, |p| {
                specs.push(spec(p));
                false
            });
        } else {
            specs.push(spec(self));
        }
        (id, start, lparen, specs)
    }

    pub(super) fn import_decl(&mut self) -> Decl {
        let (id, start, lparen, specs) = self.group(Self::import_spec);
        let specs = specs.into_iter().flatten().collect();
        Decl::Import(ImportDecl { id, span: self.span_from(start), lparen, specs })
    }

    /// `[ "." | name ] path`
    fn import_spec(&mut self) -> Option<ImportSpec> {
        let (id, start) = (self.id(), self.pos());
        self.no_directives();
        let name = match self.token {
            Token::Ident => Some(self.take_ident()),
            Token::Period => Some(self.take_ident()),
            _ => None,
        };
        let Some(path) = self.opt_literal() else {
            self.syntax_error("missing import path");
            self.advance(&[Token::Semi, Token::RParen]);
            return None;
        };
        if !path.bad && path.kind != LitKind::String {
            self.syntax_error_at(Code::Syntax, path.span.start, "import path must be a string");
        }
        Some(ImportSpec { id, span: self.span_from(start), name, path })
    }

    fn const_decl(&mut self) -> Decl {
        let (mut index, mut last) = (0, None);
        let (id, start, lparen, specs) = self.group(|p| {
            let mut spec = p.const_spec(index);
            if spec.ty.is_none() && spec.values.is_empty() {
                spec.inherits = last;
            } else {
                last = Some(index);
            }
            index += 1;
            spec
        });
        Decl::Const(ConstDecl { id, span: self.span_from(start), lparen, specs })
    }

    /// `names [ [ Type ] "=" values ]`
    fn const_spec(&mut self, iota: u32) -> ConstSpec {
        let (id, start) = (self.id(), self.pos());
        self.no_directives();
        let first = self.name();
        let names = self.name_list(first);
        let (mut ty, mut values) = (None, Vec::new());
        if !matches!(self.token, Token::Eof | Token::Semi | Token::RParen) {
            ty = self.opt_type();
            if self.got_assign() {
                values = self.expr_list();
            }
        }
        ConstSpec { id, span: self.span_from(start), iota, names, ty, values, inherits: None }
    }

    /// `names ( Type [ "=" values ] | "=" values )`
    fn var_spec(&mut self) -> VarSpec {
        let (id, start) = (self.id(), self.pos());
        let directives = self.take_directives(|verb| verb == "go:embed");
        let first = self.name();
        let names = self.name_list(first);
        let (mut ty, mut values) = (None, Vec::new());
        if self.got_assign() {
            values = self.expr_list();
        } else {
            ty = Some(self.ty());
            if self.got_assign() {
                values = self.expr_list();
            }
        }
        VarSpec { id, span: self.span_from(start), names, ty, values, directives }
    }

    /// `name [ TypeParams ] [ "=" ] Type`
    fn type_spec(&mut self) -> TypeSpec {
        let (id, start) = (self.id(), self.pos());
        let directives = self.take_directives(|_| false);
        let name = self.name();
        let mut type_params = None;
        let mut assign = Pos::NONE;
        let ty = if self.token == Token::LBrack {
            self.type_params_or_array(&mut type_params, &mut assign)
        } else {
            self.alias_type(&mut assign)
        };
        let ty = ty.unwrap_or_else(|| {
            let bad = self.bad_expr();
            self.unexpected(" in type declaration");
            self.advance(&[Token::Semi, Token::RParen]);
            bad
        });
        TypeSpec { id, span: self.span_from(start), name, type_params, assign, ty, directives }
    }

    fn alias_type(&mut self, assign: &mut Pos) -> Option<Expr> {
        let pos = self.pos();
        if self.got_assign() {
            *assign = pos;
        }
        self.opt_type()
    }

    /// What follows `type T` when it is `[`: type parameters and a type, or an array or slice type.
    ///
    /// `[P *C]` and `[P (C)]` could be lengths or type parameters. An expression is parsed and taken apart:
    /// it is a type parameter if a comma follows or its right side can only be a type.
    fn type_params_or_array(&mut self, params: &mut Option<FieldList>, assign: &mut Pos) -> Option<Expr> {
        let lbrack = self.pos();
        self.next();
        match self.token {
            Token::Ident => {}
            Token::RBrack => {
                self.next();
                return Some(self.slice_type(lbrack));
            }
            _ => return Some(self.array_type(lbrack, None)),
        }
        let mut x = Expr::Ident(self.take_ident());
        if self.token != Token::LBrack {
            self.expr_level += 1;
            x = self.measured(|p| {
                let first = p.primary_from(x);
                p.binary_from(first, 0)
            });
            self.expr_level -= 1;
        }
        match split_type_param(x, self.token == Token::Comma) {
            Ok((name, constraint)) if constraint.is_some() || self.token != Token::RBrack => {
                let constraint = constraint.map(|c| self.type_elem(c));
                *params = Some(self.type_params(lbrack, Some((name, constraint))));
                self.alias_type(assign)
            }
            Ok((name, _)) => Some(self.array_type(lbrack, Some(Expr::Ident(name)))),
            Err(length) => Some(self.array_type(lbrack, Some(length))),
        }
    }

    /// `"func" [ receiver ] name [ TypeParams ] Signature [ Body ]`
    /// A function of which only the name is read, where that is asked for and the function is an ordinary one.
    fn skimmed_func(&mut self) -> Option<SkimmedFunc> {
        if !self.options.skim {
            return None;
        }
        let func = self.lexer.skim_func()?;
        let (id, start) = (self.id(), self.pos());
        let directives = self.take_directives(|verb| verb != "go:embed" && verb != "go:build");
        let file = self.lexer.file();
        let symbol = |name: &str| Symbol::recent(name.as_bytes()).unwrap_or_else(|| Symbol::intern(name));
        let recv = func.recv.map(|(ptr, base)| SkimmedRecv { ptr, base: symbol(base) });
        let span = Span::new(file.pos(func.name_at), file.pos(func.name_at + func.name.len() as u32));
        let name = Ident { id: self.id(), span, name: symbol(func.name) };
        self.lexer.step_over(&func);
        self.next();
        let span = self.span_from(start);
        Some(SkimmedFunc { id, span, recv, name, directives, decl: OnceLock::new() })
    }

    pub(super) fn func_decl(&mut self) -> FuncDecl {
        let (id, start) = (self.id(), self.pos());
        let directives = self.take_directives(|verb| verb != "go:embed" && verb != "go:build");
        self.next();
        let recv = if self.token == Token::LParen { self.receiver() } else { None };
        let (name, type_params, ty) = if self.token == Token::Ident {
            let name = self.take_ident();
            let (type_params, ty) = self.signature(None);
            (name, type_params, ty)
        } else {
            let name = self.blank_at(self.pos());
            let ty = self.empty_func_type();
            self.expected(if recv.is_some() { "name" } else { "name or (" });
            self.advance(&[Token::LBrace, Token::Semi]);
            (name, None, ty)
        };
        let body = (self.token == Token::LBrace).then(|| self.decl_body());
        let span = self.span_from(start);
        FuncDecl { id, span, recv, name, type_params, ty, body, directives }
    }

    /// The receiver's parameter list, cut to one parameter.
    fn receiver(&mut self) -> Option<FieldList> {
        let mut list = self.params(false);
        match list.count() {
            1 => return Some(list),
            0 => {
                self.error_at(Code::BadReceiver, self.pos(), "method has no receiver");
                return None;
            }
            _ => self.error_at(Code::BadReceiver, self.pos(), "method has multiple receivers"),
        }
        list.fields.truncate(1);
        list.fields[0].names.truncate(1);
        Some(list)
    }

    fn empty_func_type(&mut self) -> FuncType {
        let (params, results) = (self.no_fields(), self.no_fields());
        FuncType { id: self.id(), span: self.pos().span(), params, results }
    }

    /// The body of a declaration, or where it stands.
    fn decl_body(&mut self) -> FuncBody {
        let start = self.pos();
        if self.options.skip_bodies && self.lexer.skip_block() {
            self.next();
            return FuncBody::skipped(self.span_from(start));
        }
        self.func_body().into()
    }

    pub(super) fn func_body(&mut self) -> Block {
        self.functions += 1;
        let body = self.nested(|p| p.block(""));
        self.functions -= 1;
        body
    }
}

/// Takes `name constraint` out of an expression that looks like one: `P *C`, `P (C)`, `P *C|~D`, or just a
/// name. Otherwise gives the expression back. With `force`, also what could be a value is a constraint.
fn split_type_param(mut x: Expr, force: bool) -> Result<(Ident, Option<Expr>), Expr> {
    if let Expr::Ident(name) = x {
        return Ok((name, None));
    }
    if !begins_with_type_param(&x, force) {
        return Err(x);
    }
    // The name is the leftmost operand of the `|` chain; it goes, and what it stood before remains.
    let depth = or_chain_length(&x);
    let mut first = &mut x;
    for _ in 0..depth {
        let Expr::Binary(b) = first else { not_split() };
        first = &mut b.x;
    }
    let nothing = Expr::Bad(BadExpr { id: NodeId::default(), span: Span::NONE });
    let (name, rest) = name_and_rest(std::mem::replace(first, nothing));
    let start = rest.pos();
    *first = rest;
    let mut link = &mut x;
    for _ in 0..depth {
        let Expr::Binary(b) = link else { not_split() };
        b.span.start = start;
        link = &mut b.x;
    }
    Ok((name, Some(x)))
}

fn or_chain_length(mut x: &Expr) -> usize {
    let mut length = 0;
    while let Expr::Binary(b) = x
        && b.op == BinaryOp::Or
    {
        length += 1;
        x = &b.x;
    }
    length
}

fn begins_with_type_param(mut x: &Expr, mut force: bool) -> bool {
    loop {
        match x {
            Expr::Binary(b) if b.op == BinaryOp::Or => {
                force |= is_type_elem(&b.y);
                x = &b.x;
            }
            Expr::Binary(b) if b.op == BinaryOp::Mul => {
                return b.x.as_ident().is_some() && (force || is_type_elem(&b.y));
            }
            Expr::Call(c) => {
                let one = c.args.len() == 1 && !c.ellipsis.is_valid();
                return one && c.fun.as_ident().is_some() && (force || is_type_elem(&c.args[0]));
            }
            _ => return false,
        }
    }
}

/// Splits `P * C` and `P(C)` into the name and the constraint.
fn name_and_rest(x: Expr) -> (Ident, Expr) {
    match x {
        Expr::Binary(b) => {
            let BinaryExpr { id, span, op_pos, x: Expr::Ident(name), y, .. } = *b else { not_split() };
            let span = Span::new(op_pos, span.end);
            (name, Expr::Star(Box::new(StarExpr { id, span, x: y })))
        }
        Expr::Call(mut c) => {
            let (Expr::Ident(name), Some(mut arg)) = (c.fun, c.args.pop()) else { not_split() };
            while let Expr::Paren(p) = arg {
                arg = p.x;
            }
            (name, arg)
        }
        _ => not_split(),
    }
}

fn not_split() -> ! {
    panic!("internal error: not a type parameter after all")
}

/// Whether an expression can only be a type or constraint.
fn is_type_elem(x: &Expr) -> bool {
    match x {
        Expr::ArrayType(_)
        | Expr::StructType(_)
        | Expr::FuncType(_)
        | Expr::InterfaceType(_)
        | Expr::SliceType(_)
        | Expr::MapType(_)
        | Expr::ChanType(_)
        | Expr::PortType(_)
        | Expr::IslandType(_)
        | Expr::Union(_) => true,
        Expr::Binary(b) => is_type_elem(&b.x) || is_type_elem(&b.y),
        Expr::Unary(u) => is_type_elem(&u.x),
        Expr::Star(s) => is_type_elem(&s.x),
        Expr::Paren(p) => is_type_elem(&p.x),
        _ => false,
    }
}
