//! What the server knows: the open buffers, and the analyses made of them.

use super::{describe, names, symbols, text};
use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DocumentSymbolResponse,
    GotoDefinitionResponse, Hover, HoverContents, Location, MarkupContent, MarkupKind, NumberOrString,
    Position, TextEdit, Uri,
};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use vo_syntax::ast::{File, NodeIds};
use vo_syntax::diag::{self, Severity};
use vo_syntax::format::format_source;
use vo_syntax::parser::{Options, parse_file};
use vo_syntax::source::{Pos, SourceMap, Span};
use vo_types::{PkgId, World};

/// The files that the editor has open, with text that may not be saved.
#[derive(Clone, Default, Debug)]
pub struct Buffers {
    texts: FxHashMap<PathBuf, String>,
}

impl Buffers {
    /// The text of an open file, by its absolute path.
    pub fn get(&self, path: &Path) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// The paths of all open files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.texts.keys().map(PathBuf::as_path)
    }

    pub(super) fn set(&mut self, path: PathBuf, text: String) {
        self.texts.insert(path, text);
    }
}

/// A checked package with all that it imports.
pub struct Analysis {
    /// Everything known about the program.
    pub world: World,
    /// The package that was asked for.
    pub pkg: PkgId,
    /// What is wrong with it.
    pub diagnostics: Vec<diag::Diagnostic>,
    /// How mistakes that compile are looked for.
    pub vet: crate::vet::Options,
}

/// What packages there are, and how they are checked.
pub trait Workspace {
    /// Checks the package that a file (by its absolute path) belongs to, with the text of open files in place of
    /// what is on disk. Errors in the sources are part of the answer.
    ///
    /// # Errors
    /// The file belongs to no package that could be read.
    fn analyze(&self, file: &Path, buffers: &Buffers) -> Result<Analysis, String>;

    /// A file of each package that may mention what a file declares.
    fn packages(&self, file: &Path) -> Vec<PathBuf>;

    /// The absolute path of a source by its name in an analysis.
    fn path_of(&self, name: &str) -> Option<PathBuf>;

    /// Whether a file is one of the library's, which nobody edits.
    fn is_library(&self, file: &Path) -> bool;
}

/// See the module's description.
pub(super) struct State<'a> {
    pub(super) workspace: &'a dyn Workspace,
    pub(super) buffers: Buffers,
    analyses: FxHashMap<PathBuf, Rc<Analysis>>,
    /// Files whose diagnostics the editor shows.
    shown: Vec<Uri>,
}

