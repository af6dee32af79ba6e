//! The Vo type checker.
#![forbid(unsafe_code)]
