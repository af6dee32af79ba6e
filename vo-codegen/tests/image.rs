//! Programs that link the library from an image are the programs that its sources compile to.

mod common;

use std::collections::BTreeMap;

use vo_bytecode::Module;
use vo_bytecode::disasm;
use vo_bytecode::verify::verify;

const PACKAGES: [&str; 14] = [
    "bufio",
    "container/heap",
    "context",
    "errors",
    "fmt",
    "io",
    "maps",
    "math",
    "os",
    "slices",
    "sort",
    "strings",
    "sync",
    "time",
];

const PROGRAMS: [&str; 4] = [
    "import \"fmt\"

func main() { fmt.Println(\"hello\", 1, []int{2}) }",
    // Values of the library's types in interfaces and in types of the program's own; methods as values.
    "import (
	\"errors\"
	\"fmt\"
	\"io\"
	\"os\"
	\"strings\"
	\"time\"
)

type logger struct {
	strings.Builder
	mu  func(string) (int, error)
	all []fmt.Stringer
}

func main() {
	var l logger
	l.mu = l.WriteString
	l.all = append(l.all, &l, time.Second)
	var w io.Writer = &l
	fmt.Fprintf(w, \"%v %v\", l.all[1], errors.Is(os.ErrNotExist, os.ErrExist))
	f := (*strings.Builder).Len
	defer strings.NewReplacer(\"a\", \"b\").Replace(\"c\")
	go strings.ToUpper(\"x\")
	println(f(&l.Builder), l.String())
}",
    // Instances with the program's types, and with the library's.
    "import (
	\"maps\"
	\"slices\"
	\"sort\"
	\"strings\"
	\"sync/atomic\"
)

type point struct{ x, y int }

func main() {
	p := []point{{1, 2}}
	slices.SortFunc(p, func(a, b point) int { return a.x - b.x })
	s := []string{\"b\", \"a\"}
	slices.Sort(s)
	sort.Slice(p, func(i, j int) bool { return p[i].y < p[j].y })
	var at atomic.Pointer[point]
	at.Store(&p[0])
	for _, k := range slices.Sorted(maps.Keys(map[string]int{\"k\": 1})) {
		println(strings.Join(s, k), at.Load().x)
	}
}",
    // What package reflect keeps.
    "import (
	\"bufio\"
	\"context\"
	\"fmt\"
	\"os\"
	\"reflect\"
)

func main() {
	v := reflect.ValueOf(bufio.NewReader(os.Stdin))
	fmt.Println(v.MethodByName(\"Buffered\").Call(nil), v.NumMethod(), context.Background())
}",
];

/// What each function is, without the numbers of what it refers to.
fn functions(module: &Module) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (at, function) in module.functions.iter().enumerate() {
        // Literals of initialisers are numbered as they come.
        if function.name.contains(".glob..") || function.name == "runtime.init" {
            continue;
        }
        let text = disasm::function(module, at as u32);
        let lines: Vec<String> = text.lines().map(unnumbered).collect();
        all.entry(function.name.clone()).or_default().push(lines.join("\n"));
    }
    all.values_mut().for_each(|texts| texts.sort());
    all
}

fn unnumbered(line: &str) -> String {
    let numbered = ["func=", "ty=", "native=", "string=", "method=", "from=", "to="];
    let global = line.contains("GlobalAddr");
    let word = |word: &str| match numbered.iter().find(|name| word.starts_with(**name)) {
        Some(name) => (*name).to_owned(),
        None if global && word.starts_with("offset=") => "offset=".to_owned(),
        None => word.to_owned(),
    };
    let words: Vec<String> = line.split(' ').map(word).collect();
    match line.starts_with("func ") {
        true => words[2..].join(" "),
        false => words.join(" "),
    }
}

#[test]
fn linked_programs_are_those_that_the_sources_compile_to() {
    let image = common::library_image(&PACKAGES);
    for program in PROGRAMS {
        let source = format!("package main\n\n{program}\n");
        let compile = |image| common::compile_with("main.go", &source, image).expect("the program compiles");
        let (plain, linked) = (compile(None), compile(Some(&image[..])));
        for module in [&plain, &linked] {
            verify(module).expect("the verifier accepts the program");
        }
        let (plain, linked) = (functions(&plain), functions(&linked));
        let names = |all: &BTreeMap<String, Vec<String>>| all.keys().cloned().collect::<Vec<_>>().join("\n");
        assert_eq!(names(&plain), names(&linked), "other functions are reached in {program}");
        for (name, texts) in plain {
            assert_eq!(texts, linked[&name], "{name} is another function");
        }
    }
}
