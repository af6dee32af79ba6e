//! Vo source to syntax tree: positions, lexer, parser, printer, diagnostics.
#![forbid(unsafe_code)]
