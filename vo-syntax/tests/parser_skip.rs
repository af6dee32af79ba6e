//! Bodies that are skipped and read later give the tree that is read at once.

use vo_syntax::ast::{Decl, FuncDecl, NodeIds};
use vo_syntax::parser::{Options, Parsed, parse_body, parse_file};
use vo_syntax::source::SourceMap;

const SOURCE: &str = r#"package p

func braces() string { return "}" + `}` + string('}') + string('\'') }

func (t *T) nested() {
	if true { /* } /* } */ } */
		// }
	}
	_ = struct{ a int }{1}
}

func none()

func last() { x := '"'; _ = "\"}" + "\\" }
"#;

fn parse(map: &SourceMap, ids: &NodeIds, skip_bodies: bool) -> Parsed {
    let file = map.files()[0].id();
    parse_file(map, file, ids, Options { skip_bodies, ..Options::default() })
}

fn functions(parsed: &Parsed) -> Vec<&FuncDecl> {
    let decls = parsed.file.decls.iter();
    decls.filter_map(|d| if let Decl::Func(f) = d { Some(&**f) } else { None }).collect()
}

#[test]
fn a_body_read_later_is_the_same_body() {
    let mut map = SourceMap::new();
    map.add("p.vo", SOURCE.as_bytes().to_vec()).expect("fits");
    let ids = NodeIds::new();
    let (whole, skipped) = (parse(&map, &ids, false), parse(&map, &ids, true));
    assert!(whole.diagnostics.is_empty() && skipped.diagnostics.is_empty());
    let (whole, skipped) = (functions(&whole), functions(&skipped));
    assert_eq!(whole.len(), skipped.len());
    for (now, later) in whole.iter().zip(&skipped) {
        assert_eq!(now.span, later.span);
        let (Some(now), Some(later)) = (&now.body, &later.body) else {
            assert!(now.body.is_none() && later.body.is_none());
            continue;
        };
        assert!(now.is_read() && !later.is_read());
        let block = later.read_with(|span| {
            let (block, diagnostics) = parse_body(&map, span, &ids, Options::default());
            assert!(diagnostics.is_empty(), "{diagnostics:?}");
            block
        });
        assert_eq!((now.span(), now.stmts.len(), now.rbrace), (block.span, block.stmts.len(), block.rbrace));
    }
}

#[test]
fn a_body_without_end_is_reported_as_ever() {
    let mut map = SourceMap::new();
    map.add("p.vo", b"package p\nfunc f() { if true {\n".to_vec()).expect("fits");
    let ids = NodeIds::new();
    let texts = |p: Parsed| p.diagnostics.into_iter().map(|d| d.message).collect::<Vec<_>>();
    let (whole, skipped) = (texts(parse(&map, &ids, false)), texts(parse(&map, &ids, true)));
    assert!(!whole.is_empty());
    assert_eq!(whole, skipped);
}
