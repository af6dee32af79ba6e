//! The Vo type checker.
#![forbid(unsafe_code)]

pub mod constant;
