// run

// Calls through function values and interfaces whose targets change while the program runs: first
// one, then another, then several at once. What was guessed from the first must not show.
package main

import "fmt"

type op interface {
	apply(x int) int
	name() string
}

type add struct{ n int }
type mul struct{ n, m int }
type neg int
type twice func(int) int

func (a add) apply(x int) int   { return x + a.n }
func (a add) name() string      { return "add" }
func (m *mul) apply(x int) int  { m.m++; return x*m.n%1000003 + m.m&1 }
func (m *mul) name() string     { return "mul" }
func (n neg) apply(x int) int   { return int(n) - x }
func (n neg) name() string      { return "neg" }
func (t twice) apply(x int) int { return t(t(x)) }
func (t twice) name() string    { return "twice" }

func run(ops []op, turns int) (int, int) {
	x, length := 1, 0
	for i := range turns {
		o := ops[i%len(ops)]
		x = o.apply(x) & 0xfffff
		length += len(o.name())
	}
	return x, length
}

func fold(fs []func(int) int, turns int) int {
	x := 7
	for i := range turns {
		x = fs[i%len(fs)](x) & 0xffff
	}
	return x
}

func try(fs []func(int) int, turns int) (x int, err any) {
	defer func() { err = recover() }()
	return fold(fs, turns), nil
}

func main() {
	count := 0
	counting := func(x int) int { count += x & 3; return x + 1 }
	plain := func(x int) int { return x*3 + 1 }
	failing := func(x int) int {
		if x > 40000 {
			panic(fmt.Sprint("too much: ", x))
		}
		return x + 5
	}
	phases := [][]op{
		{add{3}},
		{&mul{n: 7}},
		{neg(5)},
		{add{1}, &mul{n: 3}, neg(2), twice(plain)},
		{twice(counting), twice(counting)},
		{add{3}},
	}
	for round := range 3 {
		for i, ops := range phases {
			x, length := run(ops, 20000)
			fmt.Println(round, i, x, length)
		}
	}
	fmt.Println(fold([]func(int) int{plain}, 30000))
	fmt.Println(fold([]func(int) int{counting}, 30000), count)
	fmt.Println(fold([]func(int) int{plain, counting, plain}, 30000), count)
	fmt.Println(try([]func(int) int{failing}, 30000))
	fmt.Println(try([]func(int) int{plain, nil}, 30000))
	fmt.Println(fold([]func(int) int{plain}, 30000))
}
