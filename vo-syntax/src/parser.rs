//! Tokens to syntax tree.

/// How deep brackets, blocks, literals and types may nest.
pub const MAX_NESTING: u32 = 1_000;

/// How high a tree may be, chains of binary operators and of selectors and calls included.
pub const MAX_HEIGHT: u32 = 10_000;
