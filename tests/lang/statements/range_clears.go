// run
// Loops that set all elements of a slice to zero, and loops that only look as if they did.
package main

import "fmt"

type pair struct {
	a int
	b string
}

var global = []int{1, 2, 3}

func main() {
	ints := []int{1, 2, 3, 4}
	for i := range ints[:2] {
		ints[i] = 0
	}
	fmt.Println(ints)
	tail := ints[2:3]
	for i := range tail {
		tail[i] = 0
	}
	fmt.Println(ints)

	ptrs := []*int{&ints[0], nil, &ints[1]}
	for i := range ptrs {
		ptrs[i] = nil
	}
	strs := []string{"a", "b"}
	for i := range strs {
		strs[i] = ""
	}
	anys := []any{1, "x", nil}
	for i := range anys {
		anys[i] = nil
	}
	fmt.Println(ptrs, len(strs[0]+strs[1]), anys)
	for i := range anys {
		anys[i] = 0
	}
	floats := []float64{1, 2}
	for i := range floats {
		floats[i] = 0
	}
	bools := make([]bool, 1000)
	for i := range bools {
		bools[i] = true
	}
	for i := range bools {
		bools[i] = false
	}
	fmt.Println(anys, floats, bools[0], bools[999])
	for i := range global {
		global[i] = 0
	}
	fmt.Println(global)

	var none []int
	for i := range none {
		none[i] = 0
	}
	other, j := []int{5, 6, 7, 8}, 1
	for i := range ints {
		other[i] = 0
	}
	for range other[1:] {
		ints[j] = 0
	}
	more := []int{5, 6, 7, 8}
	for i := range more {
		more[j] = 0
		_ = i
	}
	for j = range more {
		more[j] = 0
	}
	fmt.Println(none, other, more, j)
	short := []int{1, 2}
	defer func() { fmt.Println(recover(), short) }()
	for i := range more {
		short[i] = 0
	}
}
