//! The library's Vo sources are embedded: a change of them rebuilds the crate.
fn main() {
    println!("cargo:rerun-if-changed=pkg");
}
