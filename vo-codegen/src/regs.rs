//! Registers of a function under construction.
//!
//! The idea: one register per variable and per temporary, reused as soon as its owner is gone. A register's
//! class never changes, so there is a free list for each class. Two stacks keep order: temporaries live
//! until the end of the expression or statement that made them, variables until the end of their block.
//!
//! What must stay true: a register is on at most one of the stacks and the free lists; parameters and
//! registers that live as long as the function (`pinned`) are on none of them.

use vo_bytecode::{Class, Reg};

/// Where a stack of owned registers stood, to be released down to later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(usize);

/// The registers of one function.
#[derive(Debug, Default)]
pub struct Registers {
    classes: Vec<Class>,
    free: [Vec<Reg>; 6],
    temps: Vec<Reg>,
    vars: Vec<Reg>,
    overflow: bool,
}

impl Registers {
    /// Classes of all registers made so far.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// Class of a register.
    pub fn class(&self, reg: Reg) -> Class {
        self.classes[reg.0 as usize]
    }

    /// Whether more registers were asked for than the encoding has.
    pub fn overflowed(&self) -> bool {
        self.overflow
    }

    /// A register that is never reused.
    pub fn pinned(&mut self, class: Class) -> Reg {
        if self.classes.len() >= u16::MAX as usize {
            self.overflow = true;
            return self.first_of(class);
        }
        self.classes.push(class);
        Reg((self.classes.len() - 1) as u16)
    }

    /// After an overflow the function is thrown away: any register of the class will do.
    fn first_of(&mut self, class: Class) -> Reg {
        let at = self.classes.iter().position(|&c| c == class).unwrap_or(0);
        Reg(at as u16)
    }

    fn reused(&mut self, class: Class) -> Reg {
        match self.free[class as usize].pop() {
            Some(reg) => reg,
            None => self.pinned(class),
        }
    }

    /// A temporary.
    pub fn temp(&mut self, class: Class) -> Reg {
        let reg = self.reused(class);
        self.temps.push(reg);
        reg
    }

    /// A register of a variable.
    pub fn var(&mut self, class: Class) -> Reg {
        let reg = self.reused(class);
        self.vars.push(reg);
        reg
    }

    /// Where the temporaries stand.
    pub fn temps(&self) -> Mark {
        Mark(self.temps.len())
    }

    /// Gives back the temporaries made since.
    pub fn release_temps(&mut self, mark: Mark) {
        while self.temps.len() > mark.0 {
            let reg = self.temps.pop().expect("internal error: temporaries below their mark");
            if !self.overflow {
                self.free[self.class(reg) as usize].push(reg);
            }
        }
    }

    /// Where the variables stand.
    pub fn vars(&self) -> Mark {
        Mark(self.vars.len())
    }

    /// Gives back the registers of variables made since.
    pub fn release_vars(&mut self, mark: Mark) {
        while self.vars.len() > mark.0 {
            let reg = self.vars.pop().expect("internal error: variables below their mark");
            if !self.overflow {
                self.free[self.class(reg) as usize].push(reg);
            }
        }
    }
}
