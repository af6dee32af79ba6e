//! A diagnostic as JSON, for tools: one object on one line.
//!
//! ```json
//! {"code":"V0100","name":"UndeclaredName","severity":"error","message":"undefined: x",
//!  "file":"a.vo","line":3,"column":5,"endLine":3,"endColumn":6,
//!  "labels":[{"message":"…","file":"a.vo","line":1,"column":1,"endLine":1,"endColumn":2}],
//!  "notes":["…"],
//!  "suggestion":{"message":"…","replacement":"y","file":"a.vo","line":3,"column":5,"endLine":3,"endColumn":6}}
//! ```
//!
//! Lines and columns begin at 1, columns count bytes, and the end is the place just past what is meant. All keys
//! are always there, but for `suggestion`; a diagnostic without a place has an empty `file` and zeros.

use super::{Diagnostic, Severity};
use crate::source::{SourceMap, Span};
use std::fmt::Write;

/// The object, without a newline.
pub fn to_json(map: &SourceMap, diagnostic: &Diagnostic) -> String {
    let mut out = String::from("{");
    text_field(&mut out, "code", &diagnostic.code.to_string());
    text_field(&mut out, "name", diagnostic.code.name());
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    text_field(&mut out, "severity", severity);
    text_field(&mut out, "message", &diagnostic.message);
    place_fields(&mut out, map, diagnostic.span);
    out.push_str(",\"labels\":[");
    for (i, label) in diagnostic.labels.iter().enumerate() {
        out.push_str(if i > 0 { ",{" } else { "{" });
        text_field(&mut out, "message", &label.message);
        place_fields(&mut out, map, label.span);
        out.push('}');
    }
    out.push_str("],\"notes\":[");
    for (i, note) in diagnostic.notes.iter().enumerate() {
        out.push_str(if i > 0 { "," } else { "" });
        string(&mut out, note);
    }
    out.push(']');
    if let Some(suggestion) = &diagnostic.suggestion {
        out.push_str(",\"suggestion\":{");
        text_field(&mut out, "message", &suggestion.message);
        text_field(&mut out, "replacement", &suggestion.replacement);
        place_fields(&mut out, map, suggestion.span);
        out.push('}');
    }
    out.push('}');
    out
}

fn place_fields(out: &mut String, map: &SourceMap, span: Span) {
    let (start, end) = (map.lookup(span.start), map.lookup(span.end));
    text_field(out, "file", &start.file);
    let _ = write!(out, ",\"line\":{},\"column\":{}", start.line, start.col);
    let _ = write!(out, ",\"endLine\":{},\"endColumn\":{}", end.line, end.col);
}

/// A key with a string, after a comma unless it is the first of its object.
fn text_field(out: &mut String, key: &str, value: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    let _ = write!(out, "\"{key}\":");
    string(out, value);
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;

    #[test]
    fn one_object_on_one_line() {
        let mut map = SourceMap::new();
        let id = map.add("a \"b\".vo", "x\ny\n").unwrap();
        let file = map.file(id);
        let (x, y) = (Span::new(file.pos(0), file.pos(1)), Span::new(file.pos(2), file.pos(3)));
        let d = Diagnostic::error(Code::UndeclaredName, y, "undefined:\n\ty").label(x, "x").note("n\u{7}");
        let place = |line| {
            format!(
                "\"file\":\"a \\\"b\\\".vo\",\"line\":{line},\"column\":1,\"endLine\":{line},\"endColumn\":2"
            )
        };
        let want = format!(
            "{{\"code\":\"V0100\",\"name\":\"UndeclaredName\",\"severity\":\"error\",\"message\":\"undefined:\\n\\ty\",{},\
             \"labels\":[{{\"message\":\"x\",{}}}],\"notes\":[\"n\\u0007\"]}}",
            place(2),
            place(1)
        );
        assert_eq!(to_json(&map, &d), want);
        let with = to_json(&map, &d.suggest(y, "x", "did you mean x?"));
        assert!(with.ends_with(&format!("\"replacement\":\"x\",{}}}}}", place(2))), "{with}");
    }
}
