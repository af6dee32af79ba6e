//! The bodies of declared functions, which may be read later than their declarations.
//!
//! A program uses a small part of the library. With [`Options::skip_bodies`](crate::parser::Options) the
//! parser steps over the bodies of a file, and [`parse_body`](crate::parser::parse_body) reads one when
//! somebody needs it; the tree is then the same as if it had been read at once.

use super::Block;
use crate::source::Span;
use std::ops::Deref;
use std::sync::OnceLock;

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
