//! Bodies and functions that are skipped and read later give the tree that is read at once.

use vo_syntax::ast::{Decl, FuncDecl, NodeIds};
use vo_syntax::parser::{Options, Parsed, parse_body, parse_file, parse_func};
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

const SIGNATURES: &str = r#"package p

import "q"

func plain(a int, b ...string) (n int, err error) { return }
func Generic[K comparable, V any](m map[K]V) struct{ k K } { return struct{ k K }{} }
func (t T) value() interface{ m() } { return nil }
func (t *T) pointer(f func(struct { a int "}" }) chan<- q.R) {}
func (*T) unnamed() {}
func (T) bare(x [len("{")]int) struct {
	a int // {
} {
	return struct{ a int }{}
}
func (s *Set[K, V]) keys() func(yield func(K) bool) { return nil }

func native(a, b uint64) (lo uint64) // {
func native2() /* } */
func destruct() {}
func last() (a, b interface{}) { return }
func init() {}
func _() {}
func ünlike() {}
"#;

/// What is skimmed and read later is what is read at once.
#[test]
fn a_function_read_later_is_the_same_function() {
    let mut map = SourceMap::new();
    map.add("p.vo", SIGNATURES.as_bytes().to_vec()).expect("fits");
    let ids = NodeIds::new();
    let file = map.files()[0].id();
    let skim = Options { skip_bodies: true, skim: true, ..Options::default() };
    let (whole, skimmed) = (parse(&map, &ids, true), parse_file(&map, file, &ids, skim));
    assert!(whole.diagnostics.is_empty() && skimmed.diagnostics.is_empty());
    let special: Vec<&str> = functions(&skimmed).iter().map(|f| f.name.name.as_str()).collect();
    assert_eq!(special, ["init", "_", "ünlike"]);
    let whole = functions(&whole);
    let mut read = 0;
    for decl in &skimmed.file.decls {
        let Decl::Skimmed(func) = decl else { continue };
        let now = whole.iter().find(|f| f.name.name == func.name.name).expect("it is there");
        let later = func.read_with(|span| {
            let (decl, diagnostics) = parse_func(&map, span, &ids);
            assert!(diagnostics.is_empty(), "{diagnostics:?}");
            decl
        });
        assert_eq!(now.span, func.span, "{}", func.name.name);
        assert_eq!((now.span, now.name.span, now.ty.span), (later.span, later.name.span, later.ty.span));
        assert_eq!(now.body.as_ref().map(|b| b.span()), later.body.as_ref().map(|b| b.span()));
        let field = now.recv.as_ref().map(|l| l.fields[0].ty.to_string());
        assert_eq!(func.recv.is_some(), field.is_some());
        if let (Some(recv), Some(ty)) = (func.recv, field) {
            let base = ty.trim_start_matches('*').split('[').next().expect("a base").to_owned();
            assert_eq!((recv.ptr, recv.base.as_str()), (ty.starts_with('*'), base.as_str()));
        }
        read += 1;
    }
    assert_eq!(read + special.len(), whole.len());
}
