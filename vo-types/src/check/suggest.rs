//! What makes an error easier to mend: names that are nearly right, and the declarations that an
//! error speaks of.

use std::cmp::Reverse;

use vo_syntax::ast::{Expr, Ident, Symbol};
use vo_syntax::diag::{Diagnostic, Label};
use vo_syntax::source::{Pos, Span};

use super::Checker;
use crate::object::{ObjId, ObjectKind};
use crate::package::{PackageMode, PkgId};
use crate::types::{IMethod, MissingMethod, MissingReason, Type, TypeId};

/// The declarations behind a reason that will be part of some message.
#[derive(Debug)]
pub(crate) struct Cause {
    /// The reason, as it stands in the message.
    why: String,
    labels: Vec<Label>,
    /// Whether a pointer to the value would do.
    wants_pointer: bool,
}

/// How many errors of a package get a similar name: each search looks at all names.
const SEARCHES: usize = 50;

/// How many reasons are remembered until the error that they belong to is reported.
const CAUSES: usize = 8;

impl<'w> Checker<'w> {
    // ---- names --------------------------------------------------------------------------------

    /// Adds "did you mean x?" for the candidate that is most like a name, if one is like it at all.
    pub fn did_you_mean(
        &self,
        d: Diagnostic,
        name: &Ident,
        candidates: impl FnOnce() -> Vec<Symbol>,
    ) -> Diagnostic {
        let package = self.w.package(self.pkg);
        // Nobody reads the errors of trusted packages.
        if self.error_count() > SEARCHES || package.mode == PackageMode::Lazy {
            return d;
        }
        match closest(name.name.as_str(), candidates()) {
            Some(better) => d.suggest(name.span, better.as_str(), format!("did you mean {better}?")),
            None => d,
        }
    }

    /// All names that are visible here, innermost first.
    pub fn visible_names(&self) -> Vec<Symbol> {
        let mut names = Vec::new();
        let mut scope = Some(self.env.scope);
        while let Some(id) = scope {
            let s = self.w.scope(id);
            names.extend(s.entries().into_iter().map(|(name, _)| name));
            scope = s.parent;
        }
        names
    }

    /// The exported names of a package.
    pub fn exported_names(&self, pkg: PkgId) -> Vec<Symbol> {
        let entries = self.w.scope(self.w.package(pkg).scope).entries();
        entries.into_iter().map(|(name, _)| name).filter(|n| n.is_exported()).collect()
    }

    /// The names of a type's fields and methods that this package may use.
    pub fn member_names(&self, ty: TypeId) -> Vec<Symbol> {
        let base = self.w.deref(ty).0;
        let mut names = self.field_names(base);
        let pointer = self.w.types.pointer(base);
        let methods = self.w.method_set(pointer).into_iter().chain(self.w.method_set(base));
        names.extend(methods.filter(|m| self.sees(m.name, m.pkg)).map(|m| m.name));
        names
    }

    /// The names of a struct's own fields that this package may use.
    pub fn field_names(&self, ty: TypeId) -> Vec<Symbol> {
        match self.w.under(ty) {
            Type::Struct(s) => s.fields.iter().filter(|f| self.sees(f.name, f.pkg)).map(|f| f.name).collect(),
            _ => Vec::new(),
        }
    }

    fn sees(&self, name: Symbol, pkg: Option<PkgId>) -> bool {
        !name.is_blank() && (name.is_exported() || pkg == Some(self.pkg))
    }

    // ---- declarations -------------------------------------------------------------------------

    /// Points to the declaration of what an expression calls.
    pub fn with_callee(&self, d: Diagnostic, fun: &Expr) -> Diagnostic {
        let name = match fun.unparen() {
            Expr::Ident(name) => name,
            Expr::Selector(sel) => &sel.sel,
            _ => return d,
        };
        let Some(obj) = self.w.info.use_of(name.id) else { return d };
        let object = self.w.object(obj);
        match object.kind {
            ObjectKind::Func(_) => self.with_place(d, object.pos, format!("{} is declared here", name.name)),
            _ => d,
        }
    }

    /// Adds a place, unless it lies in the library, whose sources are not the user's concern.
    pub fn with_place(&self, d: Diagnostic, pos: Pos, text: impl Into<String>) -> Diagnostic {
        if self.is_users(pos) { d.label(self.name_span(pos), text) } else { d }
    }

    fn is_users(&self, pos: Pos) -> bool {
        pos.is_valid() && self.w.sources.borrow().file_at(pos).is_some_and(|f| !f.name().starts_with("<std>"))
    }

