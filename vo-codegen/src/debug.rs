//! Line tables: source positions to (file, line).

use rustc_hash::FxHashMap;
use vo_syntax::source::Pos;
use vo_types::World;

/// Files of the module, and the last position looked up.
#[derive(Default)]
pub struct Lines {
    pub files: Vec<String>,
    ids: FxHashMap<String, u32>,
    last: Option<(Pos, (u32, u32))>,
}

impl Lines {
    /// File index and line of a position, `//line` directives considered.
    pub fn find(&mut self, world: &World, pos: Pos) -> Option<(u32, u32)> {
        if let Some((at, found)) = self.last
            && at == pos
        {
            return Some(found);
        }
        let position = world.sources.borrow().lookup(pos);
        if position.line == 0 {
            return None;
        }
        let file = self.file(&position.file);
        self.last = Some((pos, (file, position.line)));
        Some((file, position.line))
    }

    /// The index of a file.
    pub fn file(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = self.files.len() as u32;
        self.files.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }
}
