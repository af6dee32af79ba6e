//! What is worked out once per type.
//!
//! Types form graphs in which one type is reached in very many ways (`type T2 struct{ a, b T1 }`, and so on), so that
//! walking all ways takes for ever. A [`Memo`] remembers what was found for each type. As long as declarations are
//! open, what is found may change, and is remembered only until the outermost question is answered.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;

use super::TypeId;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Memo<V> {
    known: RefCell<FxHashMap<TypeId, V>>,
    depth: Cell<u32>,
}

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Memo { known: RefCell::default(), depth: Cell::new(0) }
    }
}

impl<V: Copy> Memo<V> {
    /// What is known of a type, or else computed. `lasting` says whether it will stay true.
    pub fn get_or(&self, id: TypeId, lasting: impl FnOnce() -> bool, compute: impl FnOnce() -> V) -> V {
        if let Some(&value) = self.known.borrow().get(&id) {
            return value;
        }
        self.depth.set(self.depth.get() + 1);
        let value = compute();
        let depth = self.depth.get() - 1;
        self.depth.set(depth);
        if depth == 0 && !lasting() {
            self.known.borrow_mut().clear();
        } else {
            self.known.borrow_mut().insert(id, value);
        }
        value
    }

    /// How many questions are open.
    pub fn depth(&self) -> u32 {
        self.depth.get()
    }
}
