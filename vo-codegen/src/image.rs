//! The library, compiled ahead: an *image* holds its functions as units of bytecode that name what they refer to.
//!
//! The idea: most of the time before `main` of a small program went into parsing, checking and lowering the same
//! bodies of the library again and again. [`build()`] does that once, when the compiler itself is built; where a program
//! then reaches a function that the image holds, its *unit* is decoded and linked ([`link`]) instead. A unit is a
//! declared function, an instance of one, or the initialisation of a package variable, together with the function
//! literals inside. Whatever it refers to stands in tables: functions, types, methods, variables, natives, strings, by
//! name and structure ([`forms`]); each entry is looked up in the [`World`](vo_types::World) once, when the first unit
//! that mentions it is linked. So the tables of the program come about as if the function had been lowered, and only
//! what is reachable is ever looked at.
//!
//! What is not in code, but was asked of the program while a function was lowered (types that become interface
//! values, methods that are called through interfaces), stands in the unit as its *effects*.
//!
//! Packages are in the image too, as [outlines](vo_syntax::outline) of their files: what they declare is known without
//! reading their text, and a declaration is parsed when something needs it.
//!
//! What cannot be named from outside, such as a type declared in a function, keeps the functions that refer to it out of
//! the image: they are compiled from source, as are instances with types of the program's own.
//!
//! What must stay true: the image was built from the very library that the program is compiled against; whoever compiles
//! against another gives none. All the packages that a function of the image may refer to are imported by its own,
//! directly or not.

mod build;
mod forms;
mod link;

pub(crate) use build::Record;
pub use build::build;
pub(crate) use link::{AheadStep, Links};

use forms::ObjectForm;
use vo_syntax::bytes::Reader;

const MAGIC: &[u8; 8] = b"VOIMAGE1";

/// The image's parts.
#[derive(Clone, Copy)]
enum Part {
    /// Names, paths and tags.
    Names,
    /// [`ObjectForm`]s.
    Objects,
    /// [`forms::TypeForm`]s.
    Types,
    /// [`forms::MethodForm`]s.
    Selectors,
    /// [`forms::FuncForm`]s.
    Funcs,
    /// String constants.
    Strings,
    Natives,
    Units,
    /// How packages are initialised, in the order of their paths.
    Packages,
    /// For each package the outlines of its files, as [`Part::Packages`].
    Outlines,
    /// For each object a byte of facts and the index of its function's unit.
    Facts,
    /// For each function the index of its unit.
    Bodies,
    /// Hashes of objects, ascending, and their indices.
    Index,
}

/// How many there are.
const PARTS: usize = 13;

/// What an object's byte of facts says.
const HAS_BODY: u8 = 1;
const TAKES_TOKEN: u8 = 2;
const IS_FUNCTION: u8 = 4;

/// Bytes of an entry of [`Part::Facts`], of [`Part::Bodies`] and of [`Part::Index`].
const FACT: usize = 5;
const BODY: usize = 4;
const HASHED: usize = 12;

/// Stands for no unit.
const NO_UNIT: u32 = u32::MAX;

/// What the references of a unit's code are to.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Target {
    /// A function of the same unit.
    Local,
    Func,
    Type,
    Native,
    Str,
    Selector,
    /// A place in a package variable.
    Global,
}

impl Target {
    const ALL: [Target; 7] = [
        Target::Local,
        Target::Func,
        Target::Type,
        Target::Native,
        Target::Str,
        Target::Selector,
        Target::Global,
    ];
}

/// A compiled library; see the module's description.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    parts: [&'a [u8]; PARTS],
}

/// What is known of a declared function without looking at its declaration.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub has_body: bool,
    pub takes_token: bool,
    /// The unit of its code; none for generic functions and those that are not in the image.
    unit: Option<u32>,
}

