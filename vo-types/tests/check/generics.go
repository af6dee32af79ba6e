package p

type Number interface{ ~int | ~float64 }

func Sum[T Number](xs ...T) (s T) {
	for _, x := range xs {
		s += x
	}
	return s
}

func Map[A, B any](xs []A, f func(A) B) []B { return nil }
func Zero[T any]() (z T)                    { return }
func Eq[T comparable](a, b T) bool          { return a == b }
func Bad[T any](a, b T) bool                { return a == b } // ERROR "54: invalid operation: a == b (incomparable types in type set)"
func Add[T any](a, b T) T                   { return a + b } // ERROR "54: invalid operation: operator + not defined on a (variable of type T constrained by any)"

type List[T any] struct {
	head *node[T]
}
type node[T any] struct {
	next *node[T]
	val  T
}

func (l *List[T]) Push(v T)         { l.head = &node[T]{l.head, v} }
func (l *List[E]) Get() (e E, ok bool) { return }
func (l List[A, B]) Wrong()         {} // ERROR "9: receiver declares 2 type parameters, but receiver base type declares 1"

type Pair[K comparable, V any] struct {
	k K
	v V
}

func f() {
	_ = Sum(1, 2)
	_ = Sum(1, 2.5)
	_ = Sum("a") // ERROR "9: string does not satisfy Number (string missing in ~int | ~float64)"
	_ = Sum[string]() // ERROR "10: string does not satisfy Number (string missing in ~int | ~float64)"
	_ = Zero() // ERROR "10: in call to Zero, cannot infer T (declared at generics.go:13:11)"
	_ = Zero[int]()
	_ = Zero[int, string]() // ERROR "16: got 2 type arguments but want 1"
	_ = Map([]int{}, func(s string) int { return 0 }) // ERROR "19: in call to Map, type func(s string) int of func(s string) int {…} does not match inferred type func(int) B for func(A) B"
	_ = Map([]int{}, func(i int) string { return "" })[0] + 1 // ERROR "6: invalid operation: Map([]int{}, func(i int) string {…})[0] + 1 (mismatched types string and untyped int)"
	var l List[string]
	l.Push(1) // ERROR "9: cannot use 1 (untyped int constant) as string value in argument to l.Push"
	var m List // ERROR "8: cannot use generic type List[T any] without instantiation"
	var n List[int, int] // ERROR "8: too many type arguments for type List: have 2, want 1"
	_ = Pair[[]int, int]{} // ERROR "11: []int does not satisfy comparable"
	_ = Eq([]int{}, nil) // ERROR "8: []int does not satisfy comparable"
	_ = Eq(1, "a") // ERROR "12: in call to Eq, mismatched types untyped int and untyped string (cannot infer T)"
	g := Sum // ERROR "7: cannot use generic function Sum without instantiation"
	var h func(...int) int = Sum
	_, _, _, _ = m, n, g, h
	var x Number // ERROR "8: cannot use type Number outside a type constraint: interface contains type constraints"
	_ = x
}
