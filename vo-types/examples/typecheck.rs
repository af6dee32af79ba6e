//! Type checks the files given and prints what is wrong, as a compiler would.
//!
//! `typecheck [--std DIR] [--lazy] [--time] [--each] FILE…`: imports are read from `DIR/<path>`;
//! `--pkg PATH` checks all of a package below the import directory; `--audit` also looks for
//! expressions about which the side tables say nothing final; `--each` treats every file as a package of its own and prints a line `== FILE` before it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use vo_syntax::ast::{Decl, Expr, Node, Visitor, walk_expr};
use vo_syntax::build::{Target, is_test_file};
use vo_syntax::diag::{Diagnostic, render};
use vo_syntax::parser::{Options, parse_file};
use vo_syntax::source::Pos;
use vo_types::info::Mode;
use vo_types::{Importer, PackageMode, PackageSource, PkgId, World, check_package};

struct Dir {
    root: PathBuf,
    mode: PackageMode,
}

impl Importer for Dir {
    fn load(&mut self, world: &World, path: &str) -> Result<PackageSource, String> {
        let mut dir = self.root.join(path);
        if !dir.is_dir() {
            dir = self.root.join("vendor").join(path);
        }
        if !dir.is_dir() {
            return Err(format!("package {path} is not in std ({})", dir.display()));
        }
        let target = Target::host();
        let mut names: Vec<PathBuf> =
            std::fs::read_dir(&dir).map_err(|e| e.to_string())?.flatten().map(|e| e.path()).collect();
        names.sort();
        let mut paths = Vec::new();
        for file in names {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let source = name.ends_with(".go") || name.ends_with(".vo");
            if !source || is_test_file(&name) || !target.admits_name(&name) {
                continue;
            }
            let text = std::fs::read(&file).unwrap_or_default();
            if target.admits_text(&text).unwrap_or(false) {
                paths.push(file);
            }
        }
        parse(world, path, &paths, self.mode)
    }
}

fn parse(world: &World, path: &str, paths: &[PathBuf], mode: PackageMode) -> Result<PackageSource, String> {
    let (mut files, mut diagnostics) = (Vec::new(), Vec::new());
    for file in paths {
        let text = std::fs::read(file).map_err(|e| e.to_string())?;
        let name = file.display().to_string();
        let id = world.sources.borrow_mut().add(&name, text).map_err(|e| e.to_string())?;
        let parsed = parse_file(&world.sources.borrow(), id, &world.node_ids, Options::default());
        diagnostics.extend(parsed.diagnostics);
        if parsed.checkable {
            files.push(parsed.file);
        }
    }
    let dir = paths.first().and_then(|p| p.parent()).unwrap_or(Path::new("."));
    Ok(PackageSource { path: path.to_owned(), dir: dir.display().to_string(), files, mode, diagnostics })
}

fn show(world: &World, diagnostics: &[Diagnostic]) {
    for d in diagnostics {
        print!("{}", render(&world.sources.borrow(), d, false, false));
    }
}

/// Looks for expressions in function bodies that the side tables know nothing final about.
struct Audit<'w> {
    world: &'w World,
    problems: Vec<(Pos, String)>,
}

