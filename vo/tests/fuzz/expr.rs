//! Expressions: of a wanted type, without calls that change anything, so that no order of evaluation shows.
//!
//! Two constants never meet in an operator: what the compiler would reject (overflow, division by zero) does
//! not compile anywhere.

use crate::program::Gen;
use crate::ty::{FLOATS, INT, NUMERIC, Ty};

impl Gen {
    /// An expression of a type.
    pub fn expr(&mut self, ty: &Ty, depth: usize) -> String {
        if depth == 0 || self.rng.one_in(4) {
            return self.leaf(ty);
        }
        match ty {
            Ty::Num(n) if *n < FLOATS => self.integer(ty, depth),
            Ty::Num(_) => self.float(ty, depth),
            Ty::Bool => self.boolean(depth),
            Ty::Str => self.string(depth),
            Ty::Slice(elem) => self.slice(ty, elem, depth),
            _ => self.leaf(ty),
        }
    }

    /// A variable of the type, a part of one, or a literal.
    fn leaf(&mut self, ty: &Ty) -> String {
        if !self.rng.one_in(4)
            && let Some(text) = self.readable(ty)
        {
            return text;
        }
        self.literal(ty)
    }

    /// Something to be read that is no constant; it may panic.
    pub fn variable(&mut self, ty: &Ty) -> String {
        match self.readable(ty) {
            Some(text) => text,
            None => {
                // A function result is no constant.
                let literal = self.literal(ty);
                format!("id({literal})")
            }
        }
    }

    fn readable(&mut self, ty: &Ty) -> Option<String> {
        self.nesting += 1;
        let found = if self.nesting > 4 {
            self.scope.iter().find(|var| var.ty == *ty).map(|var| var.name.clone())
        } else {
            self.part(ty)
        };
        self.nesting -= 1;
        found
    }

    /// A variable, or a field or element of one.
    fn part(&mut self, ty: &Ty) -> Option<String> {
        let mut found = Vec::new();
        for var in &self.scope {
            let name = &var.name;
            match &var.ty {
                t if t == ty => found.push(name.clone()),
                Ty::Slice(elem) if **elem == *ty => found.push(format!("{name}[INDEX]")),
                Ty::Array(n, elem) if **elem == *ty => found.push(format!("{name}[INDEX%{n}]")),
                Ty::Map(key, elem) if **elem == *ty => found.push(format!("{name}[KEY:{}]", key.name())),
                Ty::Struct(s) | Ty::Ptr(s) => {
                    let fields = self.structs[*s].iter().enumerate().filter(|(_, field)| *field == ty);
                    found.extend(fields.map(|(i, _)| format!("{name}.F{i}")));
                }
                _ => {}
            }
        }
        if found.is_empty() {
            return None;
        }
        let mut text = self.rng.pick(&found).clone();
        if let Some(name) = text.strip_suffix("[INDEX]") {
            let index = self.index();
            text =
                if self.rng.one_in(25) { format!("{name}[{index}]") } else { format!("at({name}, {index})") };
        } else if let Some((head, rest)) = text.split_once("[INDEX%") {
            let n: usize = rest.trim_end_matches(']').parse().unwrap_or(1);
            let index = if self.rng.one_in(2) { self.rng.below(n).to_string() } else { self.index_below(n) };
            text = format!("{head}[{index}]");
        } else if let Some((head, rest)) = text.split_once("[KEY:") {
            let key = Ty::Num(
                NUMERIC.iter().position(|(name, _)| *name == rest.trim_end_matches(']')).unwrap_or(0),
            );
            let key = match rest.trim_end_matches(']') {
                "string" => Ty::Str,
                "bool" => Ty::Bool,
                _ => key,
            };
            text = format!("{head}[{}]", self.expr(&key, 1));
        }
        Some(text)
    }

    /// An index that is mostly small, and sometimes wrong.
    fn index(&mut self) -> String {
        match self.rng.below(6) {
            0 => self.variable(&INT),
            1 => {
                let v = self.variable(&INT);
                format!("{v}&3")
            }
            _ => self.rng.below(3).to_string(),
        }
    }

    fn index_below(&mut self, n: usize) -> String {
        let v = self.variable(&Ty::Num(9));
        format!("{v}%{n}")
    }

