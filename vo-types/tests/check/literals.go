package p

type T struct{ a, b int }
type U struct{ T; c string }

var (
	_ = T{1} // ERROR "9: too few values in struct literal of type T"
	_ = T{1, 2, 3} // ERROR "14: too many values in struct literal of type T"
	_ = T{a: 1, 2} // ERROR "14: mixture of field:value and value elements in struct literal"
	_ = T{a: 1, a: 2} // ERROR "14: duplicate field name a in struct literal"
	_ = T{z: 1} // ERROR "8: unknown field z in struct literal of type T"
	_ = T{1, "x"} // ERROR "11: cannot use \"x\" (untyped string constant) as int value in struct literal"
	_ = &T{b: 1}
	_ = [2]int{1, 2, 3} // ERROR "19: index 2 is out of bounds (>= 2)"
	_ = [...]int{5: 1, 2, 5: 3} // ERROR "24: duplicate index 5 in array or slice literal"
	_ = []int{"a"} // ERROR "12: cannot use \"a\" (untyped string constant) as int value in array or slice literal"
	_ = []int{-1: 0} // ERROR "12: invalid argument: index -1 (constant of type int) must not be negative"
	_ = map[string]int{"a": 1, "a": 2} // ERROR "29: duplicate key \"a\" in map literal"
	_ = map[string]int{1} // ERROR "21: missing key in map literal"
	_ = []T{{1, 2}, {a: 3}}
	_ = []*T{{1, 2}, nil}
	_ = map[T]T{{1, 2}: {3, 4}}
	_ = int{} // ERROR "6: invalid composite literal type int"
	_ = map[any]int{1: 1, "1": 2, 1: 3} // ERROR "32: duplicate key 1 in map literal"
	_ = U{T{}, "x"}
	_ = U{T: T{}, c: 1} // ERROR "19: cannot use 1 (untyped int constant) as string value in struct literal"
	_ = [-1]int{} // ERROR "7: invalid array length -1 (untyped int constant)"
	_ = [n]int{} // ERROR "7: invalid array length n"
)

var n = 3
