//! Interned names.
//!
//! A [`Symbol`] is a name that is stored once per process. Two symbols are equal when they are the same
//! stored string, so comparing and hashing cost a pointer; reading one costs nothing and takes no lock.
//!
//! What must stay true: a `Symbol` is only ever made by [`Symbol::intern`]; interned names are never freed
//! (their number is bounded by the distinct identifiers of all programs that the process compiles).

use rustc_hash::FxHashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{LazyLock, Mutex, PoisonError};

/// An interned name. Equality and hashing are by identity, ordering is by spelling.
#[derive(Clone, Copy)]
pub struct Symbol(&'static str);

static NAMES: LazyLock<Mutex<FxHashSet<&'static str>>> = LazyLock::new(Mutex::default);

impl Symbol {
    /// The symbol for a name.
    pub fn intern(name: &str) -> Symbol {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&known) = names.get(name) {
            return Symbol(known);
        }
        let stored: &'static str = Box::leak(Box::from(name));
        names.insert(stored);
        Symbol(stored)
    }

    /// The name.
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
    fn eq(&self, other: &Symbol) -> bool {
        std::ptr::eq(self.0.as_ptr(), other.0.as_ptr()) && self.0.len() == other.0.len()
    }
}

impl Eq for Symbol {}

impl Hash for Symbol {
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
