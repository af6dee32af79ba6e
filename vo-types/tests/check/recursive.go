package p

import "unsafe"

// A type argument lies where the type parameter does.

type Slice[P any] []P
type Wrap[P any] struct{ _ P }
type Ten[P any] struct{ _ [10]P }

type Good1 struct{ _ Slice[Good1] }
type Good2 struct{ _ Slice[Wrap[Good2]] }
type Good3 [10]Wrap[Ten[func(Good3)]]
type Bad1 struct{ _ Wrap[Bad1] } // ERROR "6: invalid recursive type Bad1"
type Bad2 [10]Wrap[Ten[Wrap[Bad2]]] // ERROR "6: invalid recursive type Bad2"
type Bad3[P any] [1]P
type Bad4[P any] Bad3[P]
type Bad5 Bad4[Bad5] // ERROR "6: invalid recursive type Bad5"

// Each broken type is reported, and what follows from one is not.

type A struct{ a A } // ERROR "6: invalid recursive type: A refers to itself"
type B struct { // ERROR "6: invalid recursive type: B refers to itself"
	a A
	b B
}

type S struct{ I } // ERROR "6: invalid recursive type S" "16: cannot use type I outside a type constraint: interface contains type constraints"
type I interface{ int | S }

// A type cannot need its own size.

type Z1 [unsafe.Sizeof(Z2{})]byte // ERROR "6: invalid recursive type Z1"
type Z2 struct{ z Z1 }
type Z3 = Z4
type Z4 [unsafe.Sizeof(Z3{})]int // ERROR "6: invalid recursive type: Z4 refers to itself"

// A generic function may mention itself in its own signature.

func F[T any](_ [unsafe.Sizeof(F[int])]T) (res T) { return }

// Recursive anonymous interfaces are identical if they unroll to the same.

type T1 interface{ m() interface{ T1 } }
type T2 interface{ m() interface{ T2 } }

func _(x T1, y T2) { x = y; y = x }

// Receivers.

type G[P any] struct{}
type G1[P any] = G[P]
type G2[P any] = *G[P]
type C1[P any] = C
type C2 = *C1[int]
type C struct{}

func (G1[P]) m() {} // ERROR "7: cannot define new methods on generic alias type G1[P any]"
func (G2[P]) m() {} // ERROR "7: cannot define new methods on generic alias type G2[P any]"
func (C2) m()    {} // ERROR "7: cannot define new methods on instantiated type C1[int]"

// Constraints.

type N int
type Empty interface{ ~N } // ERROR "23: invalid use of ~ (underlying type of N is int)"

func f[_ Empty]() {}

var _ = f[int] // ERROR "11: cannot satisfy Empty (empty type set)"
var few Wrap2[int] // ERROR "9: not enough type arguments for type Wrap2: have 1, want 2"
var full Wrap2[int, string] = few // ERROR "31: cannot use few (variable of struct type Wrap2[int]) as Wrap2[int,string] value in variable declaration"

type Wrap2[P, Q any] struct{}
