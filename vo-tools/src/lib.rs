//! Tools on the typed tree: the checks of `vo vet`, and the language server.
//!
//! The way through: [`vet::vet`] looks at a checked package and answers warnings. [`lsp::serve`] speaks the
//! language server protocol with an editor; what a package is, and where the library is, its caller says
//! ([`lsp::Workspace`]). Nothing here prints or reads the environment.
#![forbid(unsafe_code)]

pub mod lsp;
pub mod vet;
