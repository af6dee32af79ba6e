//! The syntax tree.
//!
//! An owned tree of plain structs, close in shape and names to Go's `go/ast`: one enum per category
//! ([`Expr`], [`Stmt`], [`Decl`]) whose variants box a struct of their own. Types are expressions, since in
//! Go the two cannot be told apart before names are resolved.
//!
//! What must stay true:
//! * Every node has an [`NodeId`] that no other node of the program has, so that later phases keep what they
//!   learn in side tables. Ids come from one [`NodeIds`] counter that all parsers of a program share; each
//!   parser takes them in blocks of [`NodeIds::BLOCK`], so files can be parsed in parallel and the ids stay
//!   dense (fewer than one block per file is lost). Files parsed one after the other get the same ids each
//!   time.
//! * Every node has a [`Span`] from its first to its last token; positions of single tokens are kept beside
//!   it where Go reports errors there (operators, closing braces).
//! * The tree's height is bounded by [`crate::parser::MAX_HEIGHT`], nesting of brackets, blocks and literals
//!   by [`crate::parser::MAX_NESTING`]; the parser refuses deeper input.

mod print;
mod walk;

use crate::source::{Dialect, FileId, Pos, Span};
pub use crate::symbol::Symbol;
pub use print::expr_list_text;
use std::sync::atomic::{AtomicU32, Ordering};
pub use walk::*;

/// Identifies a node within a program. `NodeId(0)` is never given to a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The id as an index into a side table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The program-wide source of [`NodeId`]s.
#[derive(Debug)]
pub struct NodeIds {
    next: AtomicU32,
}

impl Default for NodeIds {
    fn default() -> Self {
        NodeIds { next: AtomicU32::new(1) }
    }
}

impl NodeIds {
    /// How many ids a parser takes at a time.
    pub const BLOCK: u32 = 256;

    /// A counter that has given no id yet.
    pub fn new() -> NodeIds {
        NodeIds::default()
    }

    /// One more than the highest id given so far: the length that a side table needs.
    pub fn bound(&self) -> usize {
        self.next.load(Ordering::Relaxed) as usize
    }

    /// Takes a block of ids.
    ///
    /// # Panics
    /// When a program has more than four thousand million nodes (its source is bounded by 4 GiB first).
    pub fn take_block(&self) -> std::ops::Range<u32> {
        let start = self.next.fetch_add(Self::BLOCK, Ordering::Relaxed);
        let end = start.checked_add(Self::BLOCK).expect("internal error: out of node ids");
        start..end
    }

