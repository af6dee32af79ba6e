// run

// What a copy shares, and what a panic of a writer says.
package main

import (
	"fmt"
	"slices"
	"text/tabwriter"
	"unsafe"
)

type broken struct{}

func (broken) Write([]byte) (int, error) { panic("cannot write") }

func try(f func()) {
	defer func() { fmt.Println(recover()) }()
	f()
}

var s = make([]int, 3)

func main() {
	clone := slices.Clone(s[1:1])
	base := unsafe.SliceData(clone)
	fmt.Println(clone != nil, len(clone), base != &s[0] && base != &s[1], slices.Clone([]int(nil)) == nil)
	fmt.Println(slices.Clone([]int{1, 2, 3}))

	w := tabwriter.NewWriter(broken{}, 0, 0, 5, ' ', 0)
	fmt.Fprint(w, "a")
	try(func() { w.Flush() })
	try(func() { fmt.Fprint(w, "a\n\n") })
}
