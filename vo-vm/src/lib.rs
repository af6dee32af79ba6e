//! The Vo machine: islands, fibers, the interpreter, panics, defers, callbacks.
