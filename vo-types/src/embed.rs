//! Files that `//go:embed` puts into variables.

use vo_syntax::ast::VarSpec;

/// A file or directory of an embedded tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedFile {
    /// Its path below the package's directory, with slashes.
    pub name: String,
    /// What it holds; none for a directory.
    pub text: Option<Vec<u8>>,
}

/// The patterns of a variable's directives: words, quoted or not.
///
/// # Errors
/// What is wrong with the directive.
pub(crate) fn patterns(spec: &VarSpec) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for directive in spec.directives.iter().filter(|d| d.verb() == "go:embed") {
        let mut rest = directive.text["go:embed".len()..].trim_start();
        while let Some(first) = rest.chars().next() {
            let (word, after) = match first {
                '"' | '`' => {
                    let end = rest[1..].find(first).ok_or("invalid quoted string in //go:embed")?;
                    (&rest[1..=end], &rest[end + 2..])
                }
                _ => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
            };
            if !after.is_empty() && !after.starts_with(char::is_whitespace) {
                return Err("invalid quoted string in //go:embed".to_owned());
            }
            all.push(word.to_owned());
            rest = after.trim_start();
        }
    }
    if all.is_empty() {
        return Err("usage: //go:embed pattern...".to_owned());
    }
    Ok(all)
}
