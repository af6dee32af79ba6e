//! Expressions and types.

use super::*;

node_enum! {
    /// An expression or a type.
    Expr {
        /// What could not be parsed; the error has been reported.
        Bad(BadExpr),
        /// A name.
        Ident(Ident),
        /// A literal.
        BasicLit(Box<BasicLit>),
        /// `T{…}`
        CompositeLit(Box<CompositeLit>),
        /// `func(…) … { … }`
        FuncLit(Box<FuncLit>),
        /// `(x)`
        Paren(Box<ParenExpr>),
        /// `x.sel`
        Selector(Box<SelectorExpr>),
        /// `x[i]`, or an instantiation `x[T, U]`.
        Index(Box<IndexExpr>),
        /// `x[lo:hi:max]`
        Slice(Box<SliceExpr>),
        /// `x.(T)`
        TypeAssert(Box<TypeAssertExpr>),
        /// `f(args)`, also conversions.
        Call(Box<CallExpr>),
        /// `*x`: a dereference or a pointer type.
        Star(Box<StarExpr>),
        /// `op x`
        Unary(Box<UnaryExpr>),
        /// `x op y`
        Binary(Box<BinaryExpr>),
        /// `key: value` in a composite literal.
        KeyValue(Box<KeyValueExpr>),
        /// `[n]T` or `[...]T`
        ArrayType(Box<ArrayType>),
        /// `[]T`
        SliceType(Box<SliceType>),
        /// `struct { … }`
        StructType(Box<StructType>),
        /// `func(…) …` as a type.
        FuncType(Box<FuncType>),
        /// `interface { … }`
        InterfaceType(Box<InterfaceType>),
        /// `map[K]V`
        MapType(Box<MapType>),
        /// `chan T`
        ChanType(Box<ChanType>),
        /// `~T | U`: in constraints and interfaces only.
        Union(Box<UnionExpr>),
        /// `x?` (Vo, X1).
        Try(Box<TryExpr>),
        /// `x~>…` (Vo, X4).
        Dyn(Box<DynExpr>),
        /// `port T` (Vo, X7).
        PortType(Box<PortType>),
        /// `island` as a type (Vo, X6).
        IslandType(IslandType),
    }
}

impl Expr {
    /// The expression without the parentheses around it.
    pub fn unparen(&self) -> &Expr {
        let mut e = self;
        while let Expr::Paren(p) = e {
            e = &p.x;
        }
        e
    }

    /// The identifier, if the expression is one.
    pub fn as_ident(&self) -> Option<&Ident> {
        match self {
            Expr::Ident(name) => Some(name),
            _ => None,
        }
    }

    /// Whether this is the name `_`.
    pub fn is_blank(&self) -> bool {
        self.as_ident().is_some_and(|n| n.name.is_blank())
    }
}

/// A name where it is declared or used.
#[derive(Clone, Copy, Debug)]
pub struct Ident {
    /// Unique in the program.
    pub id: NodeId,
    /// The name's place.
    pub span: Span,
    /// The name.
    pub name: Symbol,
}

impl Node for Ident {
    fn id(&self) -> NodeId {
        self.id
    }
    fn span(&self) -> Span {
        self.span
    }
}

/// The kind of a [`BasicLit`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LitKind {
    /// `42`
    Int,
    /// `4.2`
    Float,
    /// `4i`
    Imag,
    /// `'a'`
    Char,
    /// `"a"`
    String,
}

/// The direction of a channel or port type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChanDir {
    /// `chan T`
    Both,
    /// `chan<- T`
    Send,
    /// `<-chan T`
    Recv,
}

/// A unary operator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// `+`
    Plus,
    /// `-`
    Neg,
    /// `!`
    Not,
    /// `^`
    BitNot,
    /// `&`
    Addr,
    /// `<-`
    Recv,
}

impl UnaryOp {
    /// The operator's spelling.
    pub fn text(self) -> &'static str {
        match self {
            UnaryOp::Plus => "+",
            UnaryOp::Neg => "-",
            UnaryOp::Not => "!",
            UnaryOp::BitNot => "^",
            UnaryOp::Addr => "&",
            UnaryOp::Recv => "<-",
        }
    }
}

