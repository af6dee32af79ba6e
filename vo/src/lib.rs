//! The Vo embedding API and the vo command.
