//! Functions and the bodies of functions that are read later than the declarations around them.
//!
//! A program uses a small part of the library. With [`Options::skip_bodies`](crate::parser::Options) the
//! parser steps over the bodies of a file, and [`parse_body`](crate::parser::parse_body) reads one when
//! somebody needs it; the tree is then the same as if it had been read at once. With
//! [`Options::skim`](crate::parser::Options) it steps over parameters and results as well, and
//! [`parse_func`](crate::parser::parse_func) reads the declaration. An [outline](crate::outline) spares the parser the
//! whole file; [`parse_decl`](crate::parser::parse_decl) then reads a group of constants, variables or types.

use super::{Block, Decl, Directive, FuncDecl, Ident, Node, NodeId};
use crate::source::Span;
use crate::symbol::Symbol;
use std::ops::Deref;
use std::sync::OnceLock;

/// A declared function or method of which no more than the name, and a method's type, has been read.
#[derive(Debug)]
pub struct SkimmedFunc {
    /// The declaration's id.
    pub id: NodeId,
    /// From `func` to the end of the body.
    pub span: Span,
    /// The type that a method belongs to.
    pub recv: Option<SkimmedRecv>,
    /// The name.
    pub name: Ident,
    /// `//go:…` comments directly before.
    pub directives: Vec<Directive>,
    pub(crate) decl: OnceLock<Box<FuncDecl>>,
}

/// A receiver `(name *Base[…])`.
#[derive(Clone, Copy, Debug)]
pub struct SkimmedRecv {
    /// Whether it is a pointer.
    pub ptr: bool,
    /// The base type's name.
    pub base: Symbol,
}

impl SkimmedFunc {
    /// The whole declaration, as far as it has been read.
    pub fn get(&self) -> Option<&FuncDecl> {
        self.decl.get().map(|decl| &**decl)
    }

    /// The whole declaration; `read` reads it where that has not been done.
    pub fn read_with(&self, read: impl FnOnce(Span) -> FuncDecl) -> &FuncDecl {
        self.decl.get_or_init(|| {
            let read = read(self.span);
            let directives = self.directives.clone();
            Box::new(FuncDecl { id: self.id, name: self.name, directives, ..read })
        })
    }
}

impl Node for SkimmedFunc {
    fn id(&self) -> NodeId {
        self.id
    }
    fn span(&self) -> Span {
        self.span
    }
}

/// A group of constants, variables or types of which no more than the names is known (see [`crate::outline`]).
#[derive(Debug)]
pub struct OutlinedDecl {
    /// The declaration's id.
    pub id: NodeId,
    /// From the keyword to the end.
    pub span: Span,
    /// What is declared.
    pub kind: OutlinedKind,
    /// All that it declares, in order.
    pub names: Vec<OutlinedName>,
    pub(crate) decl: OnceLock<Box<Decl>>,
}

/// What an outlined group declares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutlinedKind {
    /// `const`
    Const,
    /// `var`
    Var,
    /// `type`
    Type,
}

/// A name that an outlined group declares.
#[derive(Clone, Copy, Debug)]
pub struct OutlinedName {
    /// The name.
    pub name: Ident,
    /// The index of its spec in the group.
    pub spec: u32,
    /// Its place among the names of the spec.
    pub place: u32,
    /// Of a type, whether it is an alias; of a variable, whether one call initialises it with others.
    pub special: bool,
}

impl OutlinedDecl {
    /// The whole declaration; `read` reads it where that has not been done.
    pub fn read_with(&self, read: impl FnOnce(Span) -> Decl) -> &Decl {
        self.decl.get_or_init(|| {
            let mut decl = read(self.span);
            for known in &self.names {
                let (spec, place) = (known.spec as usize, known.place as usize);
                match &mut decl {
                    Decl::Const(d) => d.specs[spec].names[place] = known.name,
                    Decl::Var(d) => d.specs[spec].names[place] = known.name,
                    Decl::Type(d) => d.specs[spec].name = known.name,
                    _ => panic!("internal error: an outline of another declaration"),
                }
            }
            Box::new(decl)
        })
    }
}

impl Node for OutlinedDecl {
    fn id(&self) -> NodeId {
        self.id
    }
    fn span(&self) -> Span {
        self.span
    }
}

/// A function's body.
#[derive(Debug)]
pub struct FuncBody {
    span: Span,
    block: OnceLock<Block>,
}

impl FuncBody {
    /// A body that was skipped: where it stands, from `{` to `}`.
    pub fn skipped(span: Span) -> FuncBody {
        FuncBody { span, block: OnceLock::new() }
    }

    /// From `{` to `}`.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Whether the body has been read.
    pub fn is_read(&self) -> bool {
        self.block.get().is_some()
    }

    /// The body; `read` reads it where that has not been done.
    pub fn read_with(&self, read: impl FnOnce(Span) -> Block) -> &Block {
        self.block.get_or_init(|| read(self.span))
    }
}

impl From<Block> for FuncBody {
    fn from(block: Block) -> FuncBody {
        FuncBody { span: block.span, block: OnceLock::from(block) }
    }
}

/// The body as a block; it must have been read.
impl Deref for FuncBody {
    type Target = Block;

    fn deref(&self) -> &Block {
        self.block.get().expect("internal error: a function's body has not been read")
    }
}
