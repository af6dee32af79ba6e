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

use crate::source::{Dialect, FileId, Pos, Span};
pub use crate::symbol::Symbol;
use std::sync::atomic::{AtomicU32, Ordering};

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

    /// Takes back what is left of the block that was taken last; of another block, it is lost.
    pub fn give_back(&self, rest: std::ops::Range<u32>) {
        let _ = self.next.compare_exchange(rest.end, rest.start, Ordering::Relaxed, Ordering::Relaxed);
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

mod body;
mod decl;
mod expr;
mod print;
mod stmt;
mod walk;

pub use body::{FuncBody, OutlinedDecl, OutlinedKind, OutlinedName, SkimmedFunc, SkimmedRecv};
pub use decl::*;
pub use expr::*;
pub use print::expr_list_text;
pub use stmt::*;
pub use walk::*;

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
    /// Paths of library packages that constructs of the file stand on, each once: they belong to the package's
    /// imports and declare no name.
    pub library: Vec<&'static str>,
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