impl<'a> State<'a> {
    pub(super) fn new(workspace: &'a dyn Workspace) -> State<'a> {
        State { workspace, buffers: Buffers::default(), analyses: FxHashMap::default(), shown: Vec::new() }
    }

    /// Drops what was made of older text.
    pub(super) fn forget(&mut self) {
        self.analyses.clear();
    }

    /// Takes the text of an open file, or closes it.
    pub(super) fn set_buffer(&mut self, uri: &Uri, text: Option<String>) {
        let Some(path) = text::path_of(uri) else { return };
        match text {
            Some(text) => self.buffers.set(path, text),
            None => drop(self.buffers.texts.remove(&path)),
        }
        self.forget();
    }

    /// The text of a file as the editor has it.
    pub(super) fn text(&self, file: &Path) -> Result<String, String> {
        match self.buffers.get(file) {
            Some(text) => Ok(text.to_owned()),
            None => std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display())),
        }
    }

    /// The analysis of the package around a file.
    pub(super) fn analysis(&mut self, file: &Path) -> Result<Rc<Analysis>, String> {
        if let Some(known) = self.analyses.get(file) {
            return Ok(known.clone());
        }
        let analysis = Rc::new(self.workspace.analyze(file, &self.buffers)?);
        self.analyses.insert(file.to_path_buf(), analysis.clone());
        Ok(analysis)
    }

    /// The tree of a file in an analysis.
    pub(super) fn tree<'w>(&self, analysis: &'w Analysis, file: &Path) -> Option<&'w File> {
        let world = &analysis.world;
        let sources = world.sources.borrow();
        world
            .packages()
            .flat_map(|pkg| world.package(pkg).files.iter())
            .map(|&index| world.file(index))
            .find(|tree| self.workspace.path_of(sources.file(tree.file).name()).as_deref() == Some(file))
    }

    /// The name at a place of the editor.
    pub(super) fn name_at(
        &mut self,
        file: &Path,
        position: Position,
    ) -> Result<(Rc<Analysis>, Option<names::Occurrence>), String> {
        let analysis = self.analysis(file)?;
        let tree = self.tree(&analysis, file).ok_or("the file is no part of its package")?;
        let pos = {
            let sources = analysis.world.sources.borrow();
            let src = sources.file(tree.file);
            src.pos(text::offset(&String::from_utf8_lossy(src.bytes()), position) as u32)
        };
        let found = names::at(&analysis.world, tree, pos);
        Ok((analysis, found))
    }

    /// A span as the protocol has it.
    pub(super) fn location(&self, world: &World, span: Span) -> Option<Location> {
        let sources = world.sources.borrow();
        let src = sources.file_at(span.start)?;
        let uri = text::uri_of(&self.workspace.path_of(src.name())?)?;
        let all = String::from_utf8_lossy(src.bytes());
        let range = text::range(&all, src.offset(span.start) as usize, src.offset(span.end) as usize);
        Some(Location { uri, range })
    }

    // -------------------------------------------------------------------------------------------------------
    // Requests that need no more than one analysis

    pub(super) fn hover(&mut self, file: &Path, position: Position) -> Result<Option<Hover>, String> {
        let (analysis, found) = self.name_at(file, position)?;
        let Some(found) = found else { return Ok(None) };
        let world = &analysis.world;
        let name = world.sources.borrow().text(found.span).into_owned();
        let declaration = describe::declaration(world, Some(analysis.pkg), &name, found.meaning);
        let mut value = format!("```go\n{declaration}\n```");
        if let Some(doc) = describe::documentation(world, found.meaning) {
            value.push_str("\n\n");
            value.push_str(&doc);
        }
        let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
        let range = self.location(world, found.span).map(|l| l.range);
        Ok(Some(Hover { contents, range }))
    }

    pub(super) fn definition(
        &mut self,
        file: &Path,
        position: Position,
    ) -> Result<Option<GotoDefinitionResponse>, String> {
        let (analysis, found) = self.name_at(file, position)?;
        let Some(found) = found else { return Ok(None) };
        let world = &analysis.world;
        let span = match found.meaning {
            names::Meaning::Object(obj) => match names::package_of(world, obj) {
                Some(pkg) => world.package(pkg).files.first().map(|&f| {
                    let file = world.file(f);
                    if file.package_pos.is_valid() { file.name.span } else { file.span.start.span() }
                }),
                None => found.meaning.declared(world).map(|pos| name_span(world, pos)),
            },
            meaning => meaning.declared(world).map(|pos| name_span(world, pos)),
        };
        let location = span.and_then(|span| self.location(world, span));
        Ok(location.map(GotoDefinitionResponse::Scalar))
    }

    pub(super) fn formatting(&mut self, file: &Path) -> Result<Option<Vec<TextEdit>>, String> {
        let old = self.text(file)?;
        let new = format_source(&file.to_string_lossy(), old.as_bytes()).map_err(|e| e.to_string())?;
        if new == old {
            return Ok(None);
        }
        Ok(Some(vec![TextEdit { range: text::range(&old, 0, old.len()), new_text: new }]))
    }

    pub(super) fn document_symbols(&mut self, file: &Path) -> Result<DocumentSymbolResponse, String> {
        let mut map = SourceMap::new();
        let id = map.add(&file.to_string_lossy(), self.text(file)?).map_err(|e| e.to_string())?;
        let parsed = parse_file(&map, id, &NodeIds::new(), Options::default());
        Ok(DocumentSymbolResponse::Nested(symbols::outline(map.file(id), &parsed.file)))
    }

    // -------------------------------------------------------------------------------------------------------
    // Diagnostics

    /// What is wrong with the packages of all open files; files that were wrong before and are not now have empty
    /// lists.
    #[allow(clippy::mutable_key_type, reason = "addresses are made and never changed")]
    pub(super) fn diagnostics(&mut self) -> Vec<(Uri, Vec<Diagnostic>)> {
        let mut found: BTreeMap<Uri, Vec<Diagnostic>> = BTreeMap::new();
        let mut open: Vec<PathBuf> = self.buffers.paths().map(Path::to_path_buf).collect();
        open.sort();
        for file in open.iter().filter(|file| !self.workspace.is_library(file)) {
            let Some(uri) = text::uri_of(file) else { continue };
            // An analysis may fail, because of the module file for example; then nothing is known.
            let Ok(analysis) = self.analysis(file) else { continue };
            found.entry(uri).or_default();
            let errors = analysis.diagnostics.iter().any(diag::Diagnostic::is_error);
            let warnings = if errors {
                Vec::new()
            } else {
                crate::vet::vet(&analysis.world, analysis.pkg, analysis.vet)
            };
            for diagnostic in analysis.diagnostics.iter().chain(&warnings) {
                let Some(location) = self.location(&analysis.world, diagnostic.span) else { continue };
                let shown = self.diagnostic(&analysis.world, diagnostic, location.range);
                let list = found.entry(location.uri).or_default();
                if !list.contains(&shown) {
                    list.push(shown);
                }
            }
        }
        let gone: Vec<Uri> = self.shown.iter().filter(|uri| !found.contains_key(*uri)).cloned().collect();
        found.extend(gone.into_iter().map(|uri| (uri, Vec::new())));
        self.shown = found.iter().filter(|(_, list)| !list.is_empty()).map(|(uri, _)| uri.clone()).collect();
        found.into_iter().collect()
    }

    fn diagnostic(&self, world: &World, d: &diag::Diagnostic, mut range: lsp_types::Range) -> Diagnostic {
        if range.start == range.end {
            // An empty range is hard to see: show the word that stands there.
            let word = name_span(world, d.span.start);
            range = self.location(world, word).map_or(range, |l| l.range);
        }
        let related = d.labels.iter().filter_map(|label| {
            let location = self.location(world, label.span)?;
            Some(DiagnosticRelatedInformation { location, message: label.message.clone() })
        });
        let related: Vec<_> = related.collect();
        let mut message = d.message.clone();
        for note in &d.notes {
            message.push('\n');
            message.push_str(note);
        }
        Diagnostic {
            range,
            severity: Some(match d.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            code: Some(NumberOrString::String(d.code.to_string())),
            source: Some("vo".to_owned()),
            message,
            related_information: Some(related).filter(|r| !r.is_empty()),
            ..Diagnostic::default()
        }
    }
}

/// The word that begins at a position.
pub(super) fn name_span(world: &World, pos: Pos) -> Span {
    let sources = world.sources.borrow();
    let Some(src) = sources.file_at(pos) else { return pos.span() };
    let rest = String::from_utf8_lossy(&src.bytes()[src.offset(pos) as usize..]);
    let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    Span::new(pos, pos.offset(length as u32))
}
