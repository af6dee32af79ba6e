//! Statements.
//!
//! Everything ends: loops and calls burn a fuel that the whole program shares, and functions call only functions
//! of a higher number, or themselves with a smaller depth.

use crate::program::{Gen, Var};
use crate::ty::{INT, Ty};

impl Gen {
    /// A block of statements; variables that it declares are gone behind it.
    pub fn block(&mut self, n: usize, depth: usize) {
        let scope = self.scope.len();
        for _ in 0..n {
            self.statement(depth);
        }
        // What the block did must show.
        if let Some(i) = (scope..self.scope.len()).last() {
            let var = self.scope[i].clone();
            self.observe(&var);
        }
        self.scope.truncate(scope);
    }

    fn statement(&mut self, depth: usize) {
        match self.rng.below(if depth == 0 { 12 } else { 26 }) {
            0..=3 => self.declare(),
            4..=6 => self.assign(),
            7 => self.call(),
            8 => self.use_collection(),
            9 => self.call_value(),
            10 => self.call_method(),
            11 => {
                let var = self.rng.pick(&self.scope.clone()).clone();
                self.observe(&var);
            }
            12..=14 => self.branch(depth),
            15..=17 => self.counted_loop(depth),
            18 => self.range(depth),
            19 => self.switch(depth),
            20 => self.protected(depth),
            21 => self.closure(depth),
            22 => self.goroutines(depth),
            23 => self.select(depth),
            24 => self.type_switch(),
            _ => self.defer(),
        }
    }

    fn declare(&mut self) {
        let ty = Ty::any(&mut self.rng, 2);
        let value = self.expr(&ty, 3);
        let name = self.fresh();
        self.line(&format!("var {name} {} = {value}", ty.name()));
        self.line(&format!("_ = {name}"));
        self.scope.push(Var { name, ty, fixed: false });
    }

    fn assignable(&mut self) -> Option<(String, Ty)> {
        let vars: Vec<Var> = self.scope.iter().filter(|v| !v.fixed).cloned().collect();
        if vars.is_empty() {
            return None;
        }
        let var = self.rng.pick(&vars).clone();
        Some(match &var.ty {
            Ty::Array(n, elem) if self.rng.one_in(2) => {
                (format!("{}[{}]", var.name, self.rng.below(*n)), (**elem).clone())
            }
            Ty::Struct(s) | Ty::Ptr(s) if self.rng.one_in(2) => {
                let i = self.rng.below(self.structs[*s].len());
                (format!("{}.F{i}", var.name), self.structs[*s][i].clone())
            }
            Ty::Map(key, elem) if self.rng.one_in(2) => {
                let key = self.expr(key, 1);
                (format!("{}[{key}]", var.name), (**elem).clone())
            }
            Ty::Slice(elem) if self.rng.one_in(2) => {
                let i = self.rng.below(3);
                self.line(&format!("if len({}) > {i} {{", var.name));
                let value = self.expr(elem, 2);
                self.line(&format!("{}[{i}] = {value}", var.name));
                self.line("}");
                return self.assignable_whole(&var);
            }
            _ => return self.assignable_whole(&var),
        })
    }

    fn assignable_whole(&mut self, var: &Var) -> Option<(String, Ty)> {
        Some((var.name.clone(), var.ty.clone()))
    }

    fn assign(&mut self) {
        let Some((place, ty)) = self.assignable() else { return };
        if ty.is_integer() && self.rng.one_in(3) {
            let op = *self.rng.pick(&["+", "-", "*", "&", "|", "^", "&^"]);
            let value = self.expr(&ty, 2);
            return self.line(&format!("{place} {op}= {value}"));
        }
        if ty.is_integer() && self.rng.one_in(3) {
            let op = *self.rng.pick(&["++", "--"]);
            return self.line(&format!("{place}{op}"));
        }
        let value = self.expr(&ty, 3);
        self.line(&format!("{place} = {value}"));
    }

