//! Replacing instructions of a finished function by others of any length.
//!
//! What must stay true: a label, a line, a suspend point or the landing pad that named an instruction names
//! what stands in its place; the suspend point of a replaced instruction is gone.

use vo_bytecode::module::Function;

use crate::func::for_each_label_place;

/// New code for a function, put together instruction by instruction.
pub(super) struct Relocation {
    code: Vec<u16>,
    /// Old and new offset of every instruction, ascending.
    moved: Vec<(u32, u32)>,
    /// Places in the new code that hold old offsets.
    labels: Vec<u32>,
    replaced: Vec<u32>,
}

impl Relocation {
    /// Nothing yet, of a function with so many code units.
    pub(super) fn new(units: usize) -> Relocation {
        Relocation {
            code: Vec::with_capacity(units + units / 2),
            moved: Vec::new(),
            labels: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Takes the instruction at `at` over as it is.
    pub(super) fn keep(&mut self, old: &[u16], at: u32, end: u32) {
        let base = self.code.len() as u32;
        self.moved.push((at, base));
        self.code.extend_from_slice(&old[at as usize..end as usize]);
        for_each_label_place(old, at, |place| self.labels.push(base + (place - at)));
    }

    /// What is written into the answer stands in the place of the instruction at `at`. It has no labels.
    pub(super) fn replace(&mut self, at: u32) -> &mut Vec<u16> {
        self.moved.push((at, self.code.len() as u32));
        self.replaced.push(at);
        &mut self.code
    }

    /// Puts the new code into its function.
    pub(super) fn apply(mut self, function: &mut Function) {
        let moved = &self.moved;
        let place = |old: u32| match moved.binary_search_by_key(&old, |m| m.0) {
            Ok(at) => moved[at].1,
            Err(_) => panic!("internal error: an offset that is no instruction's"),
        };
        for &label in &self.labels {
            let at = label as usize;
            let target = place(self.code[at] as u32 | (self.code[at + 1] as u32) << 16);
            self.code[at] = target as u16;
            self.code[at + 1] = (target >> 16) as u16;
        }
        let replaced = |point: &vo_bytecode::SuspendPoint| {
            point.kind != vo_bytecode::PointKind::Entry && self.replaced.binary_search(&point.pc).is_ok()
        };
        function.points.retain(|point| !replaced(point));
        function.points.iter_mut().for_each(|point| point.pc = place(point.pc));
        function.lines.iter_mut().for_each(|line| line.pc = place(line.pc));
        function.landing = function.landing.map(place);
        function.code = self.code;
    }
}