/// A binary operator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// `||`
    LogOr,
    /// `&&`
    LogAnd,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `*`
    Mul,
    /// `/`
    Quo,
    /// `%`
    Rem,
    /// `&`
    And,
    /// `&^`
    AndNot,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
}

impl BinaryOp {
    /// The operator's spelling.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOp::LogOr => "||",
            BinaryOp::LogAnd => "&&",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Or => "|",
            BinaryOp::Xor => "^",
            BinaryOp::Mul => "*",
            BinaryOp::Quo => "/",
            BinaryOp::Rem => "%",
            BinaryOp::And => "&",
            BinaryOp::AndNot => "&^",
            BinaryOp::Shl => "<<",
            BinaryOp::Shr => ">>",
        }
    }

    /// How tightly the operator binds: 1 (`||`) to 5 (`*`).
    pub fn precedence(self) -> u32 {
        use BinaryOp::*;
        match self {
            LogOr => 1,
            LogAnd => 2,
            Eq | Ne | Lt | Le | Gt | Ge => 3,
            Add | Sub | Or | Xor => 4,
            Mul | Quo | Rem | And | AndNot | Shl | Shr => 5,
        }
    }

    /// Whether this is one of `== != < <= > >=`.
    pub fn is_comparison(self) -> bool {
        self.precedence() == 3
    }

    /// Whether this is `<<` or `>>`.
    pub fn is_shift(self) -> bool {
        matches!(self, BinaryOp::Shl | BinaryOp::Shr)
    }

    /// Whether this is `&&` or `||`.
    pub fn is_logical(self) -> bool {
        self.precedence() <= 2
    }
}

/// The length of an array type.
#[derive(Debug)]
pub enum ArrayLen {
    /// `[n]T`
    Expr(Expr),
    /// `[...]T`; the position of the dots. Only composite literals may have it.
    Ellipsis(Pos),
}

