//! Vo source to syntax tree: positions, lexer, parser, printer, diagnostics.
//!
//! The way through: a [`source::SourceMap`] holds the files, [`parser::parse_file`] turns one of them into an
//! [`ast::File`] and a list of [`diag::Diagnostic`]s (broken input is ordinary: there is always a tree), and
//! [`diag::render`] shows a diagnostic to a person. Nothing in this crate prints, reads files or keeps state
//! between calls, apart from the table of interned names ([`symbol`]).
#![forbid(unsafe_code)]

pub mod ast;
pub mod build;
pub mod bytes;
pub mod diag;
pub mod format;

pub mod lexer;
pub mod modfile;
pub mod outline;
pub mod parser;
pub mod source;
pub mod symbol;
pub mod token;
