//! Where the methods of dynamic types are: for each method a table that maps a type's word to the code of its function.
//!
//! The types that have a method are known when the first call of it is compiled. Their words are addresses; a shift is
//! looked for that sends them to different cells, so that a call needs two loads that do not depend on each
//! other, and no list:
//!
//! ```text
//!   cell = table[(word >> shift) & mask]        cell: the type's word | code
//! ```
//!
//! Methods of many types, and those for which there is no such shift, have no table: their calls ask in other ways.
//!
//! Must stay true: a cell's code is never 0 where machine code can see it. So cells are filled anew before and after
//! new code comes into the function table.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use vo_runtime::code::Linkage;

/// Types that a table holds at most.
const MOST: usize = 32;
/// Cells for each of them, at most.
const ROOM: usize = 8;
/// Bytes of a cell, as a power of two; shifts are at least this.
pub(crate) const CELL_SHIFT: u32 = 4;
/// No type's word.
const NOBODY: u64 = 1;

/// The table of a method.
struct Table {
    /// Word and code by turns.
    cells: Box<[AtomicU64]>,
    /// The function of each cell that is taken.
    funcs: Vec<(usize, u32)>,
    shift: u32,
}

/// How machine code reads a table.
#[derive(Clone, Copy)]
pub(crate) struct Dispatch {
    pub(crate) address: u64,
    pub(crate) shift: u32,
    /// Cells less one.
    pub(crate) mask: u64,
}

/// The tables of a program's methods, by selector; `None` where one cannot have a table.
#[derive(Default)]
pub(crate) struct Dispatches(Mutex<HashMap<u32, Option<Table>>>);

impl Dispatches {
    /// The table of a method, made when it is asked for first.
    pub(crate) fn of(&self, selector: u32, link: Linkage<'_>) -> Option<Dispatch> {
        let mut tables = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let new = || {
            let known = link.types.iter().filter_map(|ty| Some((ty.word(), ty.method(selector)?)));
            Table::new(&known.take(MOST + 1).collect::<Vec<_>>())
        };
        let table = tables.entry(selector).or_insert_with(new).as_ref()?;
        let mask = table.cells.len() as u64 / 2 - 1;
        Some(Dispatch { address: table.cells.as_ptr() as u64, shift: table.shift, mask })
    }

    /// Fills all cells with what the function table says.
    pub(crate) fn fill(&self, functions: &[AtomicU64]) {
        let tables = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for table in tables.values().flatten() {
            for &(cell, func) in &table.funcs {
                let code = functions[func as usize].load(Ordering::Acquire);
                table.cells[2 * cell + 1].store(code, Ordering::Release);
            }
        }
    }
}

impl Table {
    fn new(known: &[(u64, u32)]) -> Option<Table> {
        if known.is_empty() || known.len() > MOST {
            return None;
        }
        let least = known.len().next_power_of_two();
        let sizes = (0..).map(|more| least << more).take_while(|&size| size <= ROOM * least);
        let mut ways = sizes.flat_map(|size| (CELL_SHIFT..32).map(move |shift| (size, shift)));
        let (size, shift) = ways.find(|&(size, shift)| {
            let mut taken = vec![false; size];
            known.iter().all(|(word, _)| !std::mem::replace(&mut taken[place(*word, size, shift)], true))
        })?;
        let cells: Box<[AtomicU64]> =
            (0..2 * size).map(|i| AtomicU64::new(if i % 2 == 0 { NOBODY } else { 0 })).collect();
        let mut funcs = Vec::with_capacity(known.len());
        for &(word, func) in known {
            let cell = place(word, size, shift);
            cells[2 * cell].store(word, Ordering::Relaxed);
            funcs.push((cell, func));
        }
        Some(Table { cells, funcs, shift })
    }
}

/// The cell of a type.
fn place(word: u64, size: usize, shift: u32) -> usize {
    (word >> shift) as usize & (size - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_cells_of_their_own() {
        let known: Vec<(u64, u32)> = (0..9).map(|i| (0x7f00_0000_1000 + 0x1f0 * i, i as u32)).collect();
        let table = Table::new(&known).expect("there is such a shift");
        for &(word, func) in &known {
            let cell = place(word, table.cells.len() / 2, table.shift);
            assert_eq!(table.cells[2 * cell].load(Ordering::Relaxed), word);
            assert!(table.funcs.contains(&(cell, func)));
        }
        assert!(table.cells.len() / 2 <= 16 * ROOM);
    }

    #[test]
    fn cells_follow_the_function_table() {
        let tables = Dispatches::default();
        let table = Table::new(&[(0x1000, 1), (0x2000, 0)]);
        tables.0.lock().unwrap().insert(3, table);
        let functions = [AtomicU64::new(0xa0), AtomicU64::new(0xb0)];
        tables.fill(&functions);
        functions[1].store(0xc0, Ordering::Relaxed);
        tables.fill(&functions);
        let tables = tables.0.lock().unwrap();
        let table = tables[&3].as_ref().unwrap();
        let code_of = |word| {
            let cell = place(word, table.cells.len() / 2, table.shift);
            table.cells[2 * cell + 1].load(Ordering::Relaxed)
        };
        assert_eq!((code_of(0x1000), code_of(0x2000)), (0xc0, 0xa0));
    }

    #[test]
    fn a_method_of_many_types_has_no_table() {
        let known: Vec<(u64, u32)> = (0..=MOST as u64).map(|i| (0x1000 + 16 * i, 0)).collect();
        assert!(Table::new(&known).is_none() && Table::new(&[]).is_none());
    }
}
