//! `vo lsp`: the language server, for an editor that starts it.

use crate::cli::Lsp;
use std::path::PathBuf;
use std::process::ExitCode;
use vo::Project;

pub fn lsp(_options: &Lsp) -> ExitCode {
    let project = Project::new(library_directory());
    match vo_tools::lsp::serve_stdio(&project) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::fail_with(error),
    }
}

/// Where the library's sources are put for editors: in the user's cache, a directory for each build.
fn library_directory() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    let build = std::env::current_exe().and_then(std::fs::metadata).and_then(|meta| meta.modified());
    let build = build.ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let name = format!("std-{}-{:x}", env!("CARGO_PKG_VERSION"), build.map_or(0, |time| time.as_secs()));
    cache.unwrap_or_else(std::env::temp_dir).join("vo").join(name)
}
