// run

// Generic methods and generic aliases.
package main

import (
	"fmt"
	"strconv"
)

type list[T any] struct{ items []T }

func (l list[T]) Map[U any](f func(T) U) list[U] {
	var out list[U]
	for _, x := range l.items {
		out.items = append(out.items, f(x))
	}
	return out
}

func (l *list[T]) Add[S ~[]T](more S) *list[T] {
	l.items = append(l.items, more...)
	return l
}

func (l list[T]) Fold[A any](a A, f func(A, T) A) A {
	for _, x := range l.items {
		a = f(a, x)
	}
	return a
}

type plain struct{ n int }

func (p plain) Show[T fmt.Stringer](x T) string { return fmt.Sprint(p.n, x.String()) }
func (p *plain) Set[T ~int | ~uint8](x T)      { p.n = int(x) }
func (plain) Zero[T any]() (z T)               { return }

type name string

func (n name) String() string { return "<" + string(n) + ">" }

type outer struct{ *plain }

type vector[T any] = []T
type table[V any] = map[string]V
type pairs[A any, B any] = []struct {
	a A
	b B
}
type mylist[T any] = list[vector[T]]
type strs = list[string]

func sum[T int | float64](v vector[T]) (s T) {
	for _, x := range v {
		s += x
	}
	return
}

func keys[V any](t table[V]) int { return len(t) }

func main() {
	l := list[int]{[]int{1, 2, 3}}
	fmt.Println(l.Map(strconv.Itoa), l.Map(func(n int) float64 { return float64(n) / 2 }), l.Map[bool](func(n int) bool { return n > 1 }))
	fmt.Println(l.Add([]int{4}).Add(vector[int]{5, 6}).items, l.Fold("", func(s string, n int) string { return s + strconv.Itoa(n) }))
	fmt.Println(l.Map(func(n int) list[int] { return list[int]{make([]int, n)} }).Fold(0, func(a int, l list[int]) int { return a + len(l.items) }))
	p := &plain{3}
	fmt.Println(p.Show(name("x")), p.Zero[string]() == "", p.Zero[[2]int]())
	p.Set(uint8(9))
	o := outer{p}
	o.Set(11)
	fmt.Println(p.n, o.Show[name]("y"), o.Zero[*int]() == nil)
	f := l.Map[string]
	g := list[int].Fold[int]
	h := (*plain).Set[int]
	h(p, 5)
	fmt.Println(f(strconv.Itoa).items, g(l, 10, func(a, b int) int { return a + b }), p.n)
	fmt.Println(sum(vector[int]{1, 2}), sum([]float64{1.5, 2}), keys(table[bool]{"a": true}), keys(map[string]int{}))
	var ps pairs[int, string] = pairs[int, string]{{1, "a"}}
	var ml mylist[byte]
	ml.items = append(ml.items, []byte("hi"))
	var ss strs = list[string]{[]string{"z"}}
	fmt.Printf("%v %v %v %T %T %T\n", ps, ml, ss, ml, ss, vector[int]{})
}
