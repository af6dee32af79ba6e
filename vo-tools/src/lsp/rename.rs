//! References and renaming.
//!
//! What is looked for is known by where it is declared: file and offset. The packages of a module are analysed
//! one after the other; in each, the names that mean what is declared there are found.

use super::names::{Meaning, Occurrence, occurrences};
use super::state::State;
use super::text;
use lsp_types::{Location, Position, PrepareRenameResponse, TextEdit, Uri, WorkspaceEdit};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use vo_syntax::diag::Diagnostic;
use vo_syntax::source::{Dialect, Pos, Span};
use vo_syntax::token::Token;
use vo_types::{PackageMode, World};

/// Where something is declared.
#[derive(Clone, PartialEq, Debug)]
struct Declaration {
    file: PathBuf,
    offset: u32,
}

impl State<'_> {
    fn declaration(&self, world: &World, found: &Occurrence) -> Option<Declaration> {
        let pos = match found.meaning {
            // An import's name belongs to its file; without one, the name is the package's.
            Meaning::Object(obj) if super::names::package_of(world, obj).is_some() => return None,
            meaning => meaning.declared(world)?,
        };
        let sources = world.sources.borrow();
        let src = sources.file_at(pos)?;
        Some(Declaration { file: self.workspace.path_of(src.name())?, offset: src.offset(pos) })
    }

    /// All places in the module that mean what is declared, by file.
    fn places(
        &mut self,
        from: &Path,
        target: &Declaration,
    ) -> Result<BTreeMap<PathBuf, Vec<(u32, u32)>>, String> {
        let mut found: BTreeMap<PathBuf, Vec<(u32, u32)>> = BTreeMap::new();
        let mut packages = vec![from.to_path_buf()];
        packages.extend(self.workspace.packages(from).into_iter().filter(|p| p != from));
        for file in packages {
            // A package that cannot be read has no references that could be found.
            let Ok(analysis) = self.analysis(&file) else { continue };
            let world = &analysis.world;
            let Some(pos) = self.find(world, target) else { continue };
            for pkg in world.packages().filter(|&pkg| world.package(pkg).mode == PackageMode::Full) {
                for &index in &world.package(pkg).files {
                    let tree = world.file(index);
                    for name in occurrences(world, tree) {
                        if name.meaning.declared(world) == Some(pos) && self.is_name_of(world, name.span, pos)
                        {
                            self.add_place(world, name.span, &mut found);
                        }
                    }
                }
            }
        }
        for list in found.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        Ok(found)
    }

    /// Whether the text of a place is the declared name: an import by path, for example, is not.
    fn is_name_of(&self, world: &World, span: Span, declared: Pos) -> bool {
        let name = super::state::name_span(world, declared);
        let sources = world.sources.borrow();
        sources.text(span) == sources.text(name)
    }

    fn add_place(&self, world: &World, span: Span, found: &mut BTreeMap<PathBuf, Vec<(u32, u32)>>) {
        let sources = world.sources.borrow();
        let Some(src) = sources.file_at(span.start) else { return };
        let Some(path) = self.workspace.path_of(src.name()) else { return };
        found.entry(path).or_default().push((src.offset(span.start), src.offset(span.end)));
    }

    /// The position of a declaration in another analysis.
    fn find(&self, world: &World, target: &Declaration) -> Option<Pos> {
        let sources = world.sources.borrow();
        let file = sources
            .files()
            .iter()
            .find(|f| self.workspace.path_of(f.name()).as_ref() == Some(&target.file))?;
        Some(file.pos(target.offset))
    }

    pub(super) fn references(
        &mut self,
        file: &Path,
        position: Position,
        with_declaration: bool,
    ) -> Result<Vec<Location>, String> {
        let (analysis, found) = self.name_at(file, position)?;
        let Some(target) = found.and_then(|f| self.declaration(&analysis.world, &f)) else {
            return Ok(Vec::new());
        };
        drop(analysis);
        let mut locations = Vec::new();
        for (path, places) in self.places(file, &target)? {
            let Some(uri) = text::uri_of(&path) else { continue };
            let all = self.text(&path)?;
            for (from, to) in places {
                let declares = path == target.file && from == target.offset;
                if with_declaration || !declares {
                    let range = text::range(&all, from as usize, to as usize);
                    locations.push(Location { uri: uri.clone(), range });
                }
            }
        }
        Ok(locations)
    }

    pub(super) fn prepare_rename(
        &mut self,
        file: &Path,
        position: Position,
    ) -> Result<Option<PrepareRenameResponse>, String> {
        let (analysis, found) = self.name_at(file, position)?;
        let Some(found) = found else { return Ok(None) };
        let editable =
            self.declaration(&analysis.world, &found).filter(|d| !self.workspace.is_library(&d.file));
        if editable.is_none() {
            return Err("only what the module itself declares can be renamed".to_owned());
        }
        Ok(self.location(&analysis.world, found.span).map(|l| PrepareRenameResponse::Range(l.range)))
    }

    #[allow(clippy::mutable_key_type, reason = "the protocol's structure; addresses never change")]
    pub(super) fn rename(
        &mut self,
        file: &Path,
        position: Position,
        new_name: &str,
    ) -> Result<Option<WorkspaceEdit>, String> {
        check_name(new_name, file)?;
        let (analysis, found) = self.name_at(file, position)?;
        let Some(found) = found else { return Ok(None) };
        let target =
            self.declaration(&analysis.world, &found).filter(|d| !self.workspace.is_library(&d.file));
        let target = target.ok_or("only what the module itself declares can be renamed")?;
        drop(analysis);
        let places = self.places(file, &target)?;
        self.try_out(file, &target, &places, new_name)?;
        let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
        for (path, places) in places {
            let Some(uri) = text::uri_of(&path) else { continue };
            let all = self.text(&path)?;
            let edit = |&(from, to): &(u32, u32)| TextEdit {
                range: text::range(&all, from as usize, to as usize),
                new_text: new_name.to_owned(),
            };
            changes.insert(uri, places.iter().map(edit).collect());
        }
        Ok(Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }))
    }

    /// Renames in copies of the files and looks whether the program is as good as before: it has no new errors, and
    /// the same places mean the same.
    fn try_out(
        &mut self,
        file: &Path,
        target: &Declaration,
        places: &BTreeMap<PathBuf, Vec<(u32, u32)>>,
        new_name: &str,
    ) -> Result<(), String> {
        let mut after = State::new(self.workspace);
        after.buffers = self.buffers.clone();
        let mut moved: BTreeMap<PathBuf, Vec<(u32, u32)>> = BTreeMap::new();
        let mut moved_target = target.clone();
        for (path, places) in places {
            let old = self.text(path)?;
            let mut new = String::with_capacity(old.len());
            let mut at = 0;
            for &(from, to) in places {
                new.push_str(old.get(at..from as usize).ok_or("the file has changed")?);
                let start = new.len() as u32;
                if *path == target.file && from == target.offset {
                    moved_target.offset = start;
                }
                new.push_str(new_name);
                moved.entry(path.clone()).or_default().push((start, new.len() as u32));
                at = to as usize;
            }
            new.push_str(old.get(at..).ok_or("the file has changed")?);
            after.buffers.set(path.clone(), new);
        }
        for path in places.keys().map(PathBuf::as_path).chain([file]) {
            let before: Vec<Diagnostic> = self.analysis(path)?.diagnostics.clone();
            let errors = |list: &[Diagnostic]| list.iter().filter(|d| d.is_error()).count();
            let now = after.analysis(path)?;
            if errors(&now.diagnostics) > errors(&before) {
                let why = now.diagnostics.iter().find(|d| d.is_error()).map_or("", |d| d.message.as_str());
                return Err(format!("renaming to {new_name} would break the program: {why}"));
            }
        }
        if after.places(file, &moved_target)? != moved {
            return Err(format!("{new_name} already means something else in some of the places"));
        }
        Ok(())
    }
}

/// Whether a text can be a name.
fn check_name(name: &str, file: &Path) -> Result<(), String> {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    let fine = first && chars.all(|c| c.is_alphanumeric() || c == '_') && name != "_";
    let dialect = Dialect::of_file_name(&file.to_string_lossy());
    if !fine || Token::keyword(name.as_bytes(), dialect).is_some() {
        return Err(format!("{name:?} is not a name"));
    }
    Ok(())
}
