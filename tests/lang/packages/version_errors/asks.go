//go:build go1.21

package main

func asks() {
	_ = min(1, 2)
	for range 3 { // ERROR "cannot range over 3 .*requires go1.22 or later \(file declares //go:build go1.21\)"
	}
}

type vector[T any] = []T // ERROR "generic type alias requires go1.23 or later"

type t struct{}

func (t) m[T any](T) {} // ERROR "generic method requires go1.27 or later \(file declares //go:build go1.21\)"
