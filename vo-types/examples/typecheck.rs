//! Type checks the files given and prints what is wrong, as a compiler would.
//!
//! `typecheck [--std DIR] [--lazy] [--time] [--each] FILE…`: imports are read from `DIR/<path>`;
//! `--each` treats every file as a package of its own and prints a line `== FILE` before it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use vo_syntax::build::{Target, is_test_file};
use vo_syntax::diag::{Diagnostic, render};
use vo_syntax::parser::{Options, parse_file};
use vo_types::{Importer, PackageMode, PackageSource, World, check_package};

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

fn main() {
    let mut root = PathBuf::from("/nonexistent");
    let (mut mode, mut time, mut each) = (PackageMode::Full, false, false);
    let mut files: Vec<PathBuf> = Vec::new();
    let mut pkgs: Vec<String> = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--std" => root = args.next().unwrap_or_default().into(),
            "--lazy" => mode = PackageMode::Lazy,
            "--time" => time = true,
            "--each" => each = true,
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
        let (_, diagnostics) = check_package(&world, source, &mut importer);
        show(&world, &diagnostics);
        if time {
            let (objects, types) = (world.object_count(), world.types.len());
            println!("{:?}, {objects} objects, {types} types", start.elapsed());
        }
    }
}