    /// The name that begins at a position, or the one byte there.
    pub fn name_span(&self, pos: Pos) -> Span {
        let sources = self.w.sources.borrow();
        let Some(file) = sources.file_at(pos) else { return pos.span() };
        let rest = &file.bytes()[file.offset(pos) as usize..];
        let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_' || **b >= 0x80).count();
        Span::new(pos, pos.offset(len.max(1) as u32))
    }

    // ---- reasons ------------------------------------------------------------------------------

    /// Remembers which declarations a reason for a missing method speaks of.
    pub fn note_cause(&self, why: &str, v: TypeId, missing: &MissingMethod) {
        let m = &missing.method;
        let mut labels = Vec::new();
        let mut add = |pos: Pos, message: String| {
            if self.is_users(pos) {
                labels.push(Label { span: self.name_span(pos), message });
            }
        };
        match missing.reason {
            MissingReason::PointerReceiver => {
                if let Some(obj) = self.method_named(v, m) {
                    let base = self.ts(self.w.deref(v).0);
                    add(
                        self.w.object(obj).pos,
                        format!("method {} is declared for *{base}, not for {base}", m.name),
                    );
                }
            }
            MissingReason::WrongSignature(_) => {
                if let Some(obj) = self.method_named(v, m) {
                    add(self.w.object(obj).pos, format!("method {} is declared here", m.name));
                }
                add(m.pos, "the interface wants this".to_owned());
            }
            MissingReason::WrongName(Some(obj), _) => {
                add(self.w.object(obj).pos, format!("method {} is declared here", self.w.object(obj).name));
                add(m.pos, "the interface wants this".to_owned());
            }
            _ => add(m.pos, "the interface wants this".to_owned()),
        }
        let wants_pointer = matches!(missing.reason, MissingReason::PointerReceiver);
        let mut causes = self.causes.borrow_mut();
        if causes.len() >= CAUSES {
            causes.remove(0);
        }
        causes.push(Cause { why: why.to_owned(), labels, wants_pointer });
    }

    fn method_named(&self, ty: TypeId, m: &IMethod) -> Option<ObjId> {
        let pointer = self.w.types.pointer(self.w.deref(ty).0);
        match self.w.lookup(pointer, false, m.pkg, m.name) {
            crate::types::Lookup::Found(found) => match found.kind {
                crate::types::FoundKind::Method(obj) => Some(obj),
                _ => None,
            },
            _ => None,
        }
    }

    /// Adds the declarations behind the reason that a message gives.
    pub fn with_causes(&self, mut d: Diagnostic) -> Diagnostic {
        let causes = self.causes.take();
        let Some(cause) = causes.into_iter().rev().find(|c| d.message.contains(&c.why)) else { return d };
        d.labels.extend(cause.labels);
        if cause.wants_pointer && d.message.starts_with("cannot use ") && d.suggestion.is_none() {
            let text = self.w.sources.borrow().text(d.span).into_owned();
            let place = Span::new(d.span.start, d.span.start);
            let simple = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if simple {
                d = d.suggest(place, "&", format!("take its address: &{text}"));
            }
        }
        d
    }
}

/// The candidate that is most like a name: it differs in case alone, or in few letters.
pub fn closest(name: &str, candidates: impl IntoIterator<Item = Symbol>) -> Option<Symbol> {
    // What is one letter long is like everything.
    let limit = match name.chars().count() {
        0..=1 => 0,
        2..=3 => 1,
        n => (n / 3).min(3),
    };
    let lower = name.to_lowercase();
    let mut best: Option<(usize, Reverse<usize>, Symbol)> = None;
    for candidate in candidates {
        let text = candidate.as_str();
        if text == name || text.len().abs_diff(name.len()) > limit || candidate.is_blank() {
            continue;
        }
        let distance = match text.to_lowercase() {
            same if same == lower => 0,
            other => edit_distance(&lower, &other),
        };
        let common = text.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        let better = best.as_ref().is_none_or(|(d, c, _)| (distance, Reverse(common)) < (*d, *c));
        if (distance <= limit && distance < lower.chars().count()) && better {
            best = Some((distance, Reverse(common), candidate));
        }
    }
    best.map(|(_, _, symbol)| symbol)
}

/// How many letters must be put in, left out, changed or swapped with their neighbour.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cost = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(name: &str, candidates: &[&str]) -> Option<&'static str> {
        closest(name, candidates.iter().map(|c| Symbol::intern(c))).map(|s| s.as_str())
    }

    #[test]
    fn what_is_nearly_right_is_found() {
        assert_eq!(best("Printl", &["Print", "Println", "Printf"]), Some("Println"));
        assert_eq!(best("lenght", &["length", "len"]), Some("length"));
        assert_eq!(best("ErrorString", &["errorString", "ErrorStrings"]), Some("errorString"));
        assert_eq!(best("x", &["y", "z"]), None);
        assert_eq!(best("value", &["other", "vector"]), None);
    }
}
