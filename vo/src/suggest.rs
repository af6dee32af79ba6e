//! What the library's names add to errors: the import that is missing, the path that is nearly right.

use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::symbol::Symbol;
use vo_types::closest;

/// Adds suggestions that need to know which packages there are.
pub fn enrich(list: &mut [Diagnostic]) {
    if !list.iter().any(|d| matches!(d.code, Code::UndeclaredName | Code::ImportNotFound)) {
        return;
    }
    let packages = vo_std::packages();
    for d in list {
        match d.code {
            Code::UndeclaredName => missing_import(d, &packages),
            Code::ImportNotFound if d.suggestion.is_none() => misspelt_path(d, &packages),
            _ => {}
        }
    }
}

/// `undefined: strings` where the library has a package of that name.
fn missing_import(d: &mut Diagnostic, packages: &[String]) {
    let Some(name) = d.message.strip_prefix("undefined: ") else { return };
    let named = |path: &&String| {
        let visible = !path.split('/').any(|part| part == "internal");
        visible && path.rsplit('/').next() == Some(name)
    };
    let paths: Vec<String> = packages.iter().filter(named).map(|path| format!("import {path:?}")).collect();
    if !paths.is_empty() {
        // A name that is a package's is meant so, rather than some similar name.
        d.suggestion = None;
        d.notes.push(format!("{name} is a package of the library: {}", paths.join(" or ")));
    }
}

/// `could not import fmtt (…)`: the path that it resembles.
fn misspelt_path(d: &mut Diagnostic, packages: &[String]) {
    let Some((path, _)) = d.message.strip_prefix("could not import ").and_then(|rest| rest.split_once(' '))
    else {
        return;
    };
    let visible = packages.iter().filter(|p| !p.split('/').any(|part| part == "internal"));
    if let Some(better) = closest(path, visible.map(|p| Symbol::intern(p))) {
        let (span, message) = (d.span, format!("did you mean \"{better}\"?"));
        *d = d.clone().suggest(span, format!("\"{better}\""), message);
    }
}
