//! The Vo instruction set, functions, modules, verifier and .vob container.
#![forbid(unsafe_code)]
