// run

// Products with constants that are one more or one less than powers of two, and with others, are those with the same number
// in a variable, of every width, also where they wrap.
package main

import "fmt"

type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

//go:noinline
func times[T integer](a, b T) T { return a * b }

var failures int

func check[T integer](name string, x T, factors []T, got []T) {
	for i, f := range factors {
		if want := times(x, f); got[i] != want || times(f, x) != want {
			failures++
			fmt.Println(name, x, "*", f, "=", got[i], "want", want)
		}
	}
}

// The values of a type that are worth a look, most of them at the ends of its range.
func values[T integer]() []T {
	var found []T
	for bit := T(1); bit != 0; bit <<= 1 {
		found = append(found, bit, -bit, bit-1, bit+1, ^bit, bit*3)
	}
	return append(found, 0, 100)
}

func small[T integer](name string) {
	for _, x := range values[T]() {
		check(name, x, []T{0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 15, 17, 31, 33, 63, 64, 65, 100, 127, 12, 20, 24, 36, 40, 72, 80, 96},
			[]T{x * 0, x * 1, x * 2, 3 * x, x * 5, x * 6, x * 7, 8 * x, x * 9, x * 10, x * 11, 15 * x, x * 17, x * 31, x * 33,
				x * 63, x * 64, 65 * x, x * 100, x * 127, x * 12, 20 * x, x * 24, x * 36, x * 40, 72 * x, x * 80, x * 96})
	}
}

func signed[T ~int | ~int8 | ~int16 | ~int32 | ~int64](name string) {
	for _, x := range values[T]() {
		check(name, x, []T{-1, -2, -3, -5, -7, -9, -31, -33, -64, -127, -128},
			[]T{x * -1, -2 * x, x * -3, x * -5, -7 * x, x * -9, x * -31, x * -33, x * -64, -127 * x, x * -128})
	}
}

func middle[T ~int | ~int16 | ~int32 | ~int64 | ~uint | ~uint16 | ~uint32 | ~uint64 | ~uintptr](name string) {
	for _, x := range values[T]() {
		check(name, x, []T{129, 255, 257, 1023, 4097, 16383, 32767},
			[]T{x * 129, x * 255, 257 * x, x * 1023, x * 4097, 16383 * x, x * 32767})
	}
}

func large[T ~int | ~int32 | ~int64 | ~uint | ~uint32 | ~uint64 | ~uintptr](name string) {
	for _, x := range values[T]() {
		check(name, x, []T{32769, 65535, 65537, 16777619, 1<<30 - 1, 1<<30 + 1, 1<<31 - 1},
			[]T{x * 32769, x * 65535, 65537 * x, x * 16777619, x * (1<<30 - 1), (1<<30 + 1) * x, x * (1<<31 - 1)})
	}
}

func unsigned(name string) {
	for _, x := range values[uint32]() {
		check(name, x, []uint32{5 << 29, 3 << 30, 1<<31 + 1, 1<<32 - 1, 1<<32 - 2, 1<<32 - 31},
			[]uint32{x * (5 << 29), x * (3 << 30), x * (1<<31 + 1), x * (1<<32 - 1), (1<<32 - 2) * x, x * (1<<32 - 31)})
	}
	for _, x := range values[uint64]() {
		check(name, x, []uint64{1<<32 - 1, 1<<32 + 1, 1<<63 - 1, 1<<63 + 1, 1<<64 - 1, 1<<64 - 31, 1<<62 + 1},
			[]uint64{x * (1<<32 - 1), x * (1<<32 + 1), (1<<63 - 1) * x, x * (1<<63 + 1), x * (1<<64 - 1), x * (1<<64 - 31),
				x * (1<<62 + 1)})
	}
	for _, x := range values[uint8]() {
		check(name, x, []uint8{128, 129, 253, 255}, []uint8{x * 128, x * 129, 253 * x, x * 255})
	}
	for _, x := range values[int64]() {
		check(name, x, []int64{1<<62 + 1, 1<<63 - 1, -1 << 63, -1<<63 + 1, 5 << 60, 3 << 61}, []int64{
			x * (1<<62 + 1), x * (1<<63 - 1), x * (-1 << 63), x * (-1<<63 + 1), x * (5 << 60),
			x * (3 << 61)})
	}
}

// A hash as many programs have one: what one turn gives goes into the next.
func hash(n int) (a int, b uint32, c int16) {
	for i := range n {
		a = a*31 + i
		b = b*33 ^ uint32(i)
		c = c*7 - int16(i)
	}
	return a, b, c
}

func main() {
	for range 3 {
		small[int]("int")
		small[int8]("int8")
		small[int16]("int16")
		small[int32]("int32")
		small[int64]("int64")
		small[uint]("uint")
		small[uint8]("uint8")
		small[uint16]("uint16")
		small[uint32]("uint32")
		small[uint64]("uint64")
		small[uintptr]("uintptr")
		signed[int]("int")
		signed[int8]("int8")
		signed[int16]("int16")
		signed[int32]("int32")
		signed[int64]("int64")
		middle[int]("int")
		middle[int16]("int16")
		middle[int32]("int32")
		middle[int64]("int64")
		middle[uint]("uint")
		middle[uint16]("uint16")
		middle[uint32]("uint32")
		middle[uint64]("uint64")
		middle[uintptr]("uintptr")
		large[int]("int")
		large[int32]("int32")
		large[int64]("int64")
		large[uint]("uint")
		large[uint32]("uint32")
		large[uint64]("uint64")
		large[uintptr]("uintptr")
		unsigned("unsigned")
	}
	fmt.Println(hash(100000))
	fmt.Println("failures:", failures)
}