    pub fn literal(&mut self, ty: &Ty) -> String {
        self.nesting += 1;
        let text = if self.nesting > 4 { self.zero(ty) } else { self.full_literal(ty) };
        self.nesting -= 1;
        text
    }

    /// A literal without parts.
    fn zero(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Ptr(_) | Ty::Func(..) => format!("({})(nil)", ty.name()),
            Ty::Iface => "Iface(N(1))".into(),
            Ty::Any => "any(nil)".into(),
            Ty::Num(_) | Ty::Bool | Ty::Str => self.full_literal(ty),
            _ => format!("{}{{}}", ty.name()),
        }
    }

    fn full_literal(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Num(n) if *n < FLOATS => self.integer_literal(*n),
            Ty::Num(n) => {
                let texts = ["0", "1", "-1", "0.5", "1e10", "-3.25", "1e-5", "7"];
                format!("{}({})", NUMERIC[*n].0, self.rng.pick(&texts))
            }
            Ty::Bool => if self.rng.one_in(2) { "true" } else { "false" }.into(),
            Ty::Str => {
                let texts = ["\"\"", "\"a\"", "\"hello\"", "\"héllo, 世界\"", "\"\\x00\\xff\"", "\"xyz\""];
                (*self.rng.pick(&texts)).into()
            }
            Ty::Slice(elem) | Ty::Array(_, elem) => {
                let most = if let Ty::Array(n, _) = ty { *n } else { 4 };
                let n = self.rng.below(most + 1);
                let elems: Vec<String> = (0..n).map(|_| self.leaf(elem)).collect();
                format!("{}{{{}}}", ty.name(), elems.join(", "))
            }
            // Constant keys must differ: at most one.
            Ty::Map(key, elem) if self.rng.one_in(2) => {
                format!("{}{{{}: {}}}", ty.name(), self.literal(key), self.leaf(elem))
            }
            Ty::Map(..) => format!("{}{{}}", ty.name()),
            Ty::Struct(s) => self.struct_literal(*s),
            Ty::Ptr(_) if self.rng.one_in(12) => format!("({})(nil)", ty.name()),
            Ty::Ptr(s) => format!("&{}", self.struct_literal(*s)),
            Ty::Iface => match self.rng.below(6) {
                0 => format!("N({})", self.literal(&INT)),
                1 => format!("&{}", self.struct_literal(1)),
                2 if self.rng.one_in(4) => "Iface(nil)".into(),
                _ => self.struct_literal(0),
            },
            Ty::Any => {
                let inner = Ty::scalar(&mut self.rng);
                format!("any({})", self.leaf(&inner))
            }
            Ty::Func(params, result) => {
                let params: Vec<String> =
                    params.iter().enumerate().map(|(i, p)| format!("p{i} {}", p.name())).collect();
                let body = self.expr(result, 2);
                format!("func({}) {} {{ return {body} }}", params.join(", "), result.name())
            }
        }
    }

    fn integer_literal(&mut self, n: usize) -> String {
        let (name, bits) = NUMERIC[n];
        let unsigned = Ty::Num(n).is_unsigned();
        let value = match self.rng.below(5) {
            0 => i128::from(self.rng.below(3) as u32),
            1 => (1i128 << (bits - u32::from(!unsigned))) - 1,
            2 if !unsigned => -(1i128 << (bits - 1)),
            3 => i128::from(self.rng.next()) & ((1 << (bits - 1)) - 1),
            _ => i128::from(self.rng.below(100) as u32),
        };
        format!("{name}({value})")
    }

    fn struct_literal(&mut self, s: usize) -> String {
        let fields = self.structs[s].clone();
        let mut parts = Vec::new();
        for (i, field) in fields.iter().enumerate() {
            if !self.rng.one_in(4) {
                let value = self.leaf(field);
                parts.push(format!("F{i}: {value}"));
            }
        }
        format!("S{s}{{{}}}", parts.join(", "))
    }

    fn integer(&mut self, ty: &Ty, depth: usize) -> String {
        let left = self.variable(ty);
        match self.rng.below(12) {
            0..=5 => {
                let op = *self.rng.pick(&["+", "-", "*", "&", "|", "^", "&^"]);
                let right = self.expr(ty, depth - 1);
                format!("({left} {op} {right})")
            }
            6 => {
                let op = *self.rng.pick(&["/", "%"]);
                let right = self.variable(ty);
                // Mostly not zero.
                if self.rng.one_in(12) {
                    format!("({left} {op} {right})")
                } else {
                    format!("({left} {op} ({right} | 1))")
                }
            }
            7 | 8 => {
                let op = *self.rng.pick(&["<<", ">>"]);
                let count = if self.rng.one_in(3) {
                    self.rng.below(70).to_string()
                } else {
                    let count = Ty::Num(5 + self.rng.below(5));
                    let count = self.variable(&count);
                    if self.rng.one_in(2) { format!("({count} & 63)") } else { count }
                };
                format!("({left} {op} {count})")
            }
            9 => {
                let op = *self.rng.pick(&["-", "^", "+"]);
                format!("({op}{left})")
            }
            10 => {
                let from = Ty::number(&mut self.rng);
                let value = self.variable(&from);
                // What a float outside of the integer's range becomes is the machine's choice.
                let value = if from.is_float() { format!("whole(float64({value}))") } else { value };
                format!("{}({value})", ty.name())
            }
            _ => {
                let s = self.expr(&Ty::Str, depth - 1);
                if self.rng.one_in(2) {
                    format!("{}(sum({s}))", ty.name())
                } else {
                    let s = format!("({s} + \"\")");
                    format!("{}(length({s}))", ty.name())
                }
            }
        }
    }

    fn float(&mut self, ty: &Ty, depth: usize) -> String {
        let left = self.variable(ty);
        match self.rng.below(6) {
            0..=3 => {
                let op = *self.rng.pick(&["+", "-", "*", "/"]);
                let right = self.expr(ty, depth - 1);
                let right = if op == "/" { self.variable(ty) } else { right };
                format!("({left} {op} {right})")
            }
            4 => format!("(-{left})"),
            _ => {
                let from = Ty::number(&mut self.rng);
                let value = self.variable(&from);
                format!("{}({value})", ty.name())
            }
        }
    }

    fn boolean(&mut self, depth: usize) -> String {
        match self.rng.below(5) {
            0 => {
                let op = *self.rng.pick(&["&&", "||"]);
                let (a, b) = (self.expr(&Ty::Bool, depth - 1), self.expr(&Ty::Bool, depth - 1));
                format!("({a} {op} {b})")
            }
            1 => {
                let a = self.expr(&Ty::Bool, depth - 1);
                format!("!{a}")
            }
            _ => {
                let ty = if self.rng.one_in(4) { Ty::Str } else { Ty::number(&mut self.rng) };
                let op = *self.rng.pick(&["==", "!=", "<", "<=", ">", ">="]);
                let (a, b) = (self.variable(&ty), self.expr(&ty, depth - 1));
                format!("({a} {op} {b})")
            }
        }
    }

    fn string(&mut self, depth: usize) -> String {
        match self.rng.below(5) {
            0 | 1 => {
                let (a, b) = (self.variable(&Ty::Str), self.expr(&Ty::Str, depth - 1));
                format!("short({a} + {b})")
            }
            2 => {
                let s = self.variable(&Ty::Str);
                let (from, to) = (self.rng.below(3), self.rng.below(4));
                format!("cut({s}, {from}, {to})")
            }
            3 => {
                let r = self.variable(&Ty::Num(3));
                format!("string(rune({r}))")
            }
            _ => {
                let s = self.variable(&Ty::Str);
                format!("string([]byte({s}))")
            }
        }
    }

    fn slice(&mut self, ty: &Ty, elem: &Ty, depth: usize) -> String {
        let base = self.variable(ty);
        match self.rng.below(4) {
            0 => {
                let value = self.expr(elem, depth - 1);
                format!("few(append({base}, {value}))")
            }
            1 => format!("few(append({}(nil), {base}...))", ty.name()),
            2 => {
                let (from, to) = (self.rng.below(2), self.rng.below(4));
                if self.rng.one_in(8) {
                    format!("{base}[{from}:]")
                } else {
                    format!("few({base})[:min({to}, len({base}))]")
                }
            }
            _ => {
                let n = self.rng.below(6);
                format!("make({}, {n})", ty.name())
            }
        }
    }
}
