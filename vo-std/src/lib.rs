//! The Vo standard library.
