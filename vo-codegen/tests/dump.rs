//! Compiles the files named in `VO_DUMP` (separated by `:`) and verifies them; `VO_DUMP_FUNCS` lists functions
//! to print. Does nothing without.

mod common;

#[test]
fn dump() {
    let Ok(files) = std::env::var("VO_DUMP") else { return };
    let names = std::env::var("VO_DUMP_FUNCS").unwrap_or_default();
    let names: Vec<&str> = names.split(':').collect();
    let mut failed = 0;
    for file in files.split(':').filter(|f| !f.is_empty()) {
        let source = std::fs::read_to_string(file).expect("readable");
        let outcome = std::panic::catch_unwind(|| match common::try_compile(file, &source) {
            Err(text) => Err(text),
            Ok(module) => {
                let verified = vo_bytecode::verify::verify(&module);
                print!("{}", common::functions(&module, &names));
                verified.map_err(|e| format!("{e}\n{}", common::functions(&module, &[&e.function])))?;
                Ok(module.functions.len())
            }
        });
        match outcome {
            Ok(Ok(n)) => println!("ok {file} {n} functions"),
            Ok(Err(text)) => {
                failed += 1;
                println!("FAIL {file}\n{text}");
            }
            Err(_) => {
                failed += 1;
                println!("PANIC {file}");
            }
        }
    }
    assert_eq!(failed, 0);
}
