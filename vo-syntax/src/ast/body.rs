//! Functions and the bodies of functions that are read later than the declarations around them.
//!
//! A program uses a small part of the library. With [`Options::skip_bodies`](crate::parser::Options) the
//! parser steps over the bodies of a file, and [`parse_body`](crate::parser::parse_body) reads one when
//! somebody needs it; the tree is then the same as if it had been read at once. With
//! [`Options::skim`](crate::parser::Options) it steps over parameters and results as well, and
//! [`parse_func`](crate::parser::parse_func) reads the declaration.

use super::{Block, Directive, FuncDecl, Ident, Node, NodeId};
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
