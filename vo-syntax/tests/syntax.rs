//! What the parser makes of programs: the shape of expressions, the errors of wrong ones, positions.

use expect_test::{Expect, expect};
use vo_syntax::ast::*;
use vo_syntax::diag::{Code, render};
use vo_syntax::parser::{Options, Parsed, parse_file};
use vo_syntax::source::SourceMap;

fn parse(name: &str, text: &str) -> (SourceMap, Parsed) {
    let mut map = SourceMap::new();
    let id = map.add(name, text).unwrap();
    let parsed = parse_file(&map, id, &NodeIds::new(), Options::default());
    (map, parsed)
}

fn errors(name: &str, text: &str) -> String {
    let (map, parsed) = parse(name, text);
    parsed.diagnostics.iter().map(|d| render(&map, d, false, false)).collect()
}

fn check_errors(name: &str, text: &str, expected: Expect) {
    expected.assert_eq(&errors(name, text));
}

/// An expression with parentheses around every operation.
fn shape(x: &Expr) -> String {
    let list = |xs: &[Expr]| xs.iter().map(shape).collect::<Vec<_>>().join(", ");
    match x {
        Expr::Binary(b) => format!("({} {} {})", shape(&b.x), b.op.text(), shape(&b.y)),
        Expr::Unary(u) => format!("({}{})", u.op.text(), shape(&u.x)),
        Expr::Star(s) => format!("(*{})", shape(&s.x)),
        Expr::Paren(p) => format!("[{}]", shape(&p.x)),
        Expr::Selector(s) => format!("{}.{}", shape(&s.x), s.sel),
        Expr::Call(c) => format!("{}({})", shape(&c.fun), list(&c.args)),
        Expr::Try(t) => format!("({}?)", shape(&t.x)),
        Expr::Dyn(d) => format!("dyn({})", shape(&d.x)),
        other => other.to_string(),
    }
}