    /// Calls a function of a higher number.
    fn call(&mut self) {
        if self.running + 1 >= self.functions.len() {
            return;
        }
        let at = self.running + 1 + self.rng.below(self.functions.len() - self.running - 1);
        let (params, results) = self.functions[at].clone();
        let args: Vec<String> = params.iter().map(|p| self.expr(p, 1)).collect();
        let names: Vec<String> = results.iter().map(|_| self.fresh()).collect();
        self.line(&format!("{} := f{at}({})", names.join(", "), args.join(", ")));
        for (name, ty) in names.into_iter().zip(results) {
            self.line(&format!("_ = {name}"));
            self.scope.push(Var { name, ty, fixed: false });
        }
    }

    fn vars(&self, is: impl Fn(&Ty) -> bool) -> Vec<Var> {
        self.scope.iter().filter(|v| is(&v.ty)).cloned().collect()
    }

    fn use_collection(&mut self) {
        let vars = self.vars(|ty| matches!(ty, Ty::Map(..) | Ty::Slice(_)));
        if vars.is_empty() {
            return;
        }
        let Var { name, ty, .. } = self.rng.pick(&vars).clone();
        match ty {
            Ty::Map(key, _) => {
                let key = self.expr(&key, 1);
                match self.rng.below(3) {
                    0 => self.line(&format!("delete({name}, {key})")),
                    1 => {
                        let ok = self.fresh();
                        self.line(&format!("_, {ok} := {name}[{key}]"));
                        self.line(&format!("note({ok})"));
                    }
                    _ => self.line(&format!("note(len({name}))")),
                }
            }
            _ => match self.rng.below(3) {
                0 => self.line(&format!("note(copy({name}, {name}[len({name})/2:]))")),
                1 => self.line(&format!("note(len({name}), cap({name}[:len({name}):len({name})]))")),
                _ => self.line(&format!("clear({name}[:len({name})/2])")),
            },
        }
    }

    fn call_value(&mut self) {
        let vars = self.vars(|ty| matches!(ty, Ty::Func(..)));
        if vars.is_empty() {
            return;
        }
        let Var { name, ty: Ty::Func(params, result), .. } = self.rng.pick(&vars).clone() else { return };
        let args: Vec<String> = params.iter().map(|p| self.expr(p, 2)).collect();
        let into = self.fresh();
        self.line(&format!("var {into} {}", result.name()));
        self.line(&format!("if {name} != nil {{ {into} = {name}({}) }}", args.join(", ")));
        self.line(&format!("_ = {into}"));
        self.scope.push(Var { name: into, ty: *result, fixed: false });
    }

    fn call_method(&mut self) {
        let vars = self.vars(|ty| matches!(ty, Ty::Iface | Ty::Struct(0) | Ty::Ptr(1)));
        if vars.is_empty() {
            return;
        }
        let var = self.rng.pick(&vars).clone();
        let arg = self.expr(&INT, 2);
        let into = self.fresh();
        match self.rng.below(3) {
            0 => self.line(&format!("{into} := {}.M({arg})", var.name)),
            1 => self
                .line(&format!("{into} := {}.M; note({into}({arg})); {into}2 := 1; _ = {into}2", var.name)),
            _ => self.line(&format!("{into} := length({}.Name())", var.name)),
        }
        self.line(&format!("_ = {into}"));
    }

    fn branch(&mut self, depth: usize) {
        let cond = self.expr(&Ty::Bool, 2);
        self.line(&format!("if {cond} {{"));
        let n = 1 + self.rng.below(3);
        self.block(n, depth - 1);
        if self.rng.one_in(2) {
            self.line("} else {");
            self.block(n, depth - 1);
        }
        self.line("}");
    }

