//! `vo fmt`: source in its usual layout.
//!
//! Without a path, standard input is formatted to standard output. A directory stands for all sources below
//! it. The flags are those of gofmt; without any, the formatted text of every file is printed.

use crate::cli::Fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vo_syntax::format::{format_source, format_text};
use vo_syntax::source::Dialect;

pub fn fmt(options: &Fmt) -> ExitCode {
    if options.paths.is_empty() {
        return standard_input(options);
    }
    let mut failed = false;
    for path in &options.paths {
        let files = match sources(path) {
            Ok(files) => files,
            Err(message) => {
                eprintln!("vo: {message}");
                failed = true;
                continue;
            }
        };
        for file in files {
            if let Err(message) = format_file(&file, options) {
                eprintln!("{message}");
                failed = true;
            }
        }
    }
    if failed { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

fn standard_input(options: &Fmt) -> ExitCode {
    if options.write {
        return super::fail_with("cannot use -w with standard input");
    }
    let mut text = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut text) {
        return super::fail_with(format!("standard input: {error}"));
    }
    let dialect = if options.go { Dialect::Go } else { Dialect::Vo };
    let shown = format_text("<standard input>", &text, dialect)
        .map_err(|error| error.to_string())
        .and_then(|formatted| show("<standard input>", &text, &formatted, options));
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(1)
        }
    }
}

fn format_file(path: &Path, options: &Fmt) -> Result<(), String> {
    let name = path.to_string_lossy();
    let text = std::fs::read(path).map_err(|e| format!("vo: {name}: {e}"))?;
    let formatted = format_source(&name, &text).map_err(|e| match e {
        vo_syntax::format::FormatError::Syntax { .. } => e.to_string(),
        e => format!("{name}: {e}"),
    })?;
    if options.write && formatted.as_bytes() != text {
        replace(path, &formatted).map_err(|e| format!("vo: {name}: {e}"))?;
    }
    show(&name, &text, &formatted, options)
}

/// Writes a file so that it is there as a whole at any time, with the permissions that it had.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let permissions = std::fs::metadata(path)?.permissions();
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = std::fs::write(&temporary, text)
        .and_then(|()| std::fs::set_permissions(&temporary, permissions))
        .and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Prints what the options ask for.
fn show(name: &str, text: &[u8], formatted: &str, options: &Fmt) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    let changed = formatted.as_bytes() != text;
    // A reader that has seen enough closes the pipe; that is no error.
    if options.list && changed {
        let _ = writeln!(out, "{name}");
    }
    if options.diff && changed {
        let old = String::from_utf8_lossy(text);
        let _ = out.write_all(super::diff::unified(name, &old, formatted).as_bytes());
    }
    if !options.list && !options.write && !options.diff {
        let _ = out.write_all(formatted.as_bytes());
    }
    Ok(())
}

/// The sources that a path stands for, sorted: a file, or all below a directory whose name does not begin
/// with a dot or an underscore.
fn sources(path: &Path) -> Result<Vec<PathBuf>, String> {
    let meta = std::fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut files = Vec::new();
    if meta.is_dir() {
        collect(path, &mut files).map_err(|e| format!("{}: {e}", path.display()))?;
        files.sort();
    } else {
        files.push(path.to_path_buf());
    }
    Ok(files)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(&path, files)?;
        } else if name.ends_with(".vo") || name.ends_with(".go") {
            files.push(path);
        }
    }
    Ok(())
}
