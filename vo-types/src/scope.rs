//! Scopes: names to objects, nested.

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use vo_syntax::symbol::Symbol;

use crate::object::ObjId;

/// A scope of the program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ScopeId(pub u32);

/// Names above this number are found by hashing.
const LINEAR: usize = 10;

/// One scope. Scopes only gain names.
#[derive(Debug)]
pub struct Scope {
    /// The enclosing scope; none for the universe.
    pub parent: Option<ScopeId>,
    /// Whether this is the outermost scope of a function (parameters).
    pub is_func: bool,
    names: RefCell<Names>,
}

#[derive(Debug, Default)]
struct Names {
    list: Vec<(Symbol, ObjId)>,
    index: FxHashMap<Symbol, ObjId>,
}

impl Scope {
    pub(crate) fn new(parent: Option<ScopeId>, is_func: bool) -> Scope {
        Scope { parent, is_func, names: RefCell::default() }
    }

    /// The object of this name declared in this scope itself.
    pub fn get(&self, name: Symbol) -> Option<ObjId> {
        let names = self.names.borrow();
        if names.list.len() > LINEAR {
            return names.index.get(&name).copied();
        }
        names.list.iter().find(|(n, _)| *n == name).map(|(_, obj)| *obj)
    }

    /// Declares an object; the object that already has the name is returned instead, if any.
    pub(crate) fn insert(&self, name: Symbol, obj: ObjId) -> Option<ObjId> {
        if let Some(other) = self.get(name) {
            return Some(other);
        }
        let mut names = self.names.borrow_mut();
        names.list.push((name, obj));
        if names.list.len() > LINEAR {
            if names.index.is_empty() {
                let Names { list, index } = &mut *names;
                index.extend(list.iter().copied());
            } else {
                names.index.insert(name, obj);
            }
        }
        None
    }

    /// All objects in the order they were declared.
    pub fn objects(&self) -> Vec<ObjId> {
        self.names.borrow().list.iter().map(|(_, obj)| *obj).collect()
    }

    /// All names with their objects, in the order they were declared. (A dot import declares
    /// objects of another package.)
    pub fn entries(&self) -> Vec<(Symbol, ObjId)> {
        self.names.borrow().list.clone()
    }
}