    fn counted_loop(&mut self, depth: usize) {
        let (i, n) = (self.fresh(), [2, 5, 9, 40, 200][self.rng.below(5)]);
        match self.rng.below(3) {
            0 => self.line(&format!("for {i} := range {n} {{")),
            1 => self.line(&format!("for {i} := 0; {i} < {n}; {i}++ {{")),
            _ => {
                let step = 1 + self.rng.below(3);
                self.line(&format!("for {i} := {n}; {i} > 0; {i} -= {step} {{"));
            }
        }
        self.line(&format!("_ = {i}"));
        self.line("if fuel--; fuel < 0 { break }");
        self.scope.push(Var { name: i, ty: INT, fixed: true });
        let body = 1 + self.rng.below(4);
        self.block(body, depth - 1);
        if self.rng.one_in(5) {
            let cond = self.expr(&Ty::Bool, 2);
            let what = *self.rng.pick(&["break", "continue"]);
            self.line(&format!("if {cond} {{ {what} }}"));
        }
        self.scope.pop();
        self.line("}");
    }

    fn range(&mut self, depth: usize) {
        let vars = self.vars(|ty| matches!(ty, Ty::Slice(_) | Ty::Array(..) | Ty::Map(..) | Ty::Str));
        if vars.is_empty() {
            return;
        }
        let Var { name, ty, .. } = self.rng.pick(&vars).clone();
        let (k, v) = (self.fresh(), self.fresh());
        self.line(&format!("for {k}, {v} := range {name} {{"));
        self.line("if fuel--; fuel < 0 { break }");
        self.line(&format!("_, _ = {k}, {v}"));
        let (key, elem) = match ty {
            Ty::Slice(elem) | Ty::Array(_, elem) => (INT, *elem),
            Ty::Map(key, _) => {
                // Its order is random: what is done must not depend on it.
                if key.is_integer() {
                    self.line(&format!("unordered += uint64({k})"));
                } else {
                    self.line("unordered++");
                }
                return self.line("}");
            }
            _ => (INT, Ty::Num(3)),
        };
        self.scope.push(Var { name: k, ty: key, fixed: true });
        self.scope.push(Var { name: v, ty: elem, fixed: false });
        self.block(2, depth - 1);
        self.scope.truncate(self.scope.len() - 2);
        self.line("}");
    }

    fn switch(&mut self, depth: usize) {
        let value = self.variable(&INT);
        self.line(&format!("switch {value} & 7 {{"));
        for case in 0..2 + self.rng.below(5) {
            self.line(&format!("case {case}:"));
            self.block(1, depth - 1);
            if self.rng.one_in(6) {
                self.line("fallthrough");
            }
        }
        self.line("default:");
        self.block(1, depth - 1);
        self.line("}");
    }

    /// Something that may panic, in a function that recovers.
    fn protected(&mut self, depth: usize) {
        self.line("func() {");
        self.line("defer func() { caught(recover()) }()");
        self.block(2, depth - 1);
        match self.rng.below(6) {
            0 => {
                let value = self.expr(&Ty::Str, 1);
                self.line(&format!("if fuel & 1 == 0 {{ panic({value}) }}"));
            }
            1 => self.line("panic(fuel)"),
            2 => {
                let value = self.variable(&Ty::Any);
                self.line(&format!("note({value}.(int))"));
            }
            3 => {
                let value = self.variable(&Ty::Ptr(1));
                self.line(&format!("note({value}.F0)"));
            }
            _ => {}
        }
        self.line("}()");
    }

    /// A closure that changes what it has captured.
    fn closure(&mut self, depth: usize) {
        let name = self.fresh();
        let result = Ty::scalar(&mut self.rng);
        let param = Ty::scalar(&mut self.rng);
        let p = self.fresh();
        self.line(&format!("{name} := func({p} {}) {} {{", param.name(), result.name()));
        self.line(&format!("if fuel--; fuel < 0 {{ var z {}; return z }}", result.name()));
        self.scope.push(Var { name: p, ty: param.clone(), fixed: false });
        let scope = self.scope.len();
        for _ in 0..2 {
            self.statement(depth - 1);
        }
        let value = self.expr(&result, 2);
        self.line(&format!("return {value}"));
        self.scope.truncate(scope - 1);
        self.line("}");
        self.line(&format!("_ = {name}"));
        self.scope.push(Var { name, ty: Ty::Func(vec![param], Box::new(result)), fixed: true });
    }

