// errorcheck

// A module of Go 1.17 has nothing that is newer.
package main

import "unsafe"

type pair[A any] struct{ a A } // ERROR "type parameter requires go1.18 or later \(-lang was set to go1.17; check go.mod\)" "predeclared any requires go1.18 or later"

func id[T any](x T) T { return x } // ERROR "type parameter requires go1.18 or later" "predeclared any requires go1.18"

func main() {
	for i := range 3 { // ERROR "cannot range over 3 .untyped int constant.: requires go1.22 or later \(-lang was set to go1.17; check go.mod\)"
		_ = i
	}
	for range func(func() bool) {} { // ERROR "cannot range over .*requires go1.23 or later"
	}
	_ = min(1, 2)         // ERROR "built-in min requires go1.21 or later"
	clear(map[int]int{})  // ERROR "clear requires go1.21 or later"
	s := []int{1, 2}
	_ = [2]int(s) // ERROR "cannot convert s .variable of type \[\]int. to type \[2\]int: conversion of slice to array requires go1.20 or later"
	_ = (*[2]int)(s)
	_ = unsafe.Slice(&s[0], 1)
	_ = unsafe.SliceData(s)      // ERROR "unsafe.SliceData requires go1.20 or later"
	_ = unsafe.StringData("abc") // ERROR "unsafe.StringData requires go1.20 or later"
	_ = new(5)                   // ERROR "new\(5\) requires go1.26 or later"
}
