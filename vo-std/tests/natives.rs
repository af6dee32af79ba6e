//! Every function of the library without a body has a native of its name, and
//! every native a declaration, but for those that the compiler calls by itself.

use std::collections::BTreeSet;

/// The functions of a package that are declared without a body. Declarations of the
/// library are on one line, and gofmt ends the line of one with a body by a brace.
fn bodyless(package: &str) -> Vec<String> {
    let files = vo_std::package_files(package).unwrap_or_default();
    let lines = files.iter().flat_map(|f| std::str::from_utf8(f.text).expect("UTF-8").lines());
    lines
        .filter(|line| line.starts_with("func ") && !line.starts_with("func ("))
        .filter(|line| {
            !line.ends_with('{') && !line.ends_with('}') && !line.ends_with('(') && !line.contains("} //")
        })
        .filter_map(|line| {
            line.strip_prefix("func ")?.split('(').next().map(|name| format!("{package}.{name}"))
        })
        .collect()
}

#[test]
fn natives_and_declarations_agree() {
    let declared: BTreeSet<String> = vo_std::packages().iter().flat_map(|p| bodyless(p)).collect();
    let registry = vo_std::natives();
    let missing: Vec<&String> = declared.iter().filter(|name| registry.get(name).is_none()).collect();
    assert!(missing.is_empty(), "declared without a body, but no native: {missing:?}");
    // The parts of the builtin functions print and println.
    let builtin = |name: &str| name.starts_with("runtime.print");
    let unused: Vec<&str> =
        registry.names().filter(|name| !declared.contains(*name) && !builtin(name)).collect();
    assert!(unused.is_empty(), "natives that nothing declares: {unused:?}");
}