    /// Goroutines whose results do not depend on who is first.
    fn goroutines(&mut self, depth: usize) {
        let (ch, i) = (self.fresh(), self.fresh());
        let (workers, each, room) = (1 + self.rng.below(3), 1 + self.rng.below(30), self.rng.below(3));
        self.line(&format!("{ch} := make(chan uint64, {room})"));
        self.line(&format!("for {i} := range {workers} {{"));
        self.line("go func() {");
        self.line("defer func() { if recover() != nil { close(make(chan int)) } }()");
        let x = self.fresh();
        self.line(&format!("{x} := uint64({i})"));
        // Goroutines share nothing but the channel.
        let outer = std::mem::take(&mut self.scope);
        self.scope.push(Var { name: x.clone(), ty: Ty::Num(9), fixed: false });
        self.line(&format!("for j := range {each} {{"));
        let value = self.expr(&Ty::Num(9), depth.min(2));
        self.line(&format!("{x} += uint64(j) + safely(func() uint64 {{ return {value} }})"));
        self.line(&format!("{ch} <- {x}"));
        self.line("}");
        self.line("}()");
        self.line("}");
        self.scope = outer;
        self.line(&format!("for range {} {{ unordered += <-{ch} }}", workers * each));
    }

    /// A producer and a select that takes from two channels until both are closed.
    fn select(&mut self, _: usize) {
        let (a, b) = (self.fresh(), self.fresh());
        let (n, m) = (self.rng.below(20), self.rng.below(20));
        let room = self.rng.below(3);
        self.line(&format!("{a}, {b} := make(chan int, {room}), make(chan string)"));
        self.line(&format!("go func() {{ for i := range {n} {{ {a} <- i }}; close({a}) }}()"));
        self.line(&format!(
            "go func() {{ for i := range {m} {{ {b} <- cut(\"select\", i%6, 6) }}; close({b}) }}()"
        ));
        self.line(&format!("for {a} != nil || {b} != nil {{"));
        self.line("select {");
        self.line(&format!("case v, ok := <-{a}: if ok {{ unordered += uint64(v) }} else {{ {a} = nil }}"));
        self.line(&format!(
            "case v, ok := <-{b}: if ok {{ unordered += uint64(len(v)) }} else {{ {b} = nil }}"
        ));
        self.line("}");
        self.line("}");
    }

    fn type_switch(&mut self) {
        let value = self.variable(&Ty::Any);
        let x = self.fresh();
        self.line(&format!("switch {x} := {value}.(type) {{"));
        for ty in ["int", "string", "uint8", "float64"] {
            self.line(&format!("case {ty}: note({x} == {x}, \"{ty}\")"));
        }
        self.line("case nil: note(\"nil\")");
        self.line(&format!("default: note({x} != nil)"));
        self.line("}");
    }

    fn defer(&mut self) {
        // A deferred call in a loop would pile up.
        let value = self.expr(&INT, 2);
        self.line("func() {");
        self.line(&format!("defer note({value})"));
        self.line("defer func() { fuel-- }()");
        self.assign();
        self.line("}()");
    }

    /// Makes a variable's value part of the output.
    pub fn observe(&mut self, var: &Var) {
        let name = &var.name;
        let text = match &var.ty {
            Ty::Num(_) | Ty::Bool | Ty::Str => format!("note({name})"),
            Ty::Slice(elem) | Ty::Array(_, elem) if matches!(**elem, Ty::Num(_) | Ty::Str | Ty::Bool) => {
                format!("for _, v := range {name} {{ note(v) }}")
            }
            Ty::Slice(_) | Ty::Array(..) | Ty::Map(..) => format!("note(len({name}))"),
            Ty::Struct(s) => {
                let scalars = self.structs[*s].iter().enumerate();
                let fields: Vec<String> = scalars
                    .filter(|(_, f)| matches!(f, Ty::Num(_) | Ty::Bool | Ty::Str))
                    .map(|(i, _)| format!("{name}.F{i}"))
                    .collect();
                format!("note({})", fields.join(", "))
            }
            _ => return,
        };
        self.line(&text);
    }
}
