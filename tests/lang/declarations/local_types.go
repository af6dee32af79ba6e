// run

// Types declared in generic functions: one for each instance of the function.
package main

import "fmt"

func pairOf[A any](a A) any {
	type pair struct{ x, y A }
	return pair{a, a}
}

func number[A any](A) any {
	type id int
	return id(3)
}

func generic[A any](a A) any {
	type gen[B any] struct {
		a A
		b B
	}
	return gen[string]{a, "x"}
}

type R[T any] struct{ t T }

func (r R[T]) local() any {
	type loc struct{ t *T }
	return loc{&r.t}
}

func (r R[T]) same() any {
	type loc struct{ t T }
	return loc{r.t}
}

// A linked list, an interface and a function type of local types, and local types as type arguments.
func list[E comparable](es ...E) (n int, found bool, text string) {
	type node struct {
		e    E
		next *node
	}
	type visitor func(*node) bool
	type shower interface{ show() string }
	var head *node
	for _, e := range es {
		head = &node{e, head}
	}
	var visit visitor = func(x *node) bool { n++; return x.e == es[0] }
	for x := head; x != nil; x = x.next {
		found = visit(x)
	}
	m := map[node]int{{e: es[0]}: 1}
	_, ok := any(head).(shower)
	return n, found, fmt.Sprint(m[node{es[0], nil}], ok, count(head), count(*head))
}

func count[T any](ts ...T) string { return fmt.Sprintf("%d %T", len(ts), *new(T)) }

func inLiteral[A any](a A) func() any {
	return func() any {
		type box struct{ a A }
		type boxes []box
		return boxes{{a}, {a}}
	}
}

func twice[A, B any](a A, b B) (any, any) {
	type both struct {
		a A
		b B
	}
	type alias = both
	x, _ := twice2(b, a)
	return alias{a, b}, x
}

func twice2[A, B any](a A, b B) (any, any) {
	type both struct {
		a A
		b B
	}
	return both{a, b}, both{a, b}
}

func kind[A any](v any) string {
	type mine struct{ a A }
	switch v.(type) {
	case mine:
		return "mine"
	case *mine:
		return "pointer to mine"
	}
	return "none"
}

func mineOf[A any]() (any, func(any) string) {
	type mine struct{ a A }
	return mine{}, func(v any) string {
		_, ok := v.(mine)
		return fmt.Sprint(ok)
	}
}

func main() {
	fmt.Printf("%T %v %T %v\n", pairOf(1), pairOf(1), pairOf("s"), pairOf("s"))
	fmt.Println(pairOf(1) == pairOf(1), pairOf(1) == pairOf(int8(1)), number(1) == number(2), number(1) == number("s"))
	fmt.Printf("%T %T %T %T %v\n", number(1), number("s"), generic(1), generic(2.5), generic(2.5))
	fmt.Println(R[int]{1}.same() == R[int]{1}.same(), R[int]{}.same() == R[string]{}.same())
	fmt.Printf("%T %T %T\n", R[int]{}.local(), R[[]string]{}.same(), R[R[bool]]{}.same())
	fmt.Println(list(1, 2, 3))
	fmt.Println(list("a", "b"))
	fmt.Printf("%T %v\n", inLiteral(1.5)(), inLiteral("q")())
	fmt.Println(inLiteral([4]int{1, 2, 3, 4})())
	a, b := twice(1, "b")
	fmt.Printf("%T %T %v %v\n", a, b, a, b)
	fmt.Println(kind[int](5), kind[string](nil))
	v, is := mineOf[int]()
	w, isString := mineOf[string]()
	fmt.Println(is(v), is(w), isString(v), isString(w))
	func() {
		type x int
		fmt.Printf("%T\n", x(1))
	}()
}
