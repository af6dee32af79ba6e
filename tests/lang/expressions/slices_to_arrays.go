// run

// Conversions of slices to arrays and to array pointers.
package main

import "fmt"

type four [4]int
type ints []int

func convert[A ~[2]E, S ~[]E, E any](s S) A { return A(s) }

func try(f func()) {
	defer func() { fmt.Println(recover()) }()
	f()
}

type big [100]byte

func main() {
	s := ints{1, 2, 3, 4, 5}
	a := [4]int(s)
	p := (*[4]int)(s)
	a[0], p[1] = 10, 20
	fmt.Println(s, a, *p, len(p), four(s), *(*four)(s[1:]))
	fmt.Println([0]int(s), [0]int(ints(nil)), (*[0]int)(s) != nil, (*[0]int)([]int(nil)) == nil, (*[0]int)([]int{}) != nil)
	fmt.Println(convert[[2]int](s), [2]string([]string{"a", "b", "c"}))
	b := make([]byte, 100)
	b[99] = 7
	x := big(b)
	b[99] = 8
	fmt.Println(x[99], (*big)(b)[99])
	m := map[[2]int]string{[2]int(s): "key"}
	fmt.Println(m[[2]int{1, 20}])
	for i, v := range [2]int(s) {
		fmt.Print(i, v, " ")
	}
	fmt.Println()
	n := 3
	try(func() { _ = [4]int(s[:n]) })
	try(func() { _ = (*[6]int)(s) })
	try(func() { _ = [1]int([]int(nil)) })
	try(func() { _ = (*[1]int)(s[:0]) })
	try(func() { _ = convert[[2]int](s[:1]) })
	var i any = [2]int(s)
	fmt.Println(i.([2]int), i == any([2]int{1, 20}))
}
