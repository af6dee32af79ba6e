// run
package main

// Calls through function values and interfaces that learn what they go to while compiled code runs: one target, then others, then
// more than there is room for; in a loop that does not end, and in functions that are translated into others.

import "fmt"

type shape interface{ area(k int) int }
type square struct{ a int }
type rect struct{ a, b int }
type line int
type dot struct{}

func (s square) area(k int) int { return s.a*s.a + k }
func (r *rect) area(k int) int  { return r.a*r.b - k }
func (l line) area(int) int     { return int(l) }
func (dot) area(k int) int {
	if k == 77777 {
		panic("a dot at 77777")
	}
	return 0
}

func apply(f func(int) int, x int) int { return f(x) }

func sum(s shape, f func(int) int, k int) int { return apply(f, s.area(k)) }

//go:noinline
func long(fs []func(int) int, shapes []shape, n int) (total int) {
	for k := range n {
		at := k * len(fs) / n
		total = total*3 + sum(shapes[at%len(shapes)], fs[at], k)
		if at > 0 {
			total ^= apply(fs[k%at], k)
		}
	}
	return total
}

func catch(f func() int) (text string) {
	defer func() { text = fmt.Sprint(text, " ", recover()) }()
	return fmt.Sprint(f())
}

func main() {
	bias := 0
	fs := []func(int) int{
		func(x int) int { return x + 1 },
		func(x int) int { return x ^ 3 },
		func(x int) int { bias++; return x + bias },
		func(x int) int { return x * 5 },
		square{7}.area,
		(&rect{2, 3}).area,
		func(x int) int { return x % 11 },
		func(x int) int { return x >> 1 },
		func(x int) int { return -x },
	}
	shapes := []shape{square{1}, &rect{2, 3}, line(9), &square{4}, square{5}}
	for round := range 3 {
		fmt.Println(round, long(fs, shapes, 200_000), bias)
	}
	shapes = append(shapes, dot{})
	fmt.Println(catch(func() int { return long(fs[:3], []shape{dot{}, square{2}}, 300_000) }))
	fmt.Println(catch(func() int { return long(fs[:3], []shape{line(1), nil}, 60_000) }))
	fmt.Println(catch(func() int { return long([]func(int) int{fs[0], nil, fs[1]}, shapes, 60_000) }))
}
