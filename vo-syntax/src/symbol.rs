//! Interned names.
//!
//! A [`Symbol`] is a name that is stored once per process. Two symbols are equal when they are the same
//! stored string, so comparing and hashing cost a pointer; reading one costs nothing and takes no lock.
//!
//! Each thread remembers the names that it met of late, so that most are found without the table and its lock.
//!
//! What must stay true: a `Symbol` is only ever made by [`Symbol::intern`] and [`Symbol::of_static`]; interned names are never freed
//! (their number is bounded by the distinct identifiers of all programs that the process compiles).

use rustc_hash::{FxHashSet, FxHasher};
use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{LazyLock, Mutex, PoisonError};

/// An interned name. Equality and hashing are by identity, ordering is by spelling.
#[derive(Clone, Copy)]
pub struct Symbol(&'static str);

/// A small program and what it needs of the library have so many names.
const NAMES_AT_FIRST: usize = 3500;

static NAMES: LazyLock<Mutex<FxHashSet<&'static str>>> =
    LazyLock::new(|| Mutex::new(FxHashSet::with_capacity_and_hasher(NAMES_AT_FIRST, Default::default())));

/// How many names a thread remembers, each at the place that its hash names.
const RECENT: usize = 2048;

thread_local! {
    static RECENT_NAMES: [Cell<Option<Symbol>>; RECENT] = const { [const { Cell::new(None) }; RECENT] };
}

fn place_of(name: &[u8]) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(name);
    hasher.finish() as usize % RECENT
}

impl Symbol {
    /// The symbol for a name.
    pub fn intern(name: &str) -> Symbol {
        Symbol::find(name, |name| Box::leak(Box::from(name)))
    }

    /// The symbol for a name that need not be copied; no other static name may begin where it does.
    pub fn of_static(name: &'static str) -> Symbol {
        Symbol::find(name, |name| name)
    }

    fn find<'a>(name: &'a str, store: impl FnOnce(&'a str) -> &'static str) -> Symbol {
        let place = place_of(name.as_bytes());
        RECENT_NAMES.with(|recent| match recent[place].get() {
            Some(known) if known.0 == name => known,
            _ => {
                let symbol = Symbol::look_up(name, store);
                recent[place].set(Some(symbol));
                symbol
            }
        })
    }

    /// The symbol whose name has these bytes, if this thread has met it of late.
    pub fn recent(name: &[u8]) -> Option<Symbol> {
        let known = RECENT_NAMES.with(|recent| recent[place_of(name)].get())?;
        (known.0.as_bytes() == name).then_some(known)
    }

    fn look_up<'a>(name: &'a str, store: impl FnOnce(&'a str) -> &'static str) -> Symbol {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&known) = names.get(name) {
            return Symbol(known);
        }
        let stored = store(name);
        names.insert(stored);
        Symbol(stored)
    }

    /// The name.
    #[inline]
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether this is the blank identifier `_`.
    pub fn is_blank(self) -> bool {
        self.0 == "_"
    }

    /// Whether the name is exported: it begins with an upper-case letter (Unicode class Lu).
    pub fn is_exported(self) -> bool {
        self.0.chars().next().is_some_and(crate::lexer::is_upper)
    }
}

impl PartialEq for Symbol {
    // Every name is stored by itself, so that no two begin at the same place.
    #[inline]
    fn eq(&self, other: &Symbol) -> bool {
        std::ptr::eq(self.0.as_ptr(), other.0.as_ptr())
    }
}

impl Eq for Symbol {}

impl Hash for Symbol {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.0.as_ptr() as usize);
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Symbol) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Symbol {
    fn cmp(&self, other: &Symbol) -> std::cmp::Ordering {
        self.0.cmp(other.0)
    }
}

impl PartialEq<str> for Symbol {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Symbol {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl std::ops::Deref for Symbol {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl From<&str> for Symbol {
    fn from(name: &str) -> Symbol {
        Symbol::intern(name)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_name_same_symbol() {
        assert_eq!(Symbol::intern("abc"), Symbol::intern(&String::from("abc")));
        assert_ne!(Symbol::intern("abc"), Symbol::intern("ab"));
        assert!(Symbol::intern("Äb").is_exported() && !Symbol::intern("_X").is_exported());
    }
}