    /// Takes a single id, for a later phase that makes a node of its own.
    pub fn fresh(&self) -> NodeId {
        NodeId(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// What all nodes have.
pub trait Node {
    /// The node's id.
    fn id(&self) -> NodeId;
    /// From the first to the last token.
    fn span(&self) -> Span;
    /// Where the node begins.
    fn pos(&self) -> Pos {
        self.span().start
    }
    /// Just past the node's last token.
    fn end(&self) -> Pos {
        self.span().end
    }
}

macro_rules! nodes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name {
            /// Unique in the program.
            pub id: NodeId,
            /// From the first to the last token.
            pub span: Span,
            $($(#[$fdoc])* pub $field: $ty,)*
        }

        impl Node for $name {
            fn id(&self) -> NodeId {
                self.id
            }
            fn span(&self) -> Span {
                self.span
            }
        }
    )*};
}

macro_rules! node_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident($ty:ty)),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name { $($(#[$vdoc])* $variant($ty)),* }

        impl Node for $name {
            fn id(&self) -> NodeId {
                match self { $($name::$variant(n) => n.id),* }
            }
            fn span(&self) -> Span {
                match self { $($name::$variant(n) => n.span),* }
            }
        }
    };
}

// ---------------------------------------------------------------------------------------------------------
// Files

/// A `//go:…` directive (`//go:embed`, `//go:noinline`, …); `//go:build` among them.
#[derive(Clone, Debug)]
pub struct Directive {
    /// The comment.
    pub span: Span,
    /// The comment's text from `go:` on.
    pub text: Box<str>,
    /// Whether nothing stands before it on its line; otherwise it has no effect (and has been reported).
    pub alone: bool,
}

impl Directive {
    /// The first word: `go:embed`, `go:noinline`, …
    pub fn verb(&self) -> &str {
        self.text.split([' ', '\t']).next().unwrap_or("")
    }
}

/// A comment, kept when the parser was asked to ([`crate::parser::Options::comments`]).
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    /// From `//` or `/*` to the end, without the newline.
    pub span: Span,
}

/// One source file.
#[derive(Debug)]
pub struct File {
    /// Unique in the program.
    pub id: NodeId,
    /// The whole file.
    pub span: Span,
    /// Which source file this is.
    pub file: FileId,
    /// The language it is written in.
    pub dialect: Dialect,
    /// Where `package` stands; [`Pos::NONE`] when a `.vo` file leaves the clause out.
    pub package_pos: Pos,
    /// The package name (`main` when the clause is left out).
    pub name: Ident,
    /// All declarations, imports first.
    pub decls: Vec<Decl>,
    /// All `//go:…` directives in order.
    pub directives: Vec<Directive>,
    /// The minimum language version that a `//go:build` line demands, as (major, minor).
    pub go_version: Option<(u32, u32)>,
    /// All comments in order, if they were asked for.
    pub comments: Vec<Comment>,
}

impl File {
    /// All import specs of the file.
    pub fn imports(&self) -> impl Iterator<Item = &ImportSpec> {
        self.decls
            .iter()
            .filter_map(|d| match d {
                Decl::Import(d) => Some(&d.specs),
                _ => None,
            })
            .flatten()
    }
}

// ---------------------------------------------------------------------------------------------------------
// Declarations

node_enum! {
    /// A declaration.
    Decl {
        /// What could not be parsed.
        Bad(BadDecl),
        /// `import …`
        Import(ImportDecl),
        /// `const …`
        Const(ConstDecl),
        /// `var …`
        Var(VarDecl),
        /// `type …`
        Type(TypeDecl),
        /// `func …`
        Func(Box<FuncDecl>),
    }
}

nodes! {
    /// Tokens that form no declaration; the error has been reported.
    BadDecl {}

    /// `import "p"` or `import ( … )`.
    ImportDecl {
        /// Where `(` stands, if there is a group.
        lparen: Pos,
        /// The imports.
        specs: Vec<ImportSpec>,
    }

    /// One import.
    ImportSpec {
        /// The local name: an identifier, `_`, or `.`; none to use the package's own.
        name: Option<Ident>,
        /// The path's string literal.
        path: BasicLit,
    }

    /// `const x = 1` or `const ( … )`: one group.
    ConstDecl {
        /// Where `(` stands, if there is a group.
        lparen: Pos,
        /// The specs of the group.
        specs: Vec<ConstSpec>,
    }

    /// One line of a constant group.
    ConstSpec {
        /// The value of `iota` here: the line's index in its group.
        iota: u32,
        /// The constants.
        names: Vec<Ident>,
        /// The type, if given.
        ty: Option<Expr>,
        /// The values, if given.
        values: Vec<Expr>,
        /// When neither type nor values are given: the index in the group of the spec whose type and values
        /// are repeated. None also when there is no such spec (an error that the type checker reports).
        inherits: Option<u32>,
    }

    /// `var x = 1` or `var ( … )`.
    VarDecl {
        /// Where `(` stands, if there is a group.
        lparen: Pos,
        /// The specs of the group.
        specs: Vec<VarSpec>,
    }

    /// One line of a variable declaration.
    VarSpec {
        /// The variables.
        names: Vec<Ident>,
        /// The type, if given.
        ty: Option<Expr>,
        /// The initial values, if given.
        values: Vec<Expr>,
        /// `//go:…` comments directly before.
        directives: Vec<Directive>,
    }

    /// `type T …` or `type ( … )`.
    TypeDecl {
        /// Where `(` stands, if there is a group.
        lparen: Pos,
        /// The specs of the group.
        specs: Vec<TypeSpec>,
    }

    /// One type declaration: a new type, or an alias.
    TypeSpec {
        /// The type's name.
        name: Ident,
        /// The type parameters, in one field per name list with a common constraint; none when not generic.
        type_params: Option<FieldList>,
        /// Where `=` stands in an alias declaration; [`Pos::NONE`] in a type definition.
        assign: Pos,
        /// The type.
        ty: Expr,
        /// `//go:…` comments directly before.
        directives: Vec<Directive>,
    }

    /// A function or method.
    FuncDecl {
        /// The receiver of a method: a list that the parser lets through only with exactly one field.
        recv: Option<FieldList>,
        /// The name.
        name: Ident,
        /// The type parameters (of functions and, since Go 1.27, of methods); none when not generic.
        type_params: Option<FieldList>,
        /// Parameters and results.
        ty: FuncType,
        /// The body; none for a function implemented elsewhere.
        body: Option<Block>,
        /// `//go:…` comments directly before.
        directives: Vec<Directive>,
    }

    /// A parenthesised (parameters, results), bracketed (type parameters) or braced list of fields.
    FieldList {
        /// The fields.
        fields: Vec<Field>,
    }

    /// Names with a common type: of parameters, results, type parameters or struct fields.
    Field {
        /// The names. Empty for unnamed parameters and results and for embedded struct fields.
        names: Vec<Ident>,
        /// Where `...` stands, for a variadic parameter (then `ty` is the element type).
        ellipsis: Pos,
        /// The type; for type parameters the constraint (a [`Expr::Union`] when it has `~` or `|`).
        ty: Expr,
        /// A struct field's tag.
        tag: Option<BasicLit>,
    }
}

impl FuncDecl {
    /// Whether this is a method.
    pub fn is_method(&self) -> bool {
        self.recv.is_some()
    }
}

impl FieldList {
    /// How many parameters the list declares (an unnamed field counts as one).
    pub fn count(&self) -> usize {
        self.fields.iter().map(|f| f.names.len().max(1)).sum()
    }
}

// ---------------------------------------------------------------------------------------------------------
// Expressions and types

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

// ---------------------------------------------------------------------------------------------------------
// Statements

node_enum! {
    /// A statement.
    Stmt {
        /// What could not be parsed; the error has been reported.
        Bad(BadStmt),
        /// A declaration.
        Decl(Box<DeclStmt>),
        /// Nothing (`;;`, or a label at the end of a block).
        Empty(EmptyStmt),
        /// `label: stmt`
        Labeled(Box<LabeledStmt>),
        /// An expression: a call or a receive if the program is right.
        Expr(Box<ExprStmt>),
        /// `ch <- v`
        Send(Box<SendStmt>),
        /// `x++`, `x--`
        IncDec(Box<IncDecStmt>),
        /// `=`, `:=`, `op=`
        Assign(Box<AssignStmt>),
        /// `go f()`
        Go(Box<GoStmt>),
        /// `defer f()`
        Defer(Box<DeferStmt>),
        /// `errdefer f()` (Vo, X3).
        ErrDefer(Box<ErrDeferStmt>),
        /// `fail err` (Vo, X2).
        Fail(Box<FailStmt>),
        /// `return …`
        Return(Box<ReturnStmt>),
        /// `break`, `continue`, `goto`, `fallthrough`
        Branch(Box<BranchStmt>),
        /// `{ … }`
        Block(Box<Block>),
        /// `if …`
        If(Box<IfStmt>),
        /// `switch x { … }`
        Switch(Box<SwitchStmt>),
        /// `switch x.(type) { … }`
        TypeSwitch(Box<TypeSwitchStmt>),
        /// `select { … }`
        Select(Box<SelectStmt>),
        /// `for init; cond; post { … }`
        For(Box<ForStmt>),
        /// `for k, v := range x { … }`
        Range(Box<RangeStmt>),
    }
}

/// The operator of an assignment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssignOp {
    /// `=`
    Assign,
    /// `:=`
    Define,
    /// `op=`
    Op(BinaryOp),
}

