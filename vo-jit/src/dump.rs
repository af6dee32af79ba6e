//! What the compiler makes of one function, as text: Cranelift's intermediate representation and the
//! machine's instructions.

use crate::compile::{Compiler, QUIET, QuietDoors, TypeTables, Unit, new_isa};
use crate::dispatch::Dispatches;
use crate::feedback::{Misses, Seen};
use crate::translate::Entry;
use crate::translate::body::Sites;
use vo_runtime::code::Linkage;

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The intermediate representation, after Cranelift's optimisations.
    pub clif: bool,
    /// The instructions, with the registers that they were given.
    pub asm: bool,
}

/// The text of one unit.
#[derive(Default)]
pub(crate) struct Texts {
    pub(crate) clif: String,
    pub(crate) asm: String,
}

/// Compiles a function, or what follows one of its suspend points, as `--jit` does, and shows what came out.
///
/// # Errors
/// There is no such point, this machine has no backend, or the compiler failed.
pub fn dump(link: Linkage<'_>, func: u32, point: Option<u32>, shown: Shown) -> Result<String, String> {
    let mut compiler = Compiler::new(new_isa()?);
    // The code is only looked at: the doors that it calls need not be anywhere.
    let doors: QuietDoors = QUIET.iter().map(|&door| (door, 0)).collect();
    let (tables, sites, seen) = (TypeTables::default(), Sites::default(), Seen::nothing());
    let misses = Misses::default();
    let entry = point.map_or(Entry::Start, Entry::Point);
    let points = link.module.functions[func as usize].points.len();
    if let Some(point) = point.filter(|&point| point as usize >= points) {
        return Err(format!("the function has {points} suspend points, the first is 0: there is no {point}"));
    }
    let unit = Unit {
        link,
        func,
        entry,
        only_loop: false,
        tables: &tables,
        dispatches: &Dispatches::default(),
        sites: &sites,
        doors: &doors,
        seen: &seen,
        misses: &misses,
        retypes: link.module.retypes,
    };
    let (blob, texts) = compiler.unit_with_texts(&unit)?;
    let name = &unit.function().name;
    let mut out = format!("; {name}: {} bytes of machine code\n", blob.bytes.len());
    if shown.clif {
        out.push_str(&texts.clif);
        out.push('\n');
    }
    if shown.asm {
        out.push_str(&texts.asm);
        out.push('\n');
    }
    Ok(out)
}
