//! `vo explain`: what an error code means, with an example and what is said about it.

use crate::cli::Explain;
use std::process::ExitCode;
use vo::{Code, CompileError, Engine, Text};

pub fn explain(options: &Explain) -> ExitCode {
    let Some(text) = &options.code else { return list() };
    let Some(code) = Code::find(text) else {
        return super::fail_with(format_args!("there is no error code {text}; `vo explain` lists them all"));
    };
    println!("{code} {}\n\n{}", code.name(), code.explanation());
    if !code.example().is_empty() {
        show_example(code);
    }
    ExitCode::SUCCESS
}

fn list() -> ExitCode {
    for &code in Code::ALL {
        println!("{code}  {:<28}{}", code.name(), code.explanation());
    }
    ExitCode::SUCCESS
}

/// The example, and what the compiler says about it.
fn show_example(code: Code) {
    let example = code.example();
    println!("\nExample:\n");
    for line in example.lines() {
        println!("    {line}");
    }
    let checked = Engine::new().vet_text(&Text { name: "example.vo", text: example.as_bytes() });
    if let Ok(diagnostics) | Err(CompileError::Source(diagnostics)) = checked {
        println!("\n{}", diagnostics.render(false, true).trim_end());
    }
}
