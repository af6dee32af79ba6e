package p

func f(a int, b string) int { return a }
func v(a int, b ...string)  {}
func n()                    {}
func two() (int, string)    { return 1, "" }

func g() {
	f(1) // ERROR "4: not enough arguments in call to f\n\thave (number)\n\twant (int, string)"
	f(1, "a", 2) // ERROR "12: too many arguments in call to f\n\thave (number, string, number)\n\twant (int, string)"
	f("a", 1) // ERROR "4: cannot use \"a\" (untyped string constant) as int value in argument to f" "9: cannot use 1 (untyped int constant) as string value in argument to f"
	f(two())
	f(two(), 1) // ERROR "4: multiple-value two() (value of type (int, string)) in single-value context" "11: cannot use 1 (untyped int constant) as string value in argument to f"
	v(1)
	v(1, "a", "b")
	v(1, []string{}...)
	v(1, "a", []string{}...) // ERROR "12: too many arguments in call to v\n\thave (number, string, []string...)\n\twant (int, ...string)"
	v(1, 2) // ERROR "7: cannot use 2 (untyped int constant) as string value in argument to v"
	f(1, []string{}...) // ERROR "2: cannot use ... in call to non-variadic f"
	x := n() // ERROR "7: n() (no value) used as value"
	_ = n() // ERROR "6: n() (no value) used as value"
	var y int = two() // ERROR "6: declared and not used: y" "14: multiple-value two() (value of type (int, string)) in single-value context"
	1() // ERROR "2: invalid operation: cannot call 1 (untyped int constant): untyped int is not a function"
	n // ERROR "2: n (value of type func()) is not used"
	f(1, "")
	len("a") // ERROR "2: len(\"a\") (constant 1 of type int) is not used"
	f // ERROR "2: f (value of type func(a int, b string) int) is not used"
	_ = f(n(), "") // ERROR "8: n() (no value) used as value"
	go f // ERROR "5: expression in go must be function call"
	defer int(3) // ERROR "8: defer requires function call, not conversion int(3) (constant 3 of type int)"
	go func() {}()
	defer recover()
	defer len("a") // ERROR "8: defer discards result of len(\"a\") (constant 1 of type int)"
	_ = int(1, 2) // ERROR "13: too many arguments in conversion to int"
	_ = int() // ERROR "6: missing argument in conversion to int"
	_ = string([]int{}) // ERROR "13: cannot convert []int{} (value of type []int) to type string"
	_ = x
}
