//! Types, signatures and parameter lists.

use super::*;

/// What stands in brackets after a name that may be a field or a generic type.
enum Bracketed {
    /// `[n]E` or `[]E`: a type of its own.
    Type(Expr),
    /// `[P, Q]`: type arguments of the name before.
    Args(Pos, Vec<Expr>),
}

/// A parameter before names and types have been matched up: `a`, `int` and `a int` look alike until the end
/// of the list.
struct Param {
    name: Option<Ident>,
    ty: Option<Expr>,
    ellipsis: Pos,
    start: Pos,
}

impl Parser<'_> {
    pub(super) fn no_fields(&mut self) -> FieldList {
        FieldList { id: self.id(), span: self.pos().span(), fields: Vec::new() }
    }

    /// A type; its absence is an error.
    pub(super) fn ty(&mut self) -> Expr {
        self.opt_type().unwrap_or_else(|| {
            let bad = self.bad_expr();
            self.expected("type");
            use Token::*;
            self.advance(&[Comma, Colon, Semi, RParen, RBrack, RBrace]);
            bad
        })
    }

    /// A type, if one begins here.
    pub(super) fn opt_type(&mut self) -> Option<Expr> {
        match self.token {
            Token::Ident => Some(self.qualified_name(None)),
            Token::Mul
            | Token::Arrow
            | Token::Func
            | Token::LBrack
            | Token::Chan
            | Token::Map
            | Token::Struct
            | Token::Interface
            | Token::LParen
            | Token::Port
            | Token::Island => Some(self.nested(Self::type_literal)),
            _ => None,
        }
    }

    /// A type that begins with something else than a name.
    fn type_literal(&mut self) -> Expr {
        let start = self.pos();
        match self.token {
            Token::Mul => {
                self.next();
                let x = self.ty();
                self.star(start, x)
            }
            Token::Arrow => self.receive_only_type(),
            Token::Func => {
                self.next();
                let (_, mut ty) = self.signature(Some("function type"));
                ty.span.start = start;
                Expr::FuncType(Box::new(ty))
            }
            Token::LBrack => {
                self.next();
                if self.got(Token::RBrack) { self.slice_type(start) } else { self.array_type(start, None) }
            }
            Token::Chan | Token::Port => self.chan_type(),
            Token::Map => self.map_type(),
            Token::Struct => self.struct_type(),
            Token::Interface => self.interface_type(),
            Token::Island => self.island_or_name(),
            _ => {
                let id = self.id();
                self.next();
                let x = self.ty();
                self.want(Token::RParen);
                Expr::Paren(Box::new(ParenExpr { id, span: self.span_from(start), x }))
            }
        }
    }

    fn star(&mut self, start: Pos, x: Expr) -> Expr {
        Expr::Star(Box::new(StarExpr { id: self.id(), span: self.span_from(start), x }))
    }

    /// `island`: the type, or the package of that name in `island.Self`.
    pub(super) fn island_or_name(&mut self) -> Expr {
        let ident = self.take_ident();
        if self.token == Token::Period {
            return self.qualified_name(Some(ident));
        }
        Expr::IslandType(IslandType { id: ident.id, span: ident.span })
    }

    /// `<-chan T` or `<-port T`
    fn receive_only_type(&mut self) -> Expr {
        let (id, start) = (self.id(), self.pos());
        self.next();
        let port = self.token == Token::Port;
        if !self.got(Token::Port) {
            self.want(Token::Chan);
        }
        let elem = self.chan_elem();
        self.make_chan(port, id, start, ChanDir::Recv, elem)
    }

    /// `chan T`, `chan<- T`, `port T`, `port<- T`
    pub(super) fn chan_type(&mut self) -> Expr {
        let (id, start) = (self.id(), self.pos());
        let port = self.token == Token::Port;
        self.next();
        let dir = if self.got(Token::Arrow) { ChanDir::Send } else { ChanDir::Both };
        let elem = self.chan_elem();
        self.make_chan(port, id, start, dir, elem)
    }

    fn make_chan(&mut self, port: bool, id: NodeId, start: Pos, dir: ChanDir, elem: Expr) -> Expr {
        let span = self.span_from(start);
        if port {
            Expr::PortType(Box::new(PortType { id, span, dir, elem }))
        } else {
            Expr::ChanType(Box::new(ChanType { id, span, dir, elem }))
        }
    }

    fn chan_elem(&mut self) -> Expr {
        self.opt_type().unwrap_or_else(|| {
            let bad = self.bad_expr();
            self.syntax_error("missing channel element type");
            bad
        })
    }

    fn map_type(&mut self) -> Expr {
        let (id, start) = (self.id(), self.pos());
        self.next();
        self.want(Token::LBrack);
        let key = self.ty();
        self.want(Token::RBrack);
        let value = self.ty();
        Expr::MapType(Box::new(MapType { id, span: self.span_from(start), key, value }))
    }

    /// `[]T` whose brackets have been consumed.
    pub(super) fn slice_type(&mut self, start: Pos) -> Expr {
        let id = self.id();
        let elem = self.ty();
        Expr::SliceType(Box::new(SliceType { id, span: self.span_from(start), elem }))
    }

    /// `[n]T` or `[...]T` whose opening bracket has been consumed, and perhaps the length.
    pub(super) fn array_type(&mut self, start: Pos, len: Option<Expr>) -> Expr {
        let id = self.id();
        let dots = self.pos();
        let len = match len {
            Some(len) => ArrayLen::Expr(len),
            None if self.got(Token::Ellipsis) => ArrayLen::Ellipsis(dots),
            None => {
                self.expr_level += 1;
                let len = self.expr();
                self.expr_level -= 1;
                ArrayLen::Expr(len)
            }
        };
        if self.token == Token::Comma {
            self.syntax_error("unexpected comma; expected ]");
            self.next();
        }
        self.want(Token::RBrack);
        let elem = self.ty();
        Expr::ArrayType(Box::new(ArrayType { id, span: self.span_from(start), len, elem }))
    }

    /// `[ package "." ] name [ TypeArgs ]`
    pub(super) fn qualified_name(&mut self, name: Option<Ident>) -> Expr {
        let mut x = match name {
            Some(name) => Expr::Ident(name),
            None if self.token == Token::Ident => Expr::Ident(self.take_ident()),
            None => {
                let blank = self.blank_at(self.pos());
                self.expected("name");
                self.advance(&[Token::Period, Token::Semi, Token::RBrace]);
                Expr::Ident(blank)
            }
        };
        let start = x.pos();
        if self.got(Token::Period) {
            let sel = self.member_name();
            x = Expr::Selector(Box::new(SelectorExpr { id: self.id(), span: self.span_from(start), x, sel }));
        }
        if self.token == Token::LBrack {
            x = self.instance(x);
        }
        x
    }

    /// A name after a dot, where Vo's own keywords are names too.
    pub(super) fn member_name(&mut self) -> Ident {
        if self.token.class() == TokenClass::VoKeyword { self.take_ident() } else { self.name() }
    }

    /// `x "[" types "]"`
    fn instance(&mut self, x: Expr) -> Expr {
        let (id, start, lbrack) = (self.id(), x.pos(), self.pos());
        self.next();
        let indices = if self.token == Token::RBrack {
            self.expected("type argument list");
            vec![self.bad_expr()]
        } else {
            self.nested(|p| p.type_list(true)).0
        };
        self.want(Token::RBrack);
        Expr::Index(Box::new(IndexExpr { id, span: self.span_from(start), x, lbrack, indices }))
    }

    /// A list of types with perhaps a trailing comma; unless `strict`, the first may be any expression. Also
    /// answers whether there was a comma.
    pub(super) fn type_list(&mut self, strict: bool) -> (Vec<Expr>, bool) {
        self.expr_level += 1;
        let mut list = vec![if strict { self.ty() } else { self.expr() }];
        let mut comma = false;
        while self.got(Token::Comma) {
            comma = true;
            match self.opt_type() {
                Some(ty) => list.push(ty),
                None => break,
            }
        }
        self.expr_level -= 1;
        (list, comma)
    }

    // -------------------------------------------------------------------------------------------------------
    // Structs and interfaces

    fn struct_type(&mut self) -> Expr {
        let (id, start) = (self.id(), self.pos());
        self.next();
        let (list_id, lbrace) = (self.id(), self.pos());
        self.want(Token::LBrace);
        let mut fields = Vec::new();
        self.list("struct type", Token::Semi, Token::RBrace, |p| {
            fields.extend(p.field_decl());
            false
        });
        let fields = FieldList { id: list_id, span: self.span_from(lbrace), fields };
        Expr::StructType(Box::new(StructType { id, span: self.span_from(start), fields }))
    }

    /// `names Type [ tag ]` or `[ "*" ] TypeName [ tag ]`
    fn field_decl(&mut self) -> Option<Field> {
        let (id, start) = (self.id(), self.pos());
        let (mut names, ty) = (
            Vec::new(),
            match self.token {
                Token::Ident => None,
                Token::Mul => Some(self.embedded_pointer(start)),
                Token::LParen => Some(self.embedded_in_parens()),
                _ => {
                    self.expected("field name or embedded type");
                    self.advance(&[Token::Semi, Token::RBrace]);
                    return None;
                }
            },
        );
        let ty = match ty {
            Some(ty) => ty,
            None => self.named_field(&mut names),
        };
        let tag = self.opt_literal();
        if let Some(tag) = tag.as_ref().filter(|t| !t.bad && t.kind != LitKind::String) {
            self.syntax_error_at(Code::Syntax, tag.span.start, "struct field tag must be a string");
        }
        Some(Field { id, span: self.span_from(start), names, ellipsis: Pos::NONE, ty, tag })
    }

    /// A field that begins with a name: the name of the field, or of an embedded type.
    fn named_field(&mut self, names: &mut Vec<Ident>) -> Expr {
        use Token::*;
        let name = self.take_ident();
        if matches!(self.token, Period | Int | Float | Imag | Char | String | Semi | RBrace) {
            return self.qualified_name(Some(name));
        }
        *names = self.name_list(name);
        if names.len() > 1 || self.token != LBrack {
            return self.ty();
        }
        match self.array_or_type_args() {
            Bracketed::Type(ty) => ty,
            Bracketed::Args(lbrack, indices) => {
                names.clear();
                self.index_expr(Expr::Ident(name), lbrack, indices)
            }
        }
    }

    fn index_expr(&mut self, x: Expr, lbrack: Pos, indices: Vec<Expr>) -> Expr {
        let (id, span) = (self.id(), self.span_from(x.pos()));
        Expr::Index(Box::new(IndexExpr { id, span, x, lbrack, indices }))
    }

    fn embedded_pointer(&mut self, start: Pos) -> Expr {
        self.next();
        let ty = if self.token == Token::LParen {
            self.syntax_error("cannot parenthesize embedded type");
            self.next();
            let ty = self.qualified_name(None);
            self.got(Token::RParen);
            ty
        } else {
            self.qualified_name(None)
        };
        self.star(start, ty)
    }

    fn embedded_in_parens(&mut self) -> Expr {
        self.syntax_error("cannot parenthesize embedded type");
        self.next();
        let start = self.pos();
        let ty = if self.got(Token::Mul) {
            let ty = self.qualified_name(None);
            self.star(start, ty)
        } else {
            self.qualified_name(None)
        };
        self.got(Token::RParen);
        ty
    }

    /// `[n]E`, `[]E`, or type arguments.
    fn array_or_type_args(&mut self) -> Bracketed {
        let lbrack = self.pos();
        self.next();
        if self.got(Token::RBrack) {
            return Bracketed::Type(self.slice_type(lbrack));
        }
        let (mut list, comma) = self.nested(|p| p.type_list(false));
        self.want(Token::RBrack);
        if !comma && let Some(elem) = self.opt_type() {
            let len = list.pop().map_or(ArrayLen::Ellipsis(lbrack), ArrayLen::Expr);
            let (id, span) = (self.id(), self.span_from(lbrack));
            return Bracketed::Type(Expr::ArrayType(Box::new(ArrayType { id, span, len, elem })));
        }
        Bracketed::Args(lbrack, list)
    }

    fn interface_type(&mut self) -> Expr {
        let (id, start) = (self.id(), self.pos());
        self.next();
        self.want(Token::LBrace);
        let mut elems = Vec::new();
        let rbrace = self.list("interface type", Token::Semi, Token::RBrace, |p| {
            elems.push(p.interface_elem());
            false
        });
        Expr::InterfaceType(Box::new(InterfaceType { id, span: self.span_from(start), elems, rbrace }))
    }

    /// A method, or an embedded type or union.
    fn interface_elem(&mut self) -> InterfaceElem {
        if self.token != Token::Ident {
            let first = self.embedded_term();
            return InterfaceElem::Embedded(self.union_from(first));
        }
        let name = self.take_ident();
        match self.token {
            Token::LParen => self.method_spec(name),
            Token::LBrack => self.method_or_instance(name),
            _ => {
                let first = self.qualified_name(Some(name));
                InterfaceElem::Embedded(self.union_from(first))
            }
        }
    }

    fn method_spec(&mut self, name: Ident) -> InterfaceElem {
        let id = self.id();
        let (type_params, ty) = self.signature(Some("interface method"));
        let span = self.span_from(name.span.start);
        InterfaceElem::Method(Box::new(MethodSpec { id, span, name, type_params, ty }))
    }

    /// `name [`: a generic method (an error) or an embedded instantiated type. The list in brackets tells: of
    /// type parameters, the first has a name and a constraint.
    fn method_or_instance(&mut self, name: Ident) -> InterfaceElem {
        let lbrack = self.pos();
        self.next();
        if self.token == Token::RBrack {
            let rbrack = self.pos();
            self.next();
            let what = if self.token == Token::LParen { "parameter" } else { "argument" };
            self.error_at(Code::BadTypeParameters, rbrack, format!("empty type {what} list"));
            if self.token == Token::LParen {
                return self.method_spec(name);
            }
            return InterfaceElem::Embedded(Expr::Ident(name));
        }
        let list = self.bracketed_params(lbrack, Token::RBrack, None, false, false);
        if list.fields.first().is_some_and(|f| !f.names.is_empty()) {
            let method = self.method_spec(name);
            let message = "interface method must have no type parameters";
            self.error_at(Code::InvalidMethodTypeParameters, lbrack, message);
            return method;
        }
        if self.token == Token::LParen && list.fields.is_empty() {
            return self.method_spec(name);
        }
        let args = list.fields.into_iter().map(|f| f.ty).collect();
        let first = self.index_expr(Expr::Ident(name), lbrack, args);
        InterfaceElem::Embedded(self.union_from(first))
    }

    // -------------------------------------------------------------------------------------------------------
    // Constraints

    /// `[ "~" ] Type`
    fn embedded_term(&mut self) -> Expr {
        let start = self.pos();
        if self.got(Token::Tilde) {
            let ty = self.ty();
            return self.tilde_term(start, ty);
        }
        self.opt_type().unwrap_or_else(|| {
            let bad = self.bad_expr();
            self.expected("~ term or type");
            use Token::*;
            self.advance(&[Or, Mul, Add, Semi, RParen, RBrack, RBrace]);
            bad
        })
    }

    /// `~T` as a union of one term.
    pub(super) fn tilde_term(&mut self, tilde: Pos, ty: Expr) -> Expr {
        let span = self.span_from(tilde);
        let terms = vec![UnionTerm { id: self.id(), span, tilde, ty }];
        Expr::Union(Box::new(UnionExpr { id: self.id(), span, terms }))
    }

    /// `first { "|" term }`
    fn union_from(&mut self, first: Expr) -> Expr {
        if self.token != Token::Or {
            return first;
        }
        let start = first.pos();
        let mut terms = Vec::new();
        self.push_terms(first, &mut terms);
        while self.got(Token::Or) {
            let term = self.embedded_term();
            self.push_terms(term, &mut terms);
        }
        Expr::Union(Box::new(UnionExpr { id: self.id(), span: self.span_from(start), terms }))
    }

    fn push_terms(&mut self, mut x: Expr, terms: &mut Vec<UnionTerm>) {
        let mut later = Vec::new();
        x = loop {
            match x {
                Expr::Binary(b) if b.op == BinaryOp::Or => {
                    later.push(b.y);
                    x = b.x;
                }
                first => break first,
            }
        };
        for x in std::iter::once(x).chain(later.into_iter().rev()) {
            match x {
                Expr::Union(u) => terms.extend(u.terms),
                ty => terms.push(UnionTerm { id: self.id(), span: ty.span(), tilde: Pos::NONE, ty }),
            }
        }
    }

    /// An expression that has turned out to be a constraint: `a | ~b` becomes a union. More terms may follow.
    pub(super) fn type_elem(&mut self, x: Expr) -> Expr {
        let span = x.span();
        let x = match x {
            Expr::Binary(b) if b.op == BinaryOp::Or => {
                let mut terms = Vec::new();
                self.push_terms(Expr::Binary(b), &mut terms);
                Expr::Union(Box::new(UnionExpr { id: self.id(), span, terms }))
            }
            x => x,
        };
        self.union_from(x)
    }

    // -------------------------------------------------------------------------------------------------------
    // Signatures

    /// `[ TypeParams ] Parameters [ Result ]`; where `context` says what cannot have type parameters, they
    /// are an error.
    pub(super) fn signature(&mut self, context: Option<&str>) -> (Option<FieldList>, FuncType) {
        let (id, start) = (self.id(), self.pos());
        let mut type_params = None;
        if self.token == Token::LBrack {
            self.next();
            if let Some(context) = context {
                let message = format!("{context} must have no type parameters");
                self.syntax_error_at(Code::BadTypeParameters, start, &message);
            }
            if self.token == Token::RBrack {
                self.syntax_error("empty type parameter list");
                self.next();
            } else {
                type_params = Some(self.type_params(start, None));
            }
        }
        let start = self.pos();
        let params = self.params(true);
        let results = self.results();
        (type_params, FuncType { id, span: self.span_from(start), params, results })
    }

    fn results(&mut self) -> FieldList {
        if self.token == Token::LParen {
            return self.params(false);
        }
        let mut list = self.no_fields();
        let start = self.pos();
        if let Some(ty) = self.opt_type() {
            let (id, span) = (self.id(), self.span_from(start));
            list.span = span;
            list.fields.push(Field { id, span, names: Vec::new(), ellipsis: Pos::NONE, ty, tag: None });
        }
        list
    }

    /// `( … )` with parameters or results.
    pub(super) fn params(&mut self, variadic: bool) -> FieldList {
        let lparen = self.pos();
        self.want(Token::LParen);
        self.bracketed_params(lparen, Token::RParen, None, false, variadic)
    }

    /// Type parameters whose opening bracket has been consumed, and perhaps the first name (and constraint).
    pub(super) fn type_params(&mut self, lbrack: Pos, first: Option<(Ident, Option<Expr>)>) -> FieldList {
        self.bracketed_params(lbrack, Token::RBrack, first, true, false)
    }

    fn bracketed_params(
        &mut self,
        open: Pos,
        close: Token,
        mut first: Option<(Ident, Option<Expr>)>,
        require_names: bool,
        variadic: bool,
    ) -> FieldList {
        let id = self.id();
        let mut params = Vec::new();
        let close_pos = if self.token == close && matches!(first, Some((_, Some(_)))) {
            params.extend(first.take().map(|(name, ty)| Param::named(name, ty)));
            let pos = self.pos();
            self.next();
            pos
        } else {
            self.nested(|p| {
                p.list("parameter list", Token::Comma, close, |p| {
                    params.extend(match first.take() {
                        Some((name, ty @ Some(_))) => Some(Param::named(name, ty)),
                        Some((name, None)) => p.param(Some(name), close),
                        None => p.param(None, close),
                    });
                    false
                })
            })
        };
        self.check_dots(&mut params, variadic);
        let fields = self.match_names(params, close_pos, require_names);
        FieldList { id, span: self.span_from(open), fields }
    }

    /// One parameter: a name, a type, or both.
    fn param(&mut self, name: Option<Ident>, close: Token) -> Option<Param> {
        let constraint = close == Token::RBrack;
        let start = name.map_or(self.pos(), |n| n.span.start);
        let mut param = Param { name, ty: None, ellipsis: Pos::NONE, start };
        if param.name.is_none() && self.token == Token::Ident {
            param.name = Some(self.take_ident());
        }
        if let Some(name) = param.name {
            match self.token {
                Token::LBrack => match self.array_or_type_args() {
                    Bracketed::Type(ty) => param.ty = Some(ty),
                    Bracketed::Args(lbrack, args) => {
                        param.name = None;
                        param.ty = Some(self.index_expr(Expr::Ident(name), lbrack, args));
                    }
                },
                Token::Period => {
                    param.name = None;
                    param.ty = Some(self.qualified_name(Some(name)));
                }
                Token::Or if constraint => {
                    param.name = None;
                    param.ty = Some(Expr::Ident(name));
                }
                _ => {}
            }
        }
        if param.ty.is_none() {
            self.param_type(&mut param, constraint);
        }
        if constraint && let Some(ty) = param.ty.take() {
            param.ty = Some(self.union_from(ty));
        }
        if param.name.is_none() && param.ty.is_none() {
            self.expected(token_words(close));
            self.advance(&[Token::Comma, close]);
            return None;
        }
        Some(param)
    }

    /// The type of a parameter whose name (if any) has been consumed, if one follows.
    fn param_type(&mut self, param: &mut Param, constraint: bool) {
        if self.token == Token::Ellipsis {
            let dots = self.pos();
            self.next();
            param.ty = self.opt_type();
            if param.ty.is_some() {
                param.ellipsis = dots;
            } else {
                param.ty = Some(self.bad_expr());
                self.syntax_error("... is missing type");
            }
        } else if constraint && self.token == Token::Tilde {
            param.ty = Some(self.embedded_term());
        } else {
            param.ty = self.opt_type();
        }
    }

    /// `...` stands before the last parameter's type, and only in parameter lists; in `a, b ...T` it would
    /// also apply to `a`.
    fn check_dots(&mut self, params: &mut [Param], variadic: bool) {
        let last = params.len().saturating_sub(1);
        let mut reported = false;
        for i in 0..params.len() {
            let shared = i > 0 && params[i - 1].ty.is_none() && params[i].name.is_some();
            if !params[i].ellipsis.is_valid() || variadic && i == last && !shared {
                continue;
            }
            if !std::mem::replace(&mut reported, true) {
                let message =
                    if variadic { "can only use ... with final parameter" } else { "invalid use of ..." };
                self.error_at(Code::MisplacedDotDotDot, params[i].ellipsis, message);
            }
            params[i].ellipsis = Pos::NONE;
        }
    }

    /// Decides which parameters are names and which are types, and joins names with a common type.
    fn match_names(&mut self, params: Vec<Param>, close: Pos, require_names: bool) -> Vec<Field> {
        let both = params.iter().filter(|p| p.name.is_some() && p.ty.is_some()).count();
        if both == 0 && !require_names {
            return params.into_iter().map(|p| self.unnamed_field(p)).collect();
        }
        self.check_names(&params, close, require_names);
        let mut fields: Vec<Field> = Vec::new();
        let mut names = Vec::new();
        let mut start = Pos::NONE;
        for param in params {
            if names.is_empty() {
                start = param.start;
            }
            names.push(match param.name {
                Some(name) => name,
                None => self.blank_at(param.start),
            });
            if let Some(ty) = param.ty {
                let span = Span::new(start, ty.end());
                let (id, names) = (self.id(), std::mem::take(&mut names));
                fields.push(Field { id, span, names, ellipsis: param.ellipsis, ty, tag: None });
            }
        }
        if !names.is_empty() {
            let ty = self.bad_expr_at(close);
            let (id, span) = (self.id(), Span::new(start, close));
            fields.push(Field { id, span, names, ellipsis: Pos::NONE, ty, tag: None });
        }
        fields
    }

    fn unnamed_field(&mut self, param: Param) -> Field {
        let ty = match (param.ty, param.name) {
            (Some(ty), _) => ty,
            (None, Some(name)) => Expr::Ident(name),
            (None, None) => self.bad_expr_at(param.start),
        };
        let span = Span::new(param.start, ty.end());
        Field { id: self.id(), span, names: Vec::new(), ellipsis: param.ellipsis, ty, tag: None }
    }

    /// In a list with names, reports the leftmost parameter that lacks its name, or else that the last ones
    /// lack their type.
    fn check_names(&mut self, params: &[Param], close: Pos, require_names: bool) {
        let nameless = params.iter().find(|p| p.name.is_none());
        let typeless = params.last().is_some_and(|p| p.ty.is_none());
        let (pos, message) = match nameless {
            Some(param) => {
                let pos = param.ty.as_ref().map_or(param.start, Expr::pos);
                match (require_names, params.len()) {
                    (false, _) => (pos, "missing parameter name"),
                    (true, 1) => (pos, "missing type parameter name or invalid array length"),
                    (true, _) => (pos, "missing type parameter name"),
                }
            }
            None if typeless && require_names => (close, "missing type constraint"),
            None if typeless => (close, "missing parameter type"),
            None => return,
        };
        let code = if require_names { Code::BadTypeParameters } else { Code::BadParameterList };
        self.syntax_error_at(code, pos, message);
    }
}

impl Param {
    fn named(name: Ident, ty: Option<Expr>) -> Param {
        Param { name: Some(name), ty, ellipsis: Pos::NONE, start: name.span.start }
    }
}
