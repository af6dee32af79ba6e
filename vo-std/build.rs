//! Writes the table of the library's sources: each directory below `pkg/` that has `.vo` files is a package. A table
//! is found faster than a tree of directories is walked, which is a tenth of the start of a small program.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    // Cargo looks for files that are new below it.
    println!("cargo::rerun-if-changed=pkg");
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo names the crate")).join("pkg");
    let mut packages = BTreeMap::new();
    collect(&root, "", &mut packages);
    let mut table = String::from("static PACKAGES: &[Package] = &[\n");
    for (path, files) in packages {
        writeln!(table, "    ({path:?}, &[").expect("a string has room");
        for file in files {
            let name = file.file_name().expect("a file has a name").to_str().expect("names are UTF-8");
            writeln!(table, "        SourceFile {{ name: {name:?}, text: include_bytes!({file:?}) }},")
                .expect("a string has room");
        }
        table.push_str("    ]),\n");
    }
    table.push_str("];\n");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo names a directory"));
    std::fs::write(out.join("packages.rs"), table).expect("cargo's directory can be written");
}

/// Notes the packages of a directory and of those below it.
fn collect(dir: &Path, path: &str, packages: &mut BTreeMap<String, Vec<PathBuf>>) {
    let entries = std::fs::read_dir(dir).expect("the library is there");
    let mut entries: Vec<PathBuf> = entries.map(|e| e.expect("the library can be read").path()).collect();
    entries.sort();
    let (dirs, mut files): (Vec<PathBuf>, Vec<PathBuf>) = entries.into_iter().partition(|e| e.is_dir());
    files.retain(|f| f.extension().is_some_and(|e| e == "vo"));
    if !files.is_empty() {
        packages.insert(path.to_owned(), files);
    }
    for dir in dirs {
        let name = dir.file_name().expect("a directory has a name").to_str().expect("names are UTF-8");
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        collect(&dir, &path, packages);
    }
}
