//! Statements.

use super::*;

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
