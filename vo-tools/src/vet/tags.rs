//! Struct tags that nobody can read.

use super::{Pass, for_each_expr};
use rustc_hash::FxHashMap;
use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_syntax::lexer::unquote_string;

pub(super) fn check(pass: &mut Pass<'_>, file: &File) {
    for_each_expr(file, |x| {
        if let Expr::StructType(s) = x {
            fields(pass, &s.fields.fields);
        }
    });
}

fn fields(pass: &mut Pass<'_>, list: &[Field]) {
    let mut names: FxHashMap<(&str, String), u32> = FxHashMap::default();
    for field in list {
        let Some(tag) = &field.tag else { continue };
        let Some(text) = unquote_string(&tag.raw).and_then(|b| String::from_utf8(b).ok()) else { continue };
        let pairs = match parse(&text) {
            Ok(pairs) => pairs,
            Err(why) => {
                let message =
                    format!("struct field tag {} not compatible with reflect.StructTag.Get: {why}", tag.raw);
                pass.report(Code::BadStructTag, tag.span, message);
                continue;
            }
        };
        for key in ["json", "xml"] {
            let Some((_, value)) = pairs.iter().find(|(k, _)| k == key) else { continue };
            repeated_or_hidden(pass, field, tag, key, value, &mut names);
        }
    }
}

fn repeated_or_hidden<'k>(
    pass: &mut Pass<'_>,
    field: &Field,
    tag: &BasicLit,
    key: &'k str,
    value: &str,
    names: &mut FxHashMap<(&'k str, String), u32>,
) {
    let [name] = &field.names[..] else { return };
    let shown = value.split(',').next().unwrap_or("");
    if !name.name.is_exported() && shown != "-" {
        let message = format!("struct field {name} has {key} tag but is not exported");
        pass.report(Code::BadStructTag, field.span, message);
        return;
    }
    // XML has attributes and text beside elements; only plain names are compared.
    let plain = !shown.is_empty() && shown != "-" && (key == "json" || !value.contains(','));
    if !plain {
        return;
    }
    let line = pass.line(tag.span.start);
    if let Some(earlier) = names.insert((key, shown.to_owned()), line) {
        let message = format!("struct field {name} repeats {key} tag {shown:?} also at line {earlier}");
        pass.report(Code::BadStructTag, field.span, message);
    }
}

/// The pairs of a tag: `key:"value" key:"value"`.
fn parse(tag: &str) -> Result<Vec<(String, String)>, &'static str> {
    let mut pairs = Vec::new();
    let mut rest = tag;
    let mut first = true;
    while !rest.is_empty() {
        let trimmed = rest.trim_start_matches(' ');
        if trimmed.is_empty() {
            break;
        }
        if !first && trimmed.len() == rest.len() {
            return Err("key:\"value\" pairs not separated by spaces");
        }
        first = false;
        rest = trimmed;
        let length =
            rest.find(|c: char| c <= ' ' || c == ':' || c == '"' || c == '\u{7f}').unwrap_or(rest.len());
        if length == 0 {
            return Err("bad syntax for struct tag key");
        }
        let key = &rest[..length];
        rest = rest[length..].strip_prefix(':').ok_or("bad syntax for struct tag pair")?;
        if !rest.starts_with('"') {
            return Err("bad syntax for struct tag value");
        }
        let end = closing_quote(rest).ok_or("bad syntax for struct tag value")?;
        let value = unquote_string(&rest[..end]).ok_or("bad syntax for struct tag value")?;
        pairs.push((key.to_owned(), String::from_utf8_lossy(&value).into_owned()));
        rest = &rest[end..];
    }
    Ok(pairs)
}

/// Just past the quote that closes the string that the text begins with.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(i + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn tags_are_pairs() {
        assert_eq!(parse("a:\"b\" c:\"d,e\"").map(|p| p.len()), Ok(2));
        assert_eq!(parse(""), Ok(vec![]));
        for (tag, word) in [
            ("a", "pair"),
            ("a:b", "value"),
            ("a:\"b\"c:\"d\"", "separated"),
            (":\"a\"", "key"),
            ("a:\"b", "value"),
        ] {
            assert!(parse(tag).is_err_and(|e| e.contains(word)), "{tag}");
        }
    }
}
