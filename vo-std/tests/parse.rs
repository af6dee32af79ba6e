//! The library's sources are Vo: no word of theirs is one of its keywords.

use vo_syntax::ast::NodeIds;
use vo_syntax::diag::render;
use vo_syntax::parser::{Options, parse_file};
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
