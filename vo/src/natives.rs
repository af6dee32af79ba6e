//! The natives of the library take and answer what its declarations say.

use crate::driver::{Checked, Text, check_text, compile};
use std::fmt::Write;
use std::sync::Arc;
use vo_vm::{Classes, Native};

fn checked(text: &str) -> Checked {
    check_text(&Text { name: "main.vo", text: text.as_bytes() }, &Arc::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A program that imports the whole library.
fn everything() -> String {
    let mut text = String::from("package main\n\n");
    for path in vo_std::packages().iter().filter(|path| !path.starts_with("internal/")) {
        writeln!(text, "import _ {path:?}").expect("a string takes text");
    }
    text + "\nfunc main() {}\n"
}

#[test]
fn signatures_are_those_of_the_declarations() {
    let checked = checked(&everything());
    let registry = vo_std::natives();
    let imports = vo_codegen::native_imports(&checked.world);
    assert!(imports.len() > 200, "only {} natives are declared", imports.len());
    let mut wrong = String::new();
    for import in imports {
        let Some(native) = registry.get(&import.name) else {
            let _ = writeln!(wrong, "{}: no native", import.name);
            continue;
        };
        if native.params[..] != import.params || native.results[..] != import.results {
            let _ = writeln!(
                wrong,
                "{}: declared {:?} -> {:?}, native {:?} -> {:?}",
                import.name,
                import.params,
                import.results,
                &native.params[..],
                &native.results[..]
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_module_with_other_ideas_is_refused() {
    let checked = checked("package main\n\nimport \"os\"\n\nfunc main() { os.Exit(3) }\n");
    let verified = compile(checked, false).unwrap_or_else(|error| panic!("{error}"));
    let module = verified.module().clone();
    let mut registry = vo_std::natives();
    let exit = registry.get("syscall.sysExit").expect("os.Exit stands on it");
    registry.add("syscall.sysExit", Native { params: Classes::NONE, ..exit });
    let Err(error) = vo_vm::Program::load(module, &registry) else { panic!("it is taken") };
    assert!(error.to_string().contains("syscall.sysExit"), "{error}");
}
