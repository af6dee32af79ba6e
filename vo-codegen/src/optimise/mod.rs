//! What is improved in functions that have been lowered, once all of them are known.
//!
//! Each pass works on finished bytecode, so that interpreter and compiler both gain, and keeps whatever a
//! program or a trace can observe.

mod inline;
mod relocate;

pub use inline::inline_leaves;
