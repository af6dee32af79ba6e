//! The scheduler alone, in a Rust program: three stages of native fibers joined by channels.
//!
//! `cargo run -p vo-sched --example pipeline -- FILE...` counts the words of the files.

// Native fibers do not exist for loom, which builds this crate's examples too.
#[cfg(not(loom))]
mod count;

fn main() {
    #[cfg(not(loom))]
    count::main();
}
