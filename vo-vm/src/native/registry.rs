//! What is known of natives before they are called: their signatures, and which there are.

use super::NativeCx;
use std::collections::HashMap;
use std::sync::Arc;
use vo_bytecode::{Class, Status};

/// A native function.
pub type NativeFn = fn(&mut NativeCx<'_>, &[u64], &mut [u64]) -> Status;

/// Leaf classes of a native's parameters or results.
#[derive(Clone, Copy)]
pub struct Classes {
    len: usize,
    at: [Class; Classes::MOST],
}

impl Classes {
    /// The most that a native takes, or answers.
    pub const MOST: usize = 16;

    /// No classes.
    pub const NONE: Classes = Classes { len: 0, at: [Class::Int; Classes::MOST] };

    /// How many.
    pub const fn count(&self) -> usize {
        self.len
    }

    /// These classes.
    pub const fn of(classes: &[Class]) -> Classes {
        let mut all = Classes::NONE;
        while all.len < classes.len() {
            all.at[all.len] = classes[all.len];
            all.len += 1;
        }
        all
    }

    /// These and then those.
    pub const fn and(mut self, more: Classes) -> Classes {
        let mut i = 0;
        while i < more.len {
            self.at[self.len] = more.at[i];
            self.len += 1;
            i += 1;
        }
        self
    }
}

impl std::ops::Deref for Classes {
    type Target = [Class];

    fn deref(&self) -> &[Class] {
        &self.at[..self.len]
    }
}

/// A native function with what it takes and answers.
///
/// The signature is compared with that of the module's import when a program is loaded, so that a native
/// is never given words that are not what it takes them for.
#[derive(Clone, Copy)]
pub struct Native {
    pub run: NativeFn,
    pub params: Classes,
    pub results: Classes,
}

/// A native function that an embedding program has made: it may have state.
pub type HostFn = dyn Fn(&mut NativeCx<'_>, &[u64], &mut [u64]) -> Status + Send + Sync;

/// A [`HostFn`] with what it takes and answers.
#[derive(Clone)]
pub struct HostNative {
    pub run: Arc<HostFn>,
    pub params: Vec<Class>,
    pub results: Vec<Class>,
}

/// The native functions of the library and of an embedding program, by `import/path.Name`.
#[derive(Clone, Default)]
pub struct Registry {
    by_name: HashMap<String, Native>,
    hosts: HashMap<String, HostNative>,
}

impl Registry {
    /// No functions.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds a function; a second one of the same name takes the first one's place.
    pub fn add(&mut self, name: impl Into<String>, native: Native) {
        self.by_name.insert(name.into(), native);
    }

    /// Adds functions.
    pub fn add_all(&mut self, natives: &[(&str, Native)]) {
        natives.iter().for_each(|&(name, native)| self.add(name, native));
    }

    /// Adds a function of the embedding program; one of the library with this name stays.
    pub fn add_host(&mut self, name: impl Into<String>, native: HostNative) {
        self.hosts.insert(name.into(), native);
    }

    /// The embedding program's function of this name.
    pub fn host(&self, name: &str) -> Option<&HostNative> {
        self.hosts.get(name)
    }

    /// The library's function of this name.
    pub fn get(&self, name: &str) -> Option<Native> {
        self.by_name.get(name).copied()
    }

    /// All names of the library's, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}