impl<'a> Image<'a> {
    /// The image in these bytes, or `None` if [`build()`] has not made them.
    pub fn new(bytes: &'a [u8]) -> Option<Image<'a>> {
        let heads = bytes.strip_prefix(MAGIC)?;
        let mut parts = [&bytes[..0]; PARTS];
        for (part, head) in parts.iter_mut().zip(heads.chunks_exact(8)) {
            let (start, len) = (word(head, 0) as usize, word(head, 4) as usize);
            *part = bytes.get(start..start + len)?;
        }
        Some(Image { parts })
    }

    fn part(&self, part: Part) -> &'a [u8] {
        self.parts[part as usize]
    }

    /// An entry of a table.
    fn entry(&self, part: Part, index: u32) -> Reader<'a> {
        Reader::new(self.bytes(part, index))
    }

    fn bytes(&self, part: Part, index: u32) -> &'a [u8] {
        let table = self.part(part);
        let (count, index) = (word(table, 0) as usize, index as usize);
        let data = &table[4 + 4 * (count + 1)..];
        &data[word(table, 4 + 4 * index) as usize..word(table, 8 + 4 * index) as usize]
    }

    fn count(&self, part: Part) -> u32 {
        word(self.part(part), 0)
    }

    fn name(&self, index: u32) -> &'a str {
        std::str::from_utf8(self.bytes(Part::Names, index)).unwrap_or_default()
    }

    fn object(&self, index: u32) -> ObjectForm<'a> {
        let mut r = self.entry(Part::Objects, index);
        let (path, base, name) = (self.name(r.index()), self.name(r.index()), self.name(r.index()));
        ObjectForm { path, base, name, init: r.index() }
    }

    /// The place of an object.
    fn find(&self, object: ObjectForm<'_>) -> Option<u32> {
        let (index, hash) = (self.part(Part::Index), object.hash());
        let hash_at = |at: usize| u64::from_le_bytes(array(&index[HASHED * at..]));
        let (mut low, mut high) = (0, index.len() / HASHED);
        while low < high {
            let middle = (low + high) / 2;
            match hash_at(middle) < hash {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        (low..index.len() / HASHED)
            .take_while(|&at| hash_at(at) == hash)
            .map(|at| word(index, HASHED * at + 8))
            .find(|&found| self.object(found) == object)
    }

    /// What is known of an object that is a function.
    fn known(&self, object: u32) -> Option<Known> {
        let at = FACT * object as usize;
        let facts = self.part(Part::Facts);
        if facts[at] & IS_FUNCTION == 0 {
            return None;
        }
        let unit = Some(word(facts, at + 1)).filter(|&unit| unit != NO_UNIT);
        Some(Known { has_body: facts[at] & HAS_BODY != 0, takes_token: facts[at] & TAKES_TOKEN != 0, unit })
    }

    /// The unit of a function of the table.
    fn body(&self, func: u32) -> Option<u32> {
        Some(word(self.part(Part::Bodies), BODY * func as usize)).filter(|&unit| unit != NO_UNIT)
    }

    /// How a package is initialised, if the image knows it.
    fn package(&self, path: &str) -> Option<Reader<'a>> {
        let (_, mut entry) = self.find_package(path)?;
        entry.flag().then_some(entry)
    }

    /// The outlines of a package's files in the order in which the package was made of them, if it has them all.
    pub fn outlines(&self, path: &str) -> Option<Vec<&'a [u8]>> {
        let (at, _) = self.find_package(path)?;
        let mut entry = self.entry(Part::Outlines, at);
        entry.flag().then(|| (0..entry.count()).map(|_| entry.text()).collect())
    }

    /// The place of a package, and what stands behind its path.
    fn find_package(&self, path: &str) -> Option<(u32, Reader<'a>)> {
        let (mut low, mut high) = (0, self.count(Part::Packages));
        while low < high {
            let middle = (low + high) / 2;
            let mut entry = self.entry(Part::Packages, middle);
            match self.name(entry.index()).cmp(path) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some((middle, entry)),
            }
        }
        None
    }
}

impl ObjectForm<'_> {
    /// FNV-1a over all of it.
    fn hash(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        for part in [self.path, self.base, self.name] {
            part.bytes().for_each(&mut add);
            add(0);
        }
        self.init.to_le_bytes().into_iter().for_each(&mut add);
        hash
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes[..N].try_into().expect("internal error: a slice of another length")
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(&bytes[at..]))
}
