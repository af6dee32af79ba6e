//! The formatter: Vo's own constructs, comments, and that the library and the examples are formatted.

use std::path::{Path, PathBuf};
use vo_syntax::format::{FormatError, format_source, format_text};
use vo_syntax::source::Dialect;

/// Formats text and makes sure that formatting it again changes nothing.
fn formatted(text: &str) -> String {
    let once = format_text("test.vo", text.as_bytes(), Dialect::Vo).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let twice = format_text("test.vo", once.as_bytes(), Dialect::Vo).expect("our own layout");
    assert_eq!(once, twice, "not stable");
    once
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "vo" || e == "go") {
            files.push(path);
        }
    }
}

#[test]
fn the_library_and_the_examples_are_formatted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut files = Vec::new();
    collect(&root.join("vo-std/pkg"), &mut files);
    collect(&root.join("examples"), &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source");
        match format_source(&file.to_string_lossy(), text.as_bytes()) {
            Ok(new) if new == text => {}
            Ok(_) => wrong.push(file.display().to_string()),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    assert!(wrong.is_empty(), "run `vo fmt -w` on:\n{}", wrong.join("\n"));
}

#[test]
fn what_only_vo_has() {
    let text = "func f( p  port<-int,i island )(n int,err error){
x:=g( )?
fail   fmt.Errorf( \"x\" )
errdefer   p.Close( )
go   @( i )h( x )
v:=a ~> data ~> [ 3 ] ~> name( 1,2 )?
w := a.
b()?.
c()?
make(  <-port  T , 1 )
assert( x==1 ,\"n\" )
}
";
    let want = "func f(p port<- int, i island) (n int, err error) {
	x := g()?
	fail fmt.Errorf(\"x\")
	errdefer p.Close()
	go @(i) h(x)
	v := a~>data~>[3]~>name(1, 2)?
	w := a.
		b()?.
		c()?
	make(<-port T, 1)
	assert(x == 1, \"n\")
}
";
    assert_eq!(formatted(text), want);
}

#[test]
fn columns_of_comments_fields_and_cases() {
    let text = "package p
type T struct {
a int // one
bcd string `tag:\"x\"` // two
E
}
const (
A = iota // first
Bcd // second
)
var m = map[string]int{
\"a\": 1, // one
\"bcd\": 2,
}
func f(x int) {
switch x {
case 1: return // one
case 2, 3:
// nothing
}
}
";
    let want = "package p

type T struct {
	a   int    // one
	bcd string `tag:\"x\"` // two
	E
}

const (
	A   = iota // first
	Bcd        // second
)

var m = map[string]int{
	\"a\":   1, // one
	\"bcd\": 2,
}

func f(x int) {
	switch x {
	case 1:
		return // one
	case 2, 3:
		// nothing
	}
}
";
    assert_eq!(formatted(text), want);
}

#[test]
fn blanks_show_how_operators_bind() {
    let text = "package p
var x = a+b*c+d
var y = f(a+b,c*d)
var z = s[a+1:b]
var w = a<<1|b
var v = -(- a)+ + b
";
    let want = "package p

var x = a + b*c + d
var y = f(a+b, c*d)
var z = s[a+1 : b]
var w = a<<1 | b
var v = -(-a) + +b
";
    assert_eq!(formatted(text), want);
}

#[test]
fn imports_are_sorted_in_their_runs() {
    let text = "import (
\"os\" // files
\"fmt\"
\"fmt\"

\"b\"
// about a
\"a\"
)
";
    let want = "import (
	\"fmt\"
	\"os\" // files

	\"b\"
	// about a
	\"a\"
)
";
    assert_eq!(formatted(text), want);
}

#[test]
fn comments_stay_where_they_are() {
    let text = "// License

// Doc
package p // name

/* block
   of lines */
func f(a /* in */ int) { // open
	// alone

	x() /* after */ // end
label:
	// in label
	for { /* empty */ }
	if a { // then
	} else /* why */ { // else
	}
} // close
// end
";
    let got = formatted(text);
    for comment in text.split('\n').filter_map(|line| line.split_once("//").map(|(_, c)| c)) {
        assert!(got.contains(comment), "{comment:?} is lost:\n{got}");
    }
    assert_eq!(got.matches("/*").count(), text.matches("/*").count());
}

#[test]
fn broken_source_is_refused() {
    let error = format_source("x.go", b"package p\nfunc {").expect_err("broken");
    assert!(matches!(error, FormatError::Syntax { .. }));
    assert!(error.to_string().starts_with("x.go:2:6: syntax error"), "{error}");
}

#[test]
fn nothing_and_comments_alone() {
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\n\n"), "");
    assert_eq!(formatted("  // only\n"), "// only\n");
    assert_eq!(formatted("package p"), "package p\n");
}

#[test]
fn nested_block_comments_are_kept() {
    let text = "package p\n\n/* a /* b */ c */\nvar x int\n";
    assert_eq!(formatted(text), text);
}

#[test]
fn line_ends_become_newlines() {
    assert_eq!(
        formatted("package p\r\n\r\n// c\r\nvar x = `a\r\nb`\r\n"),
        "package p\n\n// c\nvar x = `a\nb`\n"
    );
}
