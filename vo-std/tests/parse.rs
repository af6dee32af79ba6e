//! The library's sources are Vo: no word of theirs is one of its keywords.

use vo_syntax::ast::{Decl, NodeIds};
use vo_syntax::diag::render;
use vo_syntax::parser::{Options, parse_file, parse_func};
use vo_syntax::source::SourceMap;

#[test]
fn every_source_parses() {
    let mut map = SourceMap::new();
    let ids = NodeIds::new();
    let mut wrong = String::new();
    for package in vo_std::packages() {
        for file in vo_std::package_files(&package).unwrap_or_default() {
            let name = format!("{package}/{}", file.name);
            let id = map.add(&name, file.text.to_vec()).expect("a source map has room");
            for diagnostic in parse_file(&map, id, &ids, Options::default()).diagnostics {
                wrong += &render(&map, &diagnostic, true, false);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Programs see the library's functions skimmed first: that must find the same functions in the same places.
#[test]
fn every_function_can_be_skimmed() {
    let mut map = SourceMap::new();
    let ids = NodeIds::new();
    let skim = Options { skip_bodies: true, skim: true, ..Options::default() };
    for package in vo_std::packages() {
        for file in vo_std::package_files(&package).unwrap_or_default() {
            let id = map.add(file.name, file.text.to_vec()).expect("a source map has room");
            let whole = parse_file(&map, id, &ids, Options::default()).file;
            let skimmed = parse_file(&map, id, &ids, skim).file;
            assert_eq!(whole.decls.len(), skimmed.decls.len(), "{package}/{}", file.name);
            for pair in whole.decls.iter().zip(&skimmed.decls) {
                let (Decl::Func(now), Decl::Skimmed(func)) = pair else { continue };
                let later = parse_func(&map, func.span, &ids).0;
                let place = || format!("{package}/{}: {}", file.name, now.name);
                assert_eq!((now.span, now.name.span), (func.span, func.name.span), "{}", place());
                assert_eq!((now.span, now.ty.span), (later.span, later.ty.span), "{}", place());
                let recv = now.recv.as_ref().and_then(|l| l.fields.first()).map(|f| f.ty.to_string());
                let base = func.recv.map(|r| format!("{}{}", if r.ptr { "*" } else { "" }, r.base));
                let bare = recv.map(|ty| ty.split('[').next().unwrap_or_default().to_owned());
                assert_eq!(bare, base, "{}", place());
            }
        }
    }
}
