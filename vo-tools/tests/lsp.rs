//! The language server through its protocol, in this process: an editor's messages go in, its answers are looked
//! at.

mod common;

use common::{Disk, library, package};
use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use vo_tools::lsp::{Analysis, Buffers, Workspace, serve};
use vo_types::{Importer, PackageMode, PackageSource, World, check_package};

/// A module `m` in a directory.
struct Module {
    root: PathBuf,
}

/// Imports the packages of the module, and the library.
struct Packages<'a> {
    root: &'a Path,
    buffers: &'a Buffers,
}

fn sources(dir: &Path, buffers: &Buffers) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "vo"));
    files.sort();
    let text = |f: &PathBuf| match buffers.get(f) {
        Some(text) => text.as_bytes().to_vec(),
        None => std::fs::read(f).expect("a file"),
    };
    files.iter().map(|f| (f.display().to_string(), text(f))).collect()
}

impl Importer for Packages<'_> {
    fn load(&mut self, world: &World, path: &str) -> Result<PackageSource, String> {
        match path.strip_prefix("m/") {
            Some(rest) => {
                let texts = sources(&self.root.join(rest), self.buffers);
                Ok(package(world, path, texts, PackageMode::Full))
            }
            None => Disk.load(world, path),
        }
    }
}

impl Workspace for Module {
    fn analyze(&self, file: &Path, buffers: &Buffers) -> Result<Analysis, String> {
        let dir = file.parent().ok_or("no directory")?;
        let path = dir.strip_prefix(&self.root).ok().filter(|p| !p.as_os_str().is_empty());
        let path = path.map_or("m".to_owned(), |p| format!("m/{}", p.display()));
        let texts = sources(dir, buffers);
        if texts.iter().any(|(_, text)| text.windows(9).any(|w| w == b"PANICPLS!")) {
            panic!("internal error: asked for");
        }
        let world = World::new();
        let source = package(&world, &path, texts, PackageMode::Full);
        let mut diagnostics = source.diagnostics.clone();
        let (pkg, checked) = check_package(&world, source, &mut Packages { root: &self.root, buffers });
        if diagnostics.is_empty() {
            diagnostics = checked;
        }
        Ok(Analysis { world, pkg, diagnostics, vet: vo_tools::vet::Options::default() })
    }

    fn packages(&self, _file: &Path) -> Vec<PathBuf> {
        let mut all = Vec::new();
        let mut dirs = vec![self.root.clone()];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    dirs.push(path);
                } else {
                    all.push(path);
                }
            }
        }
        all.sort();
        all
    }

    fn path_of(&self, name: &str) -> Option<PathBuf> {
        Some(PathBuf::from(name))
    }

    fn is_library(&self, file: &Path) -> bool {
        file.starts_with(library())
    }
}

/// An editor that is connected to a server.
struct Editor {
    connection: Connection,
    server: Option<std::thread::JoinHandle<()>>,
    root: tempfile::TempDir,
    next: i32,
    seen: Vec<Notification>,
}

