//! The whole program: types, helpers, functions, main.

use crate::rng::Rng;
use crate::ty::{INT, STRUCTS, Ty};
use std::fmt::Write;

/// A variable in scope.
#[derive(Clone)]
pub struct Var {
    pub name: String,
    pub ty: Ty,
    /// It is not assigned to.
    pub fixed: bool,
}

/// What is generated so far.
pub struct Gen {
    pub rng: Rng,
    pub scope: Vec<Var>,
    pub structs: Vec<Vec<Ty>>,
    /// Parameters and results.
    pub functions: Vec<(Vec<Ty>, Vec<Ty>)>,
    /// The function that is being made.
    pub running: usize,
    out: String,
    names: usize,
    /// Literals that the one being made stands in.
    pub nesting: usize,
}

/// What every program has: how values become output, and operations that cannot go wrong.
const PRELUDE: &str = r#"package main

var fuel = 20000
var state uint64 = 1
var unordered uint64

func mix(x uint64) { state = (state ^ x) * 0x100000001b3; state ^= state >> 29 }

func note(values ...any) {
	for _, value := range values {
		switch v := value.(type) {
		case int: mix(uint64(v))
		case int8: mix(uint64(v))
		case int16: mix(uint64(v))
		case int32: mix(uint64(v))
		case int64: mix(uint64(v))
		case uint: mix(uint64(v))
		case uint8: mix(uint64(v))
		case uint16: mix(uint64(v))
		case uint32: mix(uint64(v))
		case uint64: mix(v)
		case uintptr: mix(uint64(v))
		case float64: noteFloat(v)
		case float32: noteFloat(float64(v))
		case bool: if v { mix(3) } else { mix(5) }
		case string: mix(uint64(sum(v)))
		case nil: mix(11)
		default: mix(13)
		}
	}
}

func noteFloat(v float64) {
	if v != v { mix(17); return }
	if v > 1e15 { mix(19); return }
	if v < -1e15 { mix(23); return }
	mix(uint64(int64(v * 1024)))
}

func caught(r any) {
	switch v := r.(type) {
	case nil: mix(29)
	case error: print("caught ", v.Error(), "\n")
	case string: print("caught string ", len(v), "\n")
	case int: print("caught int ", v, "\n")
	default: print("caught\n")
	}
}

func safely(f func() uint64) (r uint64) {
	defer func() { if e := recover(); e != nil { r = 77 } }()
	return f()
}

func id[T any](x T) T { return x }
func sum(s string) int { h := 7; for i := 0; i < len(s); i++ { h = h*31 + int(s[i]) }; return h }
func at[T any](s []T, i int) T { if len(s) == 0 { var zero T; return zero }; return s[uint(i)%uint(len(s))] }
func length(s string) int { n := 0; for range s { n++ }; return n }
func short(s string) string { if len(s) > 40 { return s[:40] }; return s }
func few[T any](s []T) []T { if len(s) > 20 { return s[:20] }; return s }
func cut(s string, from, to int) string { to = min(max(to, 0), len(s)); from = min(max(from, 0), to); return s[from:to] }
func whole(x float64) float64 { if x > 0 && x < 100 { return x }; return 0 }

type Iface interface { M(int) int; Name() string }
type N int
func (n N) M(x int) int { return int(n) ^ x }
func (n N) Name() string { return "n" }
func (s S0) M(x int) int { fuel--; return s.F0*3 + x }
func (s S0) Name() string { return "zero" }
func (s *S1) M(x int) int { s.F0 += x; return s.F0 }
func (s *S1) Name() string { return "one, by pointer" }

"#;

/// A program from a seed.
pub fn generate(seed: u64) -> String {
    let mut g = Gen {
        rng: Rng::new(seed),
        scope: Vec::new(),
        structs: Vec::new(),
        functions: Vec::new(),
        running: 0,
        out: PRELUDE.to_string(),
        names: 0,
        nesting: 0,
    };
    g.types();
    let n = 2 + g.rng.below(6);
    for _ in 0..n {
        let mut list = |most: usize, least: usize| -> Vec<Ty> {
            let n = least + g.rng.below(most);
            (0..n).map(|_| Ty::any(&mut g.rng, 1)).collect()
        };
        let signature = (list(9, 0), list(4, 1));
        g.functions.push(signature);
    }
    for at in 0..n {
        g.function(at);
    }
    g.main();
    g.out
}

impl Gen {
    pub fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    pub fn fresh(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    fn types(&mut self) {
        for s in 0..STRUCTS {
            let mut fields = vec![INT];
            for _ in 0..self.rng.below(5) {
                fields.push(match self.rng.below(6) {
                    // Only structs of smaller numbers: a struct does not hold itself.
                    0 if s > 0 => Ty::Struct(self.rng.below(s)),
                    1 => Ty::Ptr(self.rng.below(s + 1)),
                    2 => Ty::Slice(Box::new(Ty::scalar(&mut self.rng))),
                    _ => Ty::scalar(&mut self.rng),
                });
            }
            let mut text = format!("type S{s} struct {{ ");
            for (i, field) in fields.iter().enumerate() {
                let _ = write!(text, "F{i} {}; ", field.name());
            }
            self.line(&(text + "}"));
            self.structs.push(fields);
        }
    }

    fn function(&mut self, at: usize) {
        self.running = at;
        let (params, results) = self.functions[at].clone();
        self.scope.clear();
        let mut list = Vec::new();
        for ty in &params {
            let name = self.fresh();
            list.push(format!("{name} {}", ty.name()));
            self.scope.push(Var { name, ty: ty.clone(), fixed: false });
        }
        let shown: Vec<String> = results.iter().map(|ty| format!("{} {}", self.fresh(), ty.name())).collect();
        self.line(&format!("func f{at}({}) ({}) {{", list.join(", "), shown.join(", ")));
        self.line("if fuel--; fuel < 0 { return }");
        for (name, ty) in shown.iter().zip(&results) {
            let name = name.split(' ').next().unwrap_or("_").to_string();
            self.scope.push(Var { name, ty: ty.clone(), fixed: false });
        }
        if self.rng.one_in(3) {
            self.line("defer func() { if r := recover(); r != nil { caught(r) } }()");
        }
        let n = 2 + self.rng.below(4);
        for _ in 0..n {
            self.block(2, 2);
        }
        for var in self.scope.clone() {
            self.observe(&var);
        }
        let values: Vec<String> = results.iter().map(|ty| self.expr(ty, 2)).collect();
        self.line(&format!("return {}", values.join(", ")));
        self.line("}\n");
    }

    fn main(&mut self) {
        self.scope.clear();
        self.line("func main() {");
        self.line("for turn := range 30 {");
        self.line("func() {");
        self.line("defer func() { if r := recover(); r != nil { caught(r) } }()");
        self.line("fuel = 700");
        self.line("note(turn)");
        for at in 0..self.functions.len().min(3) {
            let (params, results) = self.functions[at].clone();
            let args: Vec<String> = params.iter().map(|ty| self.expr(ty, 1)).collect();
            let blanks = vec!["_"; results.len()];
            self.line(&format!("{} = f{at}({})", blanks.join(", "), args.join(", ")));
        }
        self.line("}()");
        self.line("println(turn, state, unordered)");
        self.line("}");
        if self.rng.one_in(8) {
            self.line("var p *S1\nprintln(p.F0 + int(state))");
        } else if self.rng.one_in(8) {
            self.line("<-make(chan int)");
        }
        self.line("}");
    }
}
