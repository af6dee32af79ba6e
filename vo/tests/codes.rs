//! The examples of the error codes: each gives just the error that it is the example of.

use vo::{Code, CompileError, Engine, Text};

/// The codes of the errors that a file has.
fn codes(text: &str) -> Vec<Code> {
    match Engine::new().check_text(&Text { name: "example.vo", text: text.as_bytes() }) {
        Ok(()) => Vec::new(),
        Err(CompileError::Source(diagnostics)) => diagnostics.list.iter().map(|d| d.code).collect(),
        Err(CompileError::Input(message)) => panic!("{message}"),
    }
}

#[test]
fn each_example_gives_just_its_error() {
    let mut wrong = Vec::new();
    for &code in Code::ALL {
        let example = code.example();
        // What vet reports compiles; its examples are vet's tests.
        if example.is_empty() || code.number() >= 700 {
            continue;
        }
        let found = codes(example);
        // A construct that the compiler does not have yet says so.
        let pending = found.contains(&Code::UnsupportedFeature);
        if found != [code] && !pending {
            wrong.push(format!("{code} {}: {found:?}\n    {}", code.name(), example.replace('\n', "\n    ")));
        }
    }
    assert!(wrong.is_empty(), "examples that give other errors than theirs:\n{}", wrong.join("\n"));
}
