//! Declarations and lists of fields.

use super::*;

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
        /// `func …` of which no more than the name has been read.
        Skimmed(Box<SkimmedFunc>),
        /// `const …`, `var …` or `type …` of which no more than the names is known.
        Outlined(Box<OutlinedDecl>),
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
        body: Option<FuncBody>,
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
