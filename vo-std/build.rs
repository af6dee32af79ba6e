//! Makes cargo see files that are new under `pkg/`: the macro that embeds them tells it only of those it found.

fn main() {
    println!("cargo::rerun-if-changed=pkg");
}