/// The value of `var x = …` as the first declaration of a `.vo` file.
fn value_shape(text: &str) -> String {
    let (map, parsed) = parse("t.vo", &format!("var x = {text}\n"));
    let shown: String = parsed.diagnostics.iter().map(|d| render(&map, d, false, false)).collect();
    assert!(shown.is_empty(), "{text}: {shown}");
    match &parsed.file.decls[..] {
        [Decl::Var(d)] => shape(&d.specs[0].values[0]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn operators_bind_as_specified() {
    let cases = [
        ("a + b*c - d", "((a + (b * c)) - d)"),
        ("a || b && c == d | e & f", "(a || (b && (c == (d | (e & f)))))"),
        ("-a * b", "((-a) * b)"),
        ("*p.x", "(*p.x)"),
        ("<-c + 1", "((<-c) + 1)"),
        ("!a.b(c)", "(!a.b(c))"),
        ("(a + b) * c", "([(a + b)] * c)"),
        ("a << b >> c &^ d", "(((a << b) >> c) &^ d)"),
        ("-f()? + 1", "((-(f()?)) + 1)"),
        ("f()?.g()?", "((f()?).g()?)"),
        ("a~>b~>[c]~>d(e)? == 1", "((dyn(dyn(dyn(a)))?) == 1)"),
        ("<-chan int(nil)", "(<-chan int(nil))"),
        ("[]<-chan<- chan int{}", "[]<-chan <-chan int{}"),
        ("&T{a: 1}", "(&T{…})"),
        (
            "func(a, b int, c ...string) (x, y error) { return }",
            "func(a, b int, c ...string) (x, y error) {…}",
        ),
        ("x.(interface{ m(int) string; ~int | string })", "x.(interface{ m(int) string; ~int | string })"),
        ("struct{ a, b int; *T `tag` }{}", "struct{ a, b int; *T `tag` }{}"),
        ("map[chan<- int][3]func(){}", "map[chan<- int][3]func(){}"),
        ("f[int, []string](a[1:2:3], b...)", "f[int, []string](a[1:2:3], b)"),
        ("make(port<- int, 1)", "make(port<- int, 1)"),
        ("port.TrySend(island.Self())", "port.TrySend(island.Self())"),
    ];
    for (text, expected) in cases {
        assert_eq!(value_shape(text), expected, "{text}");
    }
}

#[test]
fn everything_parses_in_vo_only() {
    let text = include_str!("data/everything.vo");
    assert_eq!(errors("everything.vo", text), "");
    assert_ne!(errors("everything.go", text), "");
    let (extras, _) = text.split_once("func extras").unwrap();
    let go = extras.replace("p port int", "").replace("q port<- port<- int", "");
    let go = go.replace("r <-port struct{}", "").replace("i island", "i int");
    assert_eq!(errors("everything.go", &go), "");
}

#[test]
fn vo_words_are_names_in_go() {
    let text = "package p\nfunc island(port, fail int) (errdefer int) { return port + fail }\n";
    assert_eq!(errors("t.go", text), "");
    check_errors(
        "t.vo",
        text,
        expect![[r#"
        t.vo:2:6: syntax error: unexpected keyword island, expected name or (
    "#]],
    );
    assert_eq!(errors("t.vo", "func f() { x.port.fail() }\n"), "");
}

#[test]
fn package_clause() {
    let (_, parsed) = parse("t.vo", "func main() {}\n");
    assert_eq!((parsed.file.name.name.as_str(), parsed.file.package_pos.is_valid()), ("main", false));
    check_errors(
        "t.go",
        "func main() {}\n",
        expect![[r#"
        t.go:1:1: syntax error: package statement must be first
    "#]],
    );
}

#[test]
fn type_parameters_or_array_length() {
    let kind = |text: &str| {
        let (_, parsed) = parse("t.go", &format!("package p\ntype T{text}\n"));
        assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
        match &parsed.file.decls[0] {
            Decl::Type(d) => d.specs[0].type_params.as_ref().map(|l| {
                let field = |f: &Field| {
                    let names: Vec<&str> = f.names.iter().map(|n| n.name.as_str()).collect();
                    format!("{} {}", names.join(","), f.ty)
                };
                l.fields.iter().map(field).collect::<Vec<_>>().join("; ")
            }),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(kind("[P *C] int"), None);
    assert_eq!(kind("[P (C)] int"), None);
    assert_eq!(kind("[P] int"), None);
    assert_eq!(kind("[2*N] int"), None);
    assert_eq!(kind("[P *C,] int").unwrap(), "P *C");
    assert_eq!(kind("[P *C|Q,] int").unwrap(), "P *C | Q");
    assert_eq!(kind("[P *struct{}] int").unwrap(), "P *struct{}");
    assert_eq!(kind("[P ([]int)] int").unwrap(), "P []int");
    assert_eq!(kind("[P *C|~Q|R] int").unwrap(), "P *C | ~Q | R");
    assert_eq!(kind("[P, Q any, R interface{ ~[]P }] = int").unwrap(), "P,Q any; R interface{ ~[]P }");
    assert_eq!(kind("[P []E, E any] int").unwrap(), "P []E; E any");
}

#[test]
fn constant_groups() {
    let (_, parsed) = parse("t.vo", "const (\n\ta, b = iota, 1\n\tc, d\n\te int = 3\n\tf\n)\n");
    let Decl::Const(d) = &parsed.file.decls[0] else { panic!() };
    let shown: Vec<_> = d.specs.iter().map(|s| (s.iota, s.inherits)).collect();
    assert_eq!(shown, [(0, None), (1, Some(0)), (2, None), (3, Some(2))]);
}

#[test]
fn syntax_errors() {
    check_errors(
        "t.go",
        "package p\n\nfunc f() {\n\tx := )\n\tif x == {\n\t}\n\tfor i := 0; i < 10 {\n\t}\n\tg(1, 2\n\ta b\n}\n\n\
         func g()\n{\n}\n\nvar a, b\n\nx := 1\n",
        expect![[r#"
            t.go:4:7: syntax error: unexpected ), expected expression
            t.go:5:10: syntax error: unexpected {, expected expression
            t.go:6:2: syntax error: unexpected }, expected {
            t.go:7:2: syntax error: unexpected keyword for, expected expression
            t.go:8:2: syntax error: unexpected }, expected expression
            t.go:9:8: syntax error: unexpected newline in argument list; possibly missing comma or )
            t.go:13:6: syntax error: unexpected name g, expected (
            t.go:17:9: syntax error: unexpected newline, expected type
            t.go:19:1: syntax error: non-declaration statement outside function body
        "#]],
    );
}

#[test]
fn header_errors() {
    check_errors(
        "t.vo",
        "func f() {\n\tif {\n\t}\n\tif x = 1 {\n\t}\n\tif x := 1; {\n\t}\n\tfor i++ {\n\t}\n\tfor ; ; i := 1 {\n\t}\n\
         \tif a + b = c {\n\t}\n\tif x {\n\t} else x\n\tswitch x\n\t{\n\t}\n}\n",
        expect![[r#"
            t.vo:2:5: syntax error: missing condition in if statement
            t.vo:4:7: syntax error: cannot use assignment x = 1 as value
            t.vo:6:11: syntax error: missing condition in if statement
            t.vo:8:7: syntax error: cannot use i++ as value
            t.vo:10:12: syntax error: cannot declare in post statement of for loop
            t.vo:12:11: syntax error: cannot use assignment (a + b) = c as value
            t.vo:15:9: syntax error: else must be followed by if or statement block
        "#]],
    );
}

#[test]
fn declaration_errors() {
    check_errors(
        "t.vo",
        "import x y\nfunc (a, b T) m() {}\nfunc () m() {}\nfunc f(a int, string) {}\nfunc g(a, b) (c int, d) {}\n\
         func h(a ...int, b int) {}\ntype T struct { (U); a, }\ntype I interface { m[T any]() }\n\
         var f = func[T any]() {}\ntype G[P any, Q] int\ntype E[] int\nimport \"late\"\n",
        expect![[r#"
            t.vo:1:10: syntax error: missing import path
            t.vo:2:15: method has multiple receivers
            t.vo:3:9: method has no receiver
            t.vo:4:21: syntax error: missing parameter type
            t.vo:5:23: syntax error: missing parameter type
            t.vo:6:10: can only use ... with final parameter
            t.vo:7:17: syntax error: cannot parenthesize embedded type
            t.vo:8:1: syntax error: unexpected keyword type, expected field name or embedded type
            t.vo:9:13: syntax error: function type must have no type parameters
            t.vo:10:16: syntax error: missing type constraint
            t.vo:12:1: syntax error: imports must appear before other declarations
        "#]],
    );
}

#[test]
fn literal_errors() {
    check_errors(
        "t.go",
        "package p\nvar a = 'ab' + '' + 'x\nvar b = \"\\q\" + \"a\nvar c = 08 + 0b12 + 0xg + 1e + 1_ + 0x1.0\n\
         var d = '\\400' + '\\ud800' + \"\\xz\"\nvar e = # + 1 ? 2\nvar f = `\n",
        expect![[r#"
            t.go:2:9: more than one character in rune literal
            t.go:2:17: empty rune literal or unescaped '
            t.go:2:23: newline in rune literal
            t.go:3:11: unknown escape
            t.go:3:18: newline in string
            t.go:4:10: invalid digit '8' in octal literal
            t.go:4:17: invalid digit '2' in binary literal
            t.go:4:23: hexadecimal literal has no digits
            t.go:4:23: syntax error: unexpected name g after top level declaration
            t.go:4:29: exponent has no digits
            t.go:4:33: '_' must separate successive digits
            t.go:4:42: hexadecimal mantissa requires a 'p' exponent
            t.go:5:14: octal escape value 256 > 255
            t.go:5:25: escape is invalid Unicode code point U+D800
            t.go:5:32: invalid character 'z' in hexadecimal escape
            t.go:6:9: invalid character U+0023 '#'
            t.go:6:15: invalid character U+003F '?'
            t.go:6:17: syntax error: unexpected literal 2 after top level declaration
            t.go:7:9: string not terminated
        "#]],
    );
}

#[test]
fn errors_that_leave_a_checkable_tree() {
    let text = "func f(x any) {\n\tgo f\n\tdefer recover()\n\t_ = x.(type)\n\tfor a, b, c := range x {}\n}\n";
    let (_, parsed) = parse("t.vo", text);
    let codes: Vec<Code> = parsed.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, [Code::NotACall, Code::UseOfTypeOutsideSwitch, Code::TooManyVariables]);
    assert!(parsed.checkable);
    assert!(!parse("t.vo", "func f() { x := }\n").1.checkable);
}

#[test]
fn comments_directives_lines() {
    let text = "//go:build go1.22 && linux\n\npackage p\n\n//go:noinline\nfunc f() {}\n\n//line other.go:100\nvar x = )\n\
                /*line third.go:7:3*/ y\n";
    let (map, parsed) = parse("dir/t.go", text);
    assert_eq!(parsed.file.go_version, Some((1, 22)));
    let Decl::Func(f) = &parsed.file.decls[0] else { panic!() };
    assert_eq!(&*f.directives[0].text, "go:noinline");
    assert_eq!(parsed.file.directives.len(), 2);
    let shown: String = parsed.diagnostics.iter().map(|d| render(&map, d, false, false)).collect();
    expect![[r#"
        dir/other.go:100: syntax error: unexpected ), expected expression
    "#]]
    .assert_eq(&shown);
    check_errors(
        "t.vo",
        "/* a /* b */ c */ var x = )\n",
        expect![[r#"
        t.vo:1:27: syntax error: unexpected ), expected expression
    "#]],
    );
    check_errors(
        "t.go",
        "package p /* a /* b */ c */\n",
        expect![[r#"
        t.go:1:24: syntax error: unexpected name c, expected semicolon or newline
    "#]],
    );
}

/// Every identifier and every node has an id of its own, also across files.
#[test]
fn ids_are_unique() {
    struct Ids(Vec<NodeId>);
    impl Visitor for Ids {
        fn visit_expr(&mut self, x: &Expr) {
            // Identifiers are visited below.
            if x.as_ident().is_none() {
                self.0.push(x.id());
            }
            walk_expr(self, x);
        }
        fn visit_stmt(&mut self, s: &Stmt) {
            self.0.push(s.id());
            walk_stmt(self, s);
        }
        fn visit_ident(&mut self, name: &Ident) {
            self.0.push(name.id);
        }
    }
    let mut map = SourceMap::new();
    let text = include_str!("data/everything.vo");
    let files = [map.add("a.vo", text).unwrap(), map.add("b.vo", text).unwrap()];
    let ids = NodeIds::new();
    let mut seen = Ids(Vec::new());
    for file in files {
        walk_file(&mut seen, &parse_file(&map, file, &ids, Options::default()).file);
    }
    let total = seen.0.len();
    seen.0.sort();
    seen.0.dedup();
    assert_eq!(seen.0.len(), total);
    assert!(seen.0.iter().all(|id| id.index() < ids.bound() && id.index() > 0));
}

#[test]
fn imports_only() {
    let mut map = SourceMap::new();
    let id = map.add("a.go", "package a\nimport (\"x\"; b \"y\")\nfunc broken( {\n").unwrap();
    let options = Options { imports_only: true, comments: true, ..Options::default() };
    let parsed = parse_file(&map, id, &NodeIds::new(), options);
    assert!(parsed.diagnostics.is_empty());
    let paths: Vec<_> = parsed.file.imports().map(|s| s.path.raw.to_string()).collect();
    assert_eq!(paths, ["\"x\"", "\"y\""]);
}

/// The examples of the diagnostics table show what they are meant to show.
#[test]
fn examples_of_syntax_codes() {
    for &code in Code::ALL.iter().filter(|c| c.number() < 100 && !c.example().is_empty()) {
        let (_, parsed) = parse("t.vo", code.example());
        let found: Vec<Code> = parsed.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(found, [code], "{}: {:?}", code.example(), parsed.diagnostics);
    }
    for &code in Code::ALL.iter().filter(|c| c.number() >= 100) {
        let (_, parsed) = parse("t.vo", code.example());
        let syntax = parsed.diagnostics.iter().any(|d| d.code.number() < 100);
        assert!(!syntax, "{code} {}: {:?}", code.example(), parsed.diagnostics);
    }
}