nodes! {
    /// Tokens that form no expression; the error has been reported.
    BadExpr {}

    /// A literal, as written. Strings and characters are decoded by [`crate::lexer::unquote_string`] and
    /// [`crate::lexer::unquote_char`]; numbers by the type checker, which keeps them exact.
    BasicLit {
        /// Which kind of literal.
        kind: LitKind,
        /// The source text, quotes and underscores included. When the lexer reported it as malformed,
        /// `bad` is set and the value is of no interest.
        raw: Box<str>,
        /// Whether the literal is malformed (already reported).
        bad: bool,
    }

    /// `T{…}`, or `{…}` inside another composite literal.
    CompositeLit {
        /// The type; none when it is left out inside another literal.
        ty: Option<Expr>,
        /// Where `{` stands.
        lbrace: Pos,
        /// Elements; [`Expr::KeyValue`] where a key is given.
        elts: Vec<Expr>,
        /// Where `}` stands.
        rbrace: Pos,
    }

    /// A function literal.
    FuncLit {
        /// Parameters and results.
        ty: FuncType,
        /// The body.
        body: Block,
    }

    /// `(x)`
    ParenExpr {
        /// What is inside.
        x: Expr,
    }

    /// `x.sel`
    SelectorExpr {
        /// The left side: a value, a type or a package name.
        x: Expr,
        /// The name after the dot.
        sel: Ident,
    }

    /// `x[i]`, or an instantiation `x[T, U]`.
    IndexExpr {
        /// What is indexed or instantiated.
        x: Expr,
        /// Where `[` stands.
        lbrack: Pos,
        /// One index, or one or more type arguments.
        indices: Vec<Expr>,
    }

    /// `x[lo:hi]` or `x[lo:hi:max]`.
    SliceExpr {
        /// What is sliced.
        x: Expr,
        /// Where `[` stands.
        lbrack: Pos,
        /// The lower bound, if given.
        lo: Option<Expr>,
        /// The upper bound, if given.
        hi: Option<Expr>,
        /// The capacity bound, if given.
        max: Option<Expr>,
        /// Whether there were two colons.
        three: bool,
    }

    /// `x.(T)`
    TypeAssertExpr {
        /// The interface value.
        x: Expr,
        /// The type; none for `x.(type)` outside of a type switch's guard (already reported).
        ty: Option<Expr>,
    }

    /// `f(args)`
    CallExpr {
        /// The function, or the type of a conversion.
        fun: Expr,
        /// Where `(` stands.
        lparen: Pos,
        /// The arguments.
        args: Vec<Expr>,
        /// Where `...` stands after the last argument, else [`Pos::NONE`].
        ellipsis: Pos,
        /// Where `)` stands.
        rparen: Pos,
    }

    /// `*x`
    StarExpr {
        /// A pointer, or the pointed-to type.
        x: Expr,
    }

    /// `op x`; the operator stands at the node's position.
    UnaryExpr {
        /// The operator.
        op: UnaryOp,
        /// The operand.
        x: Expr,
    }

    /// `x op y`
    BinaryExpr {
        /// The operator.
        op: BinaryOp,
        /// Where the operator stands.
        op_pos: Pos,
        /// The left operand.
        x: Expr,
        /// The right operand.
        y: Expr,
    }

    /// `key: value` in a composite literal.
    KeyValueExpr {
        /// A field name, an index, or a map key (a [`Expr::CompositeLit`] without type is possible).
        key: Expr,
        /// Where `:` stands.
        colon: Pos,
        /// The value.
        value: Expr,
    }

    /// `[n]T` or `[...]T`
    ArrayType {
        /// The length.
        len: ArrayLen,
        /// The element type.
        elem: Expr,
    }

    /// `[]T`
    SliceType {
        /// The element type.
        elem: Expr,
    }

    /// `struct { … }`
    StructType {
        /// The fields; those without names are embedded.
        fields: FieldList,
    }

    /// Parameters and results.
    FuncType {
        /// The parameters.
        params: FieldList,
        /// The results; empty when there are none.
        results: FieldList,
    }

    /// `interface { … }`
    InterfaceType {
        /// Methods and embedded elements in source order.
        elems: Vec<InterfaceElem>,
        /// Where `}` stands.
        rbrace: Pos,
    }

    /// A method of an interface.
    MethodSpec {
        /// Its name.
        name: Ident,
        /// Its type parameters, which interface methods may not have (the type checker says so).
        type_params: Option<FieldList>,
        /// Its signature.
        ty: FuncType,
    }

    /// `map[K]V`
    MapType {
        /// The key type.
        key: Expr,
        /// The element type.
        value: Expr,
    }

    /// `chan T`, `chan<- T`, `<-chan T`
    ChanType {
        /// The direction.
        dir: ChanDir,
        /// The element type.
        elem: Expr,
    }

    /// `~T | U | …`: at least two terms, or one with a tilde.
    UnionExpr {
        /// The terms.
        terms: Vec<UnionTerm>,
    }

    /// `T` or `~T`
    UnionTerm {
        /// Where `~` stands, else [`Pos::NONE`].
        tilde: Pos,
        /// The type.
        ty: Expr,
    }

    /// `x?`
    TryExpr {
        /// The operand: an error, or a call whose last result is an error.
        x: Expr,
        /// Where `?` stands.
        question: Pos,
    }

    /// `x~>name`, `x~>[key]`, `x~>(args)`, `x~>name(args)`
    DynExpr {
        /// The value looked into.
        x: Expr,
        /// Where `~>` stands.
        arrow: Pos,
        /// What is done with it.
        op: DynOp,
    }

    /// `port T`, `port<- T`, `<-port T`
    PortType {
        /// The direction.
        dir: ChanDir,
        /// The element type.
        elem: Expr,
    }

    /// `island`
    IslandType {}
}

/// An element of an interface.
#[derive(Debug)]
pub enum InterfaceElem {
    /// A method.
    Method(Box<MethodSpec>),
    /// An embedded type or union.
    Embedded(Expr),
}

/// The operation of a [`DynExpr`].
#[derive(Debug)]
pub enum DynOp {
    /// `~>name`
    Field(Ident),
    /// `~>[key]`
    Index(Expr),
    /// `~>(args)`; `ellipsis` is where `...` stands, if it does.
    Call {
        /// The arguments.
        args: Vec<Expr>,
        /// Where `...` stands after the last argument.
        ellipsis: Pos,
    },
    /// `~>name(args)`
    Method {
        /// The method's name.
        name: Ident,
        /// The arguments.
        args: Vec<Expr>,
        /// Where `...` stands after the last argument.
        ellipsis: Pos,
    },
}