impl Visitor for Audit<'_> {
    fn visit_expr(&mut self, e: &Expr) {
        if let Expr::Ident(name) = e
            && (name.name.is_blank() || self.world.info.def(name.id).is_some())
        {
            return;
        }
        let problem = match self.world.info.type_and_value(e.id()) {
            None => Some("nothing is known".to_owned()),
            Some(tv) if self.world.is_untyped(tv.ty) && tv.mode != Mode::TypeExpr => {
                Some(format!("untyped {:?}", tv.mode))
            }
            Some(tv) if self.world.is_invalid(tv.ty) && !matches!(tv.mode, Mode::Builtin(_)) => {
                Some("invalid".to_owned())
            }
            Some(_) => None,
        };
        if let Some(problem) = problem {
            self.problems.push((e.pos(), problem));
        }
        // The operands of a constant expression are not evaluated.
        if self.world.info.constant(e.id()).is_some() {
            return;
        }
        match e {
            // Field names of struct literals are no expressions.
            Expr::CompositeLit(lit) => {
                lit.ty.iter().for_each(|t| self.visit_expr(t));
                for elt in &lit.elts {
                    match elt {
                        Expr::KeyValue(kv) => {
                            let field = matches!(&kv.key, Expr::Ident(n) if self.world.info.selection(n.id).is_some());
                            if !field {
                                self.visit_expr(&kv.key);
                            }
                            self.visit_expr(&kv.value);
                        }
                        _ => self.visit_expr(elt),
                    }
                }
            }
            Expr::Selector(sel) if self.world.info.selection(sel.id).is_none() => {}
            _ => walk_expr(self, e),
        }
    }
}

fn audit(world: &World, pkg: PkgId) {
    for obj in world.package(pkg).objects() {
        let Some(at) = world.object(obj).decl_ref() else { continue };
        if let Decl::Func(d) = &world.file(at.file).decls[at.decl as usize]
            && let Some(body) = &d.body
        {
            let mut audit = Audit { world, problems: Vec::new() };
            audit.visit_block(body);
            for (pos, problem) in audit.problems {
                println!("AUDIT {}: {problem}", world.sources.borrow().lookup(pos));
            }
        }
    }
}

fn run() {
    let mut root = PathBuf::from("/nonexistent");
    let (mut mode, mut time, mut each, mut with_audit) = (PackageMode::Full, false, false, false);
    let mut files: Vec<PathBuf> = Vec::new();
    let mut pkgs: Vec<String> = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--std" => root = args.next().unwrap_or_default().into(),
            "--lazy" => mode = PackageMode::Lazy,
            "--time" => time = true,
            "--each" => each = true,
            "--audit" => with_audit = true,
            "--pkg" => pkgs.extend(args.next()),
            _ => files.push(arg.into()),
        }
    }
    if !pkgs.is_empty() {
        for path in pkgs {
            let world = World::new();
            let mut importer = Dir { root: root.clone(), mode: PackageMode::Lazy };
            match importer.load(&world, &path) {
                Ok(mut source) => {
                    source.mode = PackageMode::Lazy;
                    let (pkg, d) = check_package(&world, source, &mut importer);
                    println!("== {path}");
                    show(&world, &d);
                    show(&world, &world.check_rest(pkg));
                    if with_audit {
                        audit(&world, pkg);
                    }
                }
                Err(e) => println!("== {path}\n{e}"),
            }
        }
        return;
    }
    let groups: Vec<Vec<PathBuf>> =
        if each { files.into_iter().map(|f| vec![f]).collect() } else { vec![files] };
    for group in groups {
        if each {
            println!("== {}", group[0].display());
        }
        let start = Instant::now();
        let world = World::new();
        let mut importer = Dir { root: root.clone(), mode };
        let source = match parse(&world, "main", &group, PackageMode::Full) {
            Ok(source) => source,
            Err(e) => {
                println!("{e}");
                continue;
            }
        };
        if source.files.len() < group.len() {
            show(&world, &source.diagnostics);
            continue;
        }
        let (pkg, diagnostics) = check_package(&world, source, &mut importer);
        show(&world, &diagnostics);
        if with_audit && diagnostics.is_empty() {
            audit(&world, pkg);
        }
        if time {
            let elapsed = start.elapsed();
            let (objects, types) = (world.object_count(), world.types.len());
            let lines: u32 = world.sources.borrow().files().iter().map(|f| f.line_count()).sum();
            println!("{elapsed:?}, {lines} lines, {objects} objects, {types} types");
        }
    }
}

fn main() {
    // Long chains make high trees, and the checker recurses along them.
    let work = std::thread::Builder::new().stack_size(256 << 20).spawn(run);
    if !work.is_ok_and(|t| t.join().is_ok()) {
        std::process::exit(2);
    }
}