impl Editor {
    fn start(files: &[(&str, &str)]) -> Editor {
        let root = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("created");
            std::fs::write(path, text).expect("written");
        }
        let (ours, theirs) = Connection::memory();
        let module = Module { root: root.path().to_path_buf() };
        let work = move || serve(&theirs, &module).expect("the server ends well");
        let server = std::thread::Builder::new().stack_size(64 << 20).spawn(work).expect("a thread");
        let mut editor = Editor { connection: ours, server: Some(server), root, next: 0, seen: Vec::new() };
        editor.request("initialize", json!({"capabilities": {}}));
        editor.notify("initialized", json!({}));
        for (name, text) in files {
            editor.open(name, text);
        }
        editor
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.root.path().join(name).display())
    }

    fn notify(&self, method: &str, params: Value) {
        let notification = Notification::new(method.to_owned(), params);
        self.connection.sender.send(Message::Notification(notification)).expect("sent");
    }

    fn open(&self, name: &str, text: &str) {
        let document = json!({"uri": self.uri(name), "languageId": "vo", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn change(&self, name: &str, text: &str) {
        self.notify(
            "textDocument/didChange",
            json!({"textDocument": {"uri": self.uri(name), "version": 2}, "contentChanges": [{"text": text}]}),
        );
    }

    fn receive(&mut self) -> Message {
        self.connection.receiver.recv_timeout(Duration::from_secs(60)).expect("an answer")
    }

    fn respond(&mut self, method: &str, params: Value) -> Response {
        self.next += 1;
        let id = RequestId::from(self.next);
        let request = Request { id: id.clone(), method: method.to_owned(), params };
        self.connection.sender.send(Message::Request(request)).expect("sent");
        loop {
            match self.receive() {
                Message::Response(response) if response.id == id => return response,
                Message::Notification(n) => self.seen.push(n),
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let response = self.respond(method, params);
        assert!(response.error.is_none(), "{method}: {:?}", response.error);
        response.result.unwrap_or(Value::Null)
    }

    /// A request at a place: `|` marks it in the text, which is otherwise what the file holds.
    fn at(&mut self, method: &str, name: &str, marked: &str, more: Value) -> Response {
        let before = &marked[..marked.find('|').expect("a mark")];
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap_or("").encode_utf16().count();
        let mut params = json!({
            "textDocument": {"uri": self.uri(name)},
            "position": {"line": line, "character": character},
        });
        for (key, value) in more.as_object().expect("an object") {
            params[key] = value.clone();
        }
        self.respond(method, params)
    }

    fn ask(&mut self, method: &str, name: &str, marked: &str) -> Value {
        let response = self.at(method, name, marked, context_of(method));
        assert!(response.error.is_none(), "{method}: {:?}", response.error);
        response.result.unwrap_or(Value::Null)
    }

    /// The messages of the next diagnostics for a file.
    fn diagnostics(&mut self, name: &str) -> Vec<String> {
        let uri = self.uri(name);
        loop {
            let notification = match self.receive() {
                Message::Notification(n) => n,
                other => panic!("unexpected {other:?}"),
            };
            if notification.method == "textDocument/publishDiagnostics" && notification.params["uri"] == *uri
            {
                let list = notification.params["diagnostics"].as_array().expect("a list").clone();
                return list.iter().map(|d| d["message"].as_str().expect("a message").to_owned()).collect();
            }
            self.seen.push(notification);
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.server.take().map(|s| s.join());
    }
}

/// What a request says beside its place.
fn context_of(method: &str) -> Value {
    if method.ends_with("references") { json!({"context": {"includeDeclaration": true}}) } else { json!({}) }
}

fn labels(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|i| i["label"].as_str().expect("a label").to_owned()).collect()
}

fn start_of(range: &Value) -> (u64, u64) {
    (
        range["start"]["line"].as_u64().expect("a line"),
        range["start"]["character"].as_u64().expect("a column"),
    )
}

const PROGRAM: &str = "package main

import (
	\"fmt\"
	\"strings\"
)

// A Point is a place.
type Point struct {
	X, Y int // where
}

// Add adds.
func (p Point) Add(q Point) Point {
	return Point{X: p.X + q.X, Y: p.Y + q.Y}
}

func main() {
	point := Point{X: 1}
	sum := point.Add(point)
	fmt.Println(sum.X, strings.ToUpper(\"x\"))
	for index, value := range []int{1} {
		fmt.Println(index, value)
	}
}
";

fn marked(before: &str) -> String {
    let at = PROGRAM.find(before).expect("the text") + before.len();
    format!("{}|{}", &PROGRAM[..at], &PROGRAM[at..])
}

#[test]
fn hover_shows_declaration_and_documentation() {
    let mut editor = Editor::start(&[("main.vo", PROGRAM)]);
    let mut hover = |before: &str| {
        let found = editor.ask("textDocument/hover", "main.vo", &marked(before));
        found["contents"]["value"].as_str().unwrap_or("").to_owned()
    };
    assert_eq!(hover("point.Ad"), "```go\nfunc (Point) Add(q Point) Point\n```\n\nAdd adds.");
    assert_eq!(hover("sum := po"), "```go\nvar point Point\n```");
    assert_eq!(hover("sum."), "```go\nfield X int\n```\n\nwhere");
    assert_eq!(hover("Point{X"), "```go\nfield X int\n```\n\nwhere");
    let println = hover("fmt.Print");
    assert!(println.starts_with("```go\nfunc Println(a ...any) (n int, err error)\n```\n\n"), "{println}");
    assert!(hover("fm").starts_with("```go\npackage fmt // \"fmt\""));
    assert!(hover("(p Poi").contains("A Point is a place."));
    assert_eq!(hover("return "), "```go\ntype Point struct{X int; Y int}\n```\n\nA Point is a place.");
}

#[test]
fn definitions_are_found_in_the_library_too() {
    let mut editor = Editor::start(&[("main.vo", PROGRAM)]);
    let found = editor.ask("textDocument/definition", "main.vo", &marked("point.Ad"));
    assert_eq!(start_of(&found["range"]), (12 + 1, 15));
    let found = editor.ask("textDocument/definition", "main.vo", &marked("strings.ToUp"));
    assert!(found["uri"].as_str().expect("a file").contains("/strings/"), "{found}");
    let found = editor.ask(
        "textDocument/definition",
        "main.vo",
        &marked("for index, value := range []int{1} {\n\t\tfmt.Println(ind"),
    );
    assert_eq!(start_of(&found["range"]), (21, 5));
}

#[test]
fn references_and_rename_reach_all_packages() {
    let library = "package geo\n\ntype Point struct{ X int }\n\nfunc (p Point) Len() int { return p.X }\n";
    let program = "package main\n\nimport \"m/geo\"\n\nfunc main() {\n\tp := geo.Point{X: 1}\n\tprintln(p.X, p.Len())\n}\n";
    let mut editor = Editor::start(&[("geo/geo.vo", library), ("main.vo", program)]);
    let field = library.replace("{ X int", "{ |X int");
    let found = editor.ask("textDocument/references", "geo/geo.vo", &field);
    assert_eq!(found.as_array().map(Vec::len), Some(4), "{found}");
    let renamed = editor.at("textDocument/rename", "geo/geo.vo", &field, json!({"newName": "East"}));
    let changes = renamed.result.expect("edits")["changes"].clone();
    let count = |name: &str| changes[editor.uri(name)].as_array().map(Vec::len);
    assert_eq!((count("geo/geo.vo"), count("main.vo")), (Some(2), Some(2)), "{changes}");
}

#[test]
fn renaming_must_not_break_the_program() {
    let text = "package main\n\nfunc main() {\n\ta, b := 1, 2\n\tprintln(a, b)\n\t{\n\t\tc := a\n\t\tprintln(c, b)\n\t}\n}\n";
    let mut editor = Editor::start(&[("main.vo", text)]);
    let a = text.replacen("a, b :=", "|a, b :=", 1);
    let mut refused = |name: &str| {
        let answer = editor.at("textDocument/rename", "main.vo", &a, json!({"newName": name}));
        answer.error.map(|e| e.message)
    };
    assert!(refused("b").is_some_and(|m| m.contains("would break the program")));
    assert!(refused("for").is_some_and(|m| m.contains("is not a name")));
    assert!(refused("1x").is_some_and(|m| m.contains("is not a name")));
    assert!(refused("println").is_some());
    assert_eq!(refused("first"), None);
    let print = text.replacen("println(a", "print|ln(a", 1);
    let answer = editor.at("textDocument/rename", "main.vo", &print, json!({"newName": "show"}));
    assert!(answer.error.is_some_and(|e| e.message.contains("only what the module itself declares")));
}

#[test]
fn a_rename_that_changes_meanings_is_refused() {
    let text = "package main\n\nvar x = 1\n\nfunc main() {\n\ty := 2\n\tprintln(x, y)\n}\n";
    let mut editor = Editor::start(&[("main.vo", text)]);
    let answer = editor.at(
        "textDocument/rename",
        "main.vo",
        &text.replacen("var x", "var |x", 1),
        json!({"newName": "y"}),
    );
    let message = answer.error.map(|e| e.message).unwrap_or_default();
    assert!(message.contains("already means something else"), "{message}");
}

#[test]
fn completion_knows_members_packages_and_names() {
    let mut editor = Editor::start(&[("main.vo", PROGRAM)]);
    let mut complete = |line: &str| {
        let text = PROGRAM.replace("\tsum := point.Add(point)\n", &format!("\t{line}\n"));
        let plain = text.replace('|', "");
        editor.change("main.vo", &plain);
        labels(&editor.ask("textDocument/completion", "main.vo", &text))
    };
    let has = |list: &[String], names: &[&str]| names.iter().all(|n| list.iter().any(|l| l == n));
    let members = complete("point.|");
    assert!(has(&members, &["X", "Y", "Add"]) && members.len() == 3, "{members:?}");
    assert!(has(&complete("point.Add(point).A|"), &["X", "Add"]));
    let exports = complete("fmt.Pr|");
    assert!(
        has(&exports, &["Println", "Sprintf", "Stringer"]) && !has(&exports, &["newPrinter"]),
        "{exports:?}"
    );
    let names = complete("x := p|");
    assert!(has(&names, &["point", "main", "Point", "fmt", "len", "true", "for", "fail"]), "{names:?}");
    assert!(!has(&names, &["index"]), "{names:?}");
    assert!(has(&complete("if true { a := 1; for k := range 3 { prin| } }"), &["a", "k", "println"]));
    assert!(complete("// a comm|ent").is_empty());
}

#[test]
fn diagnostics_follow_the_text() {
    let mut editor = Editor::start(&[("main.vo", PROGRAM)]);
    assert_eq!(editor.diagnostics("main.vo"), Vec::<String>::new());
    editor.change("main.vo", &PROGRAM.replace("sum.X", "sum.Z"));
    let found = editor.diagnostics("main.vo");
    assert!(found.iter().any(|m| m.contains("sum.Z undefined")), "{found:?}");
    editor.change("main.vo", "package main\n\nfunc main() {");
    assert!(editor.diagnostics("main.vo").iter().any(|m| m.starts_with("syntax error")));
    editor.change("main.vo", &PROGRAM.replace("fmt.Println(sum.X", "fmt.Sprint(1); fmt.Println(sum.X"));
    assert_eq!(editor.diagnostics("main.vo"), ["result of fmt.Sprint call not used"]);
    editor.change("main.vo", PROGRAM);
    assert_eq!(editor.diagnostics("main.vo"), Vec::<String>::new());
}

#[test]
fn faults_of_ours_do_not_end_the_server() {
    let mut editor = Editor::start(&[("main.vo", PROGRAM)]);
    editor.change("main.vo", "package main // PANICPLS!");
    let at = format!("package |{}", "main // PANICPLS!");
    assert!(editor.at("textDocument/hover", "main.vo", &at, json!({})).error.is_some());
    assert!(editor.seen.iter().any(|n| n.method == "window/logMessage"));
    editor.change("main.vo", PROGRAM);
    let found = editor.ask("textDocument/hover", "main.vo", &marked("point.Ad"));
    assert!(found["contents"]["value"].is_string());
    let unknown = editor.respond("textDocument/unheardOf", json!({}));
    assert!(unknown.error.is_some());
}

#[test]
fn broken_source_breaks_nothing() {
    let mut editor = Editor::start(&[("main.vo", PROGRAM)]);
    // Every prefix of the program, and the program with a piece missing, is looked at everywhere.
    for cut in (0..PROGRAM.len()).step_by(29) {
        for text in [
            PROGRAM[..cut].to_owned(),
            format!("{}{}", &PROGRAM[..cut], PROGRAM.get(cut + 17..).unwrap_or("")),
        ] {
            editor.change("main.vo", &text);
            let at = format!("{}|", &text[..cut.min(text.len())]);
            for method in ["hover", "definition", "references", "completion", "documentSymbol"] {
                let method = format!("textDocument/{method}");
                let answer = editor.at(&method, "main.vo", &at, context_of(&method));
                let internal = answer.error.is_some_and(|e| e.message.contains("internal"));
                assert!(!internal, "{method} at {cut}:\n{text}");
            }
        }
    }
}

#[test]
fn formatting_and_outline() {
    let mut editor =
        Editor::start(&[("main.vo", "package main\nfunc  main(){\n}\ntype T struct{ A int }\n")]);
    let uri = editor.uri("main.vo");
    let options = json!({"tabSize": 8, "insertSpaces": false});
    let edits =
        editor.request("textDocument/formatting", json!({"textDocument": {"uri": uri}, "options": options}));
    assert_eq!(edits[0]["newText"], "package main\n\nfunc main() {\n}\n\ntype T struct{ A int }\n");
    let outline = editor.request("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
    assert_eq!(
        (outline[0]["name"].as_str(), outline[1]["children"][0]["name"].as_str()),
        (Some("main"), Some("A"))
    );
}

/// Sources of the library with random damage, and a question at a random place of each: no answer is a fault of
/// ours. `VO_LSP_ROUNDS` sets how many.
#[test]
fn damaged_sources_are_borne() {
    let mut texts: Vec<String> = Vec::new();
    for name in ["sync", "context", "strings", "bufio", "sort", "errors", "container/list", "fmt"] {
        for entry in std::fs::read_dir(library().join(name)).into_iter().flatten().flatten() {
            texts.extend(std::fs::read_to_string(entry.path()).ok().filter(|t| t.len() < 12_000));
        }
    }
    let rounds = std::env::var("VO_LSP_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let mut editor = Editor::start(&[("main.vo", PROGRAM)]);
    let mut seed = 1u64;
    let mut random = move |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n.max(1)
    };
    let pieces = [
        "(", ")", "{", "}", ".", "[", "]", "func", "type", "=", ":=", "<-", "\n", "x", "1", "struct {", "*",
        ",",
    ];
    let methods = ["hover", "definition", "references", "completion", "documentSymbol"];
    let mut faults = Vec::new();
    for _ in 0..rounds {
        let mut text = texts[random(texts.len())].clone();
        let place = |text: &str, mut at: usize| {
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        for _ in 0..1 + random(3) {
            let at = place(&text, random(text.len()));
            if random(2) == 0 {
                text.insert_str(at, pieces[random(pieces.len())]);
            } else {
                let end = place(&text, (at + random(30)).min(text.len()));
                text.replace_range(at.min(end)..end, "");
            }
        }
        editor.change("main.vo", &text);
        let at = place(&text, random(text.len()));
        let method = format!("textDocument/{}", methods[random(methods.len())]);
        let marked = format!("{}|{}", &text[..at], &text[at..]);
        let answer = editor.at(&method, "main.vo", &marked, context_of(&method));
        if answer.error.is_some_and(|e| e.message.contains("internal")) {
            let said = editor.seen.iter().rev().find(|n| n.method == "window/logMessage");
            faults.push(format!("{method}: {}", said.map_or(Value::Null, |n| n.params["message"].clone())));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
