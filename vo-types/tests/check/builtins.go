package p

import "unsafe"

type S struct{ a int8; b int64 }

func f(s []int, m map[string]int, c chan int, ro <-chan int, str string, p *int, arr [3]int) {
	_ = append(s, 1, "a") // ERROR "19: cannot use \"a\" (untyped string constant) as int value in argument to append"
	_ = append(1, 2) // ERROR "13: invalid append: argument must be a slice; have 1 (untyped int constant)"
	_ = append([]byte("x"), "yz"...)
	_ = append(s, s...)
	_ = append(s, str...) // ERROR "16: cannot use str (variable of type string) as []int value in argument to append"
	append(s, 1) // ERROR "2: append(s, 1) (value of type []int) is not used"
	_ = cap(m) // ERROR "10: invalid argument: m (variable of type map[string]int) for built-in cap"
	_ = cap(str) // ERROR "10: invalid argument: str (variable of type string) for built-in cap"
	_ = len(1) // ERROR "10: invalid argument: 1 (untyped int constant) for built-in len"
	_ = len(p) // ERROR "10: invalid argument: p (variable of type *int) for built-in len"
	const l = len(arr)
	const l2 = len(s) // ERROR "13: len(s) (value of type int) is not constant"
	clear(arr) // ERROR "8: invalid argument: cannot clear arr (variable of type [3]int): argument must be (or constrained by) map or slice"
	clear(m)
	close(ro) // ERROR "8: invalid operation: cannot close receive-only channel ro (variable of type <-chan int)"
	close(1) // ERROR "8: invalid operation: cannot close non-channel 1 (untyped int constant)"
	copy(s, "x") // ERROR "7: invalid copy: arguments s (variable of type []int) and \"x\" (untyped string constant) have different element types int and byte"
	copy(arr, s) // ERROR "7: invalid copy: argument must be a slice; have arr (variable of type [3]int)"
	delete(m, 1) // ERROR "12: cannot use 1 (untyped int constant) as string value in argument to delete"
	delete(s, 1) // ERROR "9: invalid argument: s (variable of type []int) is not a map"
	_ = make(int) // ERROR "11: invalid argument: cannot make int: type must be slice, map, or channel"
	_ = make([]int) // ERROR "6: invalid operation: make([]int) expects 2 or 3 arguments; found 1"
	_ = make([]int, -1) // ERROR "18: invalid argument: index -1 (constant of type int) must not be negative"
	_ = make([]int, 2, 1) // ERROR "18: invalid argument: length and capacity swapped"
	_ = make([]int, 1, 2, 3) // ERROR "6: invalid operation: make([]int, 1, 2, 3) expects 2 or 3 arguments; found 4"
	_ = make(map[string]int, "x") // ERROR "27: cannot convert \"x\" (untyped string constant) to type int"
	_ = max(1, 2.5, "a") // ERROR "18: invalid argument: mismatched types untyped float (previous argument) and untyped string (type of \"a\")"
	_ = max(1, 2.5)
	_ = min(str, "a")
	_ = min(p) // ERROR "10: invalid argument: p (variable of type *int) cannot be ordered"
	_ = new(int)
	_ = new(5)
	_ = new(nil) // ERROR "10: use of untyped nil in argument to new"
	panic() // ERROR "2: invalid operation: not enough arguments for panic() (expected 1, found 0)"
	panic(1, 2) // ERROR "2: invalid operation: too many arguments for panic(1, 2) (expected 1, found 2)"
	_ = complex(1, "a") // ERROR "14: invalid operation: complex(1, \"a\") (mismatched types untyped float and untyped string)"
	_ = complex(1.5, 2)
	_ = real(str) // ERROR "11: invalid argument: argument has type string, expected complex type"
	_ = imag(3i)
	print(1, nil) // ERROR "11: use of untyped nil in argument to built-in print"
	_ = unsafe.Sizeof(S{})
	const z [unsafe.Sizeof(S{})]int = 0 // ERROR "10: invalid constant type [16]int"
	_ = unsafe.Offsetof(S{}.b)
	_ = unsafe.Offsetof(arr) // ERROR "22: invalid argument: arr is not a selector expression"
	_ = unsafe.Slice(p, -1) // ERROR "22: invalid argument: length -1 (constant of type int) must not be negative"
	_ = unsafe.String(p, 1) // ERROR "20: cannot use p (variable of type *int) as *byte value in argument to unsafe.String"
	_ = len // ERROR "6: len (built-in) must be called"
	_ = arr[3] // ERROR "10: invalid argument: index 3 out of bounds [0:3]"
	_ = arr[-1] // ERROR "10: invalid argument: index -1 (constant of type int) must not be negative"
	_ = s["a"] // ERROR "8: cannot convert \"a\" (untyped string constant) to type int"
	_ = s[2:1] // ERROR "10: invalid slice indices: 1 < 2"
	_ = str[0:1:2] // ERROR "14: invalid operation: 3-index slice of string"
	_ = m[0] // ERROR "8: cannot use 0 (untyped int constant) as string value in map index"
	_ = str[5.5] // ERROR "10: 5.5 (untyped float constant) truncated to int"
	_ = "abc"[3] // ERROR "12: invalid argument: index 3 out of bounds [0:3]"
}
