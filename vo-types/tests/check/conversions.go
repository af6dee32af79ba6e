package p

import "unsafe"

type S1 struct{ A int `x:"1"` }
type S2 struct{ A int }
type B []byte

var (
	_ = int("a") // ERROR "10: cannot convert \"a\" (untyped string constant) to type int"
	_ = string(65)
	_ = string(1.5) // ERROR "13: cannot convert 1.5 (untyped float constant) to type string"
	_ = []byte("x")
	_ = B("x")
	_ = []rune(1) // ERROR "13: cannot convert 1 (untyped int constant) to type []rune"
	_ = S2(S1{})
	_ = (*S2)(&S1{})
	_ = int8(300) // ERROR "11: constant 300 overflows int8"
	_ = uint(-1) // ERROR "11: constant -1 overflows uint"
	_ = int(1.5) // ERROR "10: cannot convert 1.5 (untyped float constant) to type int"
	_ = float32(1e300) // ERROR "14: cannot convert 1e300 (untyped float constant 1e+300) to type float32"
	_ = [2]int([]int{1, 2})
	_ = [2]string([]int{1, 2}) // ERROR "16: cannot convert []int{…} (value of type []int) to type [2]string"
	_ = (*[2]int)([]int{1, 2})
	_ = unsafe.Pointer(new(int))
	_ = uintptr(unsafe.Pointer(nil))
	_ = (*int)(unsafe.Pointer(nil))
	_ = complex64(1)
	_ = bool(1) // ERROR "11: cannot convert 1 (untyped int constant) to type bool"
	_ = any(nil)
	_ = error("x") // ERROR "12: cannot convert \"x\" (untyped string constant) to type error"
	_ = (func())(nil)
	_ = chan int(nil)
	_ = (<-chan int)(make(chan<- int)) // ERROR "19: cannot convert make(chan<- int) (value of type chan<- int) to type <-chan int"
)
