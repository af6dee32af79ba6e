//! Which calls are translated in place.
//!
//! Small callees are, wherever the call is not on the way to a panic; larger ones in loops, if they do not loop
//! themselves: then a call costs little, and registers go further in a function of its own. (What they call by
//! a closure or an interface may be known in the caller. It is where the caller passes a closure that it has made:
//! then larger ones are too, and the closure need not be made.) In blocks that are hardly ever come to ([`crate::bias`]) only
//! small ones are. A function
//! that calls itself is unrolled twice. A unit may grow by a budget, which calls nearer to
//! its own body take from first, because inner calls are seen later.
//!
//! Left as calls: functions that defer (their landing pad is their frame's), that ask for the right to
//! recover (it is handed to a call), and large ones.

use crate::bias::Rare;
use crate::compile::Unit;
use crate::graph::Graph;
use crate::translate::Translator;
use crate::translate::body::Body;
use std::collections::HashMap;
use std::rc::Rc;
use vo_bytecode::inst::instructions;
use vo_bytecode::{Function, Inst, Op};

/// Code units (of 16 bits; an instruction has four or five) up to which a callee is small.
const SMALL: usize = 72;
/// The same for calls in loops.
const SMALL_IN_LOOP: usize = 450;
/// The same for functions that call themselves.
const SMALL_RECURSIVE: usize = 120;
/// How deep bodies are nested.
const DEPTH: usize = 6;
/// How often a function is unrolled into itself.
const UNROLLED: usize = 2;
/// Code units that a unit may grow by, besides twice its size.
const GROWTH: usize = 600;
/// Slot words of a callee: its slots are cleared at each call.
const SLOT_WORDS: usize = 16;

/// What a unit may still inline.
pub(crate) struct Inliner<'a> {
    left: usize,
    /// Whether a callee that is one of several at its call is being translated: only small ones are, then.
    pub(crate) one_of_several: bool,
    graphs: HashMap<u32, Option<Rc<Graph<'a>>>>,
    /// Whether a function has loops, and no calls that the caller may know more about.
    loops: HashMap<u32, bool>,
}

impl<'a> Inliner<'a> {
    pub(crate) fn new(unit: &Unit<'_>) -> Inliner<'a> {
        Inliner {
            left: GROWTH + 2 * unit.function().code.len(),
            one_of_several: false,
            graphs: HashMap::new(),
            loops: HashMap::new(),
        }
    }

    /// Whether a function loops, and calls nothing that its caller may know more about.
    fn only_loops(&mut self, index: u32, func: &Function) -> bool {
        *self.loops.entry(index).or_insert_with(|| {
            let ops = || instructions(&func.code).flatten().map(|(_, inst)| inst.op());
            ops().any(|op| op == Op::LoopHeader)
                && !ops().any(|op| matches!(op, Op::CallClosure | Op::CallIface))
        })
    }

    /// The code of a function that may be inlined at all.
    fn graph(&mut self, index: u32, func: &'a Function) -> Option<Rc<Graph<'a>>> {
        let made = self.graphs.entry(index).or_insert_with(|| {
            let graph = Graph::new(func, 0);
            let asks = |inst: &Inst<'_>| matches!(inst.op(), Op::RecoverToken | Op::Recover);
            (!graph.insts.iter().any(|(_, inst)| asks(inst))).then(|| Rc::new(graph))
        });
        made.clone()
    }
}

impl<'a> Translator<'a, '_> {
    /// The code to translate in place of a call of this function here, or `None`; whether it gets a closure whose
    /// function is known here.
    pub(crate) fn inlined(&mut self, index: u32, gets_closure: bool) -> Option<Rc<Graph<'a>>> {
        let func = &self.link.module.functions[index as usize];
        if !self.may_inline(index, func, gets_closure) {
            return None;
        }
        let graph = self.inliner.graph(index, func)?;
        self.inliner.left -= func.code.len();
        self.counts.inlined += 1;
        Some(graph)
    }

    /// As [`Translator::inlined`], without deciding it.
    pub(crate) fn would_inline(&mut self, index: u32) -> Option<Rc<Graph<'a>>> {
        let func = &self.link.module.functions[index as usize];
        if self.may_inline(index, func, false) { self.inliner.graph(index, func) } else { None }
    }

    fn may_inline(&mut self, index: u32, func: &Function, gets_closure: bool) -> bool {
        let bodies = || self.callers.iter().chain([&self.body]);
        let same = bodies().filter(|body| body.index == index).count();
        let is_rare = bodies().any(|body| body.rare[body.block] != Rare::No);
        let in_loop = |body: &Body<'_>| !is_rare && body.graph.blocks[body.block].depth > 0;
        let most = match same {
            0 if self.inliner.one_of_several => SMALL,
            0 if gets_closure => SMALL_IN_LOOP,
            0 if bodies().any(in_loop) && !self.inliner.only_loops(index, func) => SMALL_IN_LOOP,
            0 => SMALL,
            _ => SMALL_RECURSIVE,
        };
        let size = func.code.len();
        func.landing.is_none()
            && size <= most
            && size <= self.inliner.left
            && same <= UNROLLED
            && self.callers.len() < DEPTH
            && func.slot_words() <= SLOT_WORDS
            && !bodies().any(|body| body.graph.ends_in_panic(body.block))
            && !bodies().any(|body| body.graph.is_run_once(body.block))
    }
}
