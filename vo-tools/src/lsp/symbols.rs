//! The outline of a file.

use super::text;
use lsp_types::{DocumentSymbol, SymbolKind};
use vo_syntax::ast::*;
use vo_syntax::source::{SourceFile, Span};

/// The declarations of a file, with fields and methods below their types.
pub(super) fn outline(src: &SourceFile, file: &File) -> Vec<DocumentSymbol> {
    let text = String::from_utf8_lossy(src.bytes()).into_owned();
    let outline = Outline { src, text };
    file.decls.iter().flat_map(|decl| outline.decl(decl)).collect()
}

struct Outline<'a> {
    src: &'a SourceFile,
    text: String,
}

impl Outline<'_> {
    fn range(&self, span: Span) -> lsp_types::Range {
        text::range(&self.text, self.src.offset(span.start) as usize, self.src.offset(span.end) as usize)
    }

    #[allow(deprecated, reason = "the protocol's structure has a deprecated field without a default")]
    fn symbol(&self, name: String, kind: SymbolKind, whole: Span, name_span: Span) -> DocumentSymbol {
        DocumentSymbol {
            // The protocol does not allow empty names.
            name: if name.is_empty() { "_".to_owned() } else { name },
            detail: None,
            kind,
            tags: None,
            deprecated: None,
            range: self.range(whole.to(name_span)),
            selection_range: self.range(name_span),
            children: None,
        }
    }

    fn names(&self, names: &[Ident], kind: SymbolKind, whole: Span) -> Vec<DocumentSymbol> {
        names.iter().map(|n| self.symbol(n.to_string(), kind, whole, n.span)).collect()
    }

    fn decl(&self, decl: &Decl) -> Vec<DocumentSymbol> {
        match decl {
            Decl::Bad(_) | Decl::Import(_) | Decl::Skimmed(_) | Decl::Outlined(_) => Vec::new(),
            Decl::Const(d) => {
                d.specs.iter().flat_map(|s| self.names(&s.names, SymbolKind::CONSTANT, s.span)).collect()
            }
            Decl::Var(d) => {
                d.specs.iter().flat_map(|s| self.names(&s.names, SymbolKind::VARIABLE, s.span)).collect()
            }
            Decl::Type(d) => d.specs.iter().map(|s| self.type_spec(s)).collect(),
            Decl::Func(d) => {
                let receiver = d.recv.as_ref().and_then(|list| list.fields.first());
                let (name, kind) = match receiver {
                    Some(field) => (format!("({}).{}", field.ty, d.name), SymbolKind::METHOD),
                    None => (d.name.to_string(), SymbolKind::FUNCTION),
                };
                vec![self.symbol(name, kind, d.span, d.name.span)]
            }
        }
    }

    fn type_spec(&self, s: &TypeSpec) -> DocumentSymbol {
        let (kind, children) = match &s.ty {
            Expr::StructType(t) => {
                let fields = t.fields.fields.iter();
                let children = fields.flat_map(|f| self.names(&f.names, SymbolKind::FIELD, f.span)).collect();
                (SymbolKind::STRUCT, children)
            }
            Expr::InterfaceType(t) => {
                let method = |elem: &InterfaceElem| match elem {
                    InterfaceElem::Method(m) => {
                        Some(self.symbol(m.name.to_string(), SymbolKind::METHOD, m.span, m.name.span))
                    }
                    InterfaceElem::Embedded(_) => None,
                };
                (SymbolKind::INTERFACE, t.elems.iter().filter_map(method).collect())
            }
            _ => (SymbolKind::CLASS, Vec::new()),
        };
        let mut symbol = self.symbol(s.name.to_string(), kind, s.span, s.name.span);
        symbol.children = Some(children).filter(|c| !c.is_empty());
        symbol
    }
}
