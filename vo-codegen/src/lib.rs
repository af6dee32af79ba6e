//! Typed Vo trees to bytecode.
//!
//! The way through: [`compile`] starts at `main`, the `init` functions and the initialisers of package
//! variables ([`package`]), and lowers every function that something reachable refers to ([`program`], the
//! work list). A function is lowered in one pass over its tree ([`lower`]) after one walk that finds out which
//! variables need a place on the heap ([`escape`]). The builder ([`func`]) encodes, drops dead code, and
//! computes the suspend points with their live registers ([`suspend`]). When all are known, calls of small
//! leaves are replaced by what they do (`optimise`).
//!
//! Functions of the library need not be lowered where there is an [`image`] of it, made when the compiler was built.
//!
//! Functions are lowered per instance: type parameters never reach the bytecode.
#![forbid(unsafe_code)]

pub mod consts;
pub mod debug;
pub mod escape;
pub mod func;
pub mod image;
pub mod lower;
mod optimise;
pub mod package;
pub mod program;
mod reflection;
pub mod regs;
pub mod suspend;
pub mod typedescs;

pub use package::{compile, compile_with, native_imports};