/// Which jump a [`BranchStmt`] is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BranchKind {
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `goto`
    Goto,
    /// `fallthrough`
    Fallthrough,
}

impl BranchKind {
    /// The keyword.
    pub fn text(self) -> &'static str {
        match self {
            BranchKind::Break => "break",
            BranchKind::Continue => "continue",
            BranchKind::Goto => "goto",
            BranchKind::Fallthrough => "fallthrough",
        }
    }
}

nodes! {
    /// Tokens that form no statement; the error has been reported.
    BadStmt {}

    /// A declaration inside a function.
    DeclStmt {
        /// The declaration.
        decl: Decl,
    }

    /// Nothing.
    EmptyStmt {}

    /// `label: stmt`
    LabeledStmt {
        /// The label.
        label: Ident,
        /// Where `:` stands.
        colon: Pos,
        /// The statement; [`Stmt::Empty`] when the label ends a block.
        stmt: Stmt,
    }

    /// An expression as a statement.
    ExprStmt {
        /// The expression.
        x: Expr,
    }

    /// `chan <- value`
    SendStmt {
        /// The channel or port.
        chan: Expr,
        /// Where `<-` stands.
        arrow: Pos,
        /// The value.
        value: Expr,
    }

    /// `x++` or `x--`
    IncDecStmt {
        /// The operand.
        x: Expr,
        /// Whether it is `++`.
        inc: bool,
        /// Where the operator stands.
        op_pos: Pos,
    }

    /// An assignment or a short variable declaration.
    AssignStmt {
        /// The left side: at least one; exactly one with `op=`. With `:=` the parser has checked that these
        /// are names (what is not has been reported and stays as it is).
        lhs: Vec<Expr>,
        /// The operator.
        op: AssignOp,
        /// Where the operator stands.
        op_pos: Pos,
        /// The right side: at least one.
        rhs: Vec<Expr>,
    }

    /// `go f()` or, in Vo, `go @(isl) f()`.
    GoStmt {
        /// The island to start on (Vo, X6.3).
        target: Option<Expr>,
        /// The call. (What is no call has been reported, and stands here as a call without arguments.)
        call: Box<CallExpr>,
    }

    /// `defer f()`
    DeferStmt {
        /// The call, as in [`GoStmt`].
        call: Box<CallExpr>,
    }

    /// `errdefer f()`
    ErrDeferStmt {
        /// The call, as in [`GoStmt`].
        call: Box<CallExpr>,
    }

    /// `fail err`
    FailStmt {
        /// The error.
        x: Expr,
    }

    /// `return …`
    ReturnStmt {
        /// The results; empty for a bare return.
        results: Vec<Expr>,
    }

    /// `break`, `continue`, `goto`, `fallthrough`
    BranchStmt {
        /// Which one.
        kind: BranchKind,
        /// The label, if given; always for `goto`.
        label: Option<Ident>,
    }

    /// `{ … }`
    Block {
        /// The statements.
        stmts: Vec<Stmt>,
        /// Where `{` stands.
        lbrace: Pos,
        /// Where `}` stands (missing returns are reported here).
        rbrace: Pos,
    }

    /// `if init; cond { … } else …`
    IfStmt {
        /// A simple statement before the condition.
        init: Option<Stmt>,
        /// The condition.
        cond: Expr,
        /// What is done when it holds.
        then: Block,
        /// [`Stmt::Block`] or [`Stmt::If`].
        els: Option<Stmt>,
    }

    /// `switch init; tag { … }`
    SwitchStmt {
        /// A simple statement before the tag.
        init: Option<Stmt>,
        /// The tag; none means `true`.
        tag: Option<Expr>,
        /// Where `{` stands.
        lbrace: Pos,
        /// The clauses.
        cases: Vec<CaseClause>,
        /// Where `}` stands.
        rbrace: Pos,
    }

    /// `switch init; bind := x.(type) { … }`
    TypeSwitchStmt {
        /// A simple statement before the guard.
        init: Option<Stmt>,
        /// The variable that each clause declares anew, if any.
        bind: Option<Ident>,
        /// The interface value.
        x: Expr,
        /// The guard: from `bind` or `x` to the closing parenthesis of `.(type)`.
        guard: Span,
        /// Where `{` stands.
        lbrace: Pos,
        /// The clauses; their expressions are types (or `nil`).
        cases: Vec<CaseClause>,
        /// Where `}` stands.
        rbrace: Pos,
    }

    /// `case …:` or `default:` with its statements.
    CaseClause {
        /// The expressions or types; empty for `default`.
        exprs: Vec<Expr>,
        /// Whether this is `default`.
        is_default: bool,
        /// Where `:` stands.
        colon: Pos,
        /// The statements.
        body: Vec<Stmt>,
    }

    /// `select { … }`
    SelectStmt {
        /// Where `{` stands.
        lbrace: Pos,
        /// The clauses.
        cases: Vec<CommClause>,
        /// Where `}` stands.
        rbrace: Pos,
    }

    /// A clause of a `select`.
    CommClause {
        /// [`Stmt::Send`], [`Stmt::Expr`] (a receive) or [`Stmt::Assign`] (of a receive); none for
        /// `default`. The type checker verifies that it is a communication.
        comm: Option<Stmt>,
        /// Where `:` stands.
        colon: Pos,
        /// The statements.
        body: Vec<Stmt>,
    }

    /// `for init; cond; post { … }`
    ForStmt {
        /// Runs once, before.
        init: Option<Stmt>,
        /// The condition; none means for ever.
        cond: Option<Expr>,
        /// Runs after each turn.
        post: Option<Stmt>,
        /// The body.
        body: Block,
    }

    /// `for key, value := range x { … }`
    RangeStmt {
        /// The first iteration variable, if any.
        key: Option<Expr>,
        /// The second iteration variable, if any.
        value: Option<Expr>,
        /// Whether the variables are declared here (`:=`).
        define: bool,
        /// Where `=` or `:=` stands; [`Pos::NONE`] when there are no variables.
        op_pos: Pos,
        /// Where `range` stands.
        range_pos: Pos,
        /// What is ranged over.
        x: Expr,
        /// The body.
        body: Block,
    }
}
