// run
// Calls through interfaces and function values that go to one target, then to several, then to many, in phases; some of the
// targets panic.
package main

import "fmt"

type shape interface {
	area(scale int) int
}

type (
	square struct{ side int }
	rect   struct{ w, h int }
	unit   struct{}
	num    int
	outer  struct{ in shape }
	fails  struct{ at int }
	many   [3]int
	text   string
)

func (s *square) area(k int) int { return s.side * s.side * k }
func (r rect) area(k int) int    { return r.w * r.h * k }
func (unit) area(k int) int      { return k }
func (n num) area(k int) int     { return int(n) + k }
func (o *outer) area(k int) int  { return o.in.area(k) + 1 }
func (f *fails) area(k int) int  { return 100 / (k - f.at) }
func (m many) area(k int) int    { return m[k%3] }
func (t text) area(k int) int    { return len(t) * k }

func sum(shapes []shape, k int) (total int, err any) {
	defer func() { err = recover() }()
	for _, s := range shapes {
		total += s.area(k)
	}
	return total, nil
}

func apply(fs []func(int) int, x int) int {
	for _, f := range fs {
		x = f(x) & 0xffff
	}
	return x
}

func phase(name string, shapes ...shape) {
	total, failed := 0, 0
	var last any
	for k := 1; k <= 12000/len(shapes); k++ {
		t, err := sum(shapes, k)
		total += t
		if err != nil {
			failed++
			last = err
		}
	}
	fmt.Println(name, total, failed, last)
}

func main() {
	sq, re := &square{3}, rect{2, 5}
	phase("one", sq)
	phase("two", sq, re)
	phase("rare", sq, sq, sq, sq, sq, sq, sq, sq, sq, sq, num(4))
	phase("five", sq, re, unit{}, num(7), &outer{re})
	phase("nested", &outer{sq}, &outer{&outer{unit{}}}, &outer{num(1)}, &outer{&outer{&outer{re}}})
	phase("fails", sq, &fails{5}, re)
	phase("nil", sq, nil, re)
	phase("nil inside", re, &outer{}, sq)
	phase("eight", sq, re, unit{}, num(7), &outer{re}, &fails{-1}, many{1, 2, 3}, text("four"))
	phase("other", text("abc"), many{4, 5, 6})

	step := 3
	fs := []func(int) int{
		func(x int) int { return x + 1 },
		func(x int) int { return x * step },
		func(x int) int { return x ^ 0x55 },
		func(x int) int { step = x&7 | 1; return x },
	}
	x := 1
	for i := range 6000 {
		x = apply(fs[:i/2000+2], x)
	}
	fmt.Println(x, step)
	defer func() { fmt.Println(recover()) }()
	apply(append(fs, nil), 1)
}
