// run

// Package unsafe as far as the memory layout makes it true.
package main

import (
	"fmt"
	"unsafe"
)

type inner struct {
	b bool
	n int64
}

type record struct {
	a int8
	b int32
	inner
	s string
	l []int
	i any
	f func()
	m map[int]int
	c complex128
	z [3]uint16
	e struct{}
}

const size = unsafe.Sizeof(record{})

var array [unsafe.Sizeof(int32(0))]byte

type pair[A, B any] struct {
	a A
	b B
}

func sizes[A, B any]() (uintptr, uintptr, uintptr) {
	var p pair[A, B]
	return unsafe.Sizeof(p), unsafe.Alignof(p), unsafe.Offsetof(p.b)
}

func layout() {
	var r record
	fmt.Println(size, len(array), unsafe.Alignof(r), unsafe.Alignof(r.b), unsafe.Sizeof(r.e))
	fmt.Println(unsafe.Offsetof(r.b), unsafe.Offsetof(r.inner), unsafe.Offsetof(r.n), unsafe.Offsetof(r.s), unsafe.Offsetof(r.l),
		unsafe.Offsetof(r.i), unsafe.Offsetof(r.f), unsafe.Offsetof(r.m), unsafe.Offsetof(r.c), unsafe.Offsetof(r.z), unsafe.Offsetof(r.e))
	fmt.Println(sizes[int8, int64]())
	fmt.Println(sizes[string, bool]())
	fmt.Println(sizes[[3]byte, uint16]())
	for _, n := range []uintptr{unsafe.Sizeof(true), unsafe.Sizeof('a'), unsafe.Sizeof(1.5), unsafe.Sizeof("s"), unsafe.Sizeof([]int{}), unsafe.Sizeof(any(1)), unsafe.Sizeof(&r), unsafe.Sizeof(uintptr(0)), unsafe.Sizeof(1i)} {
		fmt.Print(n, " ")
	}
	fmt.Println()
}

func pointers() {
	x := [4]int32{1, 2, 3, 4}
	p := unsafe.Pointer(&x[0])
	for i := range 4 {
		fmt.Print(*(*int32)(unsafe.Add(p, i*4)), *(*int32)(unsafe.Pointer(uintptr(p) + uintptr(i)*unsafe.Sizeof(x[0]))), " ")
	}
	*(*int32)(unsafe.Add(unsafe.Pointer(&x[3]), -8)) = 20
	fmt.Println(x, (*[2]int32)(unsafe.Add(p, 8))[1])
	r := &record{b: 7, inner: inner{n: 9}, s: "text"}
	q := unsafe.Pointer(r)
	*(*int32)(unsafe.Pointer(uintptr(q) + unsafe.Offsetof(r.b)))++
	*(*int64)(unsafe.Add(q, unsafe.Offsetof(r.inner)+unsafe.Offsetof(r.inner.n))) *= 3
	fmt.Println(r.b, r.n, *(*string)(unsafe.Add(q, unsafe.Offsetof(r.s))))
	f := 1.5
	fmt.Printf("%#x\n", *(*uint64)(unsafe.Pointer(&f)))
	u := uint32(0x01020304)
	fmt.Println((*[4]byte)(unsafe.Pointer(&u))[:])
	type celsius float64
	list := []celsius{1, 2}
	fmt.Println(*(*[]float64)(unsafe.Pointer(&list)))
	back := (*record)(unsafe.Pointer(uintptr(unsafe.Pointer(&r.s)) - unsafe.Offsetof(r.s)))
	fmt.Println(back == r, unsafe.Pointer(nil) == nil, uintptr(unsafe.Pointer(r)) == uintptr(q))
}

func slices() {
	b := []byte("hello")
	s := unsafe.String(&b[1], 3)
	fmt.Println(s, unsafe.String(unsafe.SliceData(b), len(b)), len(unsafe.String(nil, 0)))
	b[2] = 'L'
	fmt.Println(s)
	t := "string"
	fmt.Println(string(unsafe.Slice(unsafe.StringData(t), len(t))), *unsafe.StringData(t))
	x := [5]int{1, 2, 3, 4, 5}
	l := unsafe.Slice(&x[1], 3)
	l[0] = 20
	fmt.Println(l, len(l), cap(l), x, unsafe.Slice((*int)(nil), 0) == nil, unsafe.SliceData(l) == &x[1])
	fmt.Println(unsafe.SliceData([]int(nil)) == nil, unsafe.SliceData([]int{}) != nil)
	for _, f := range []func(){
		func() { n := -1; _ = unsafe.Slice(&x[0], n) },
		func() { n := 1; _ = unsafe.Slice((*int)(nil), n) },
		func() { n := -1; _ = unsafe.String(&b[0], n) },
		func() { n := uint64(1) << 62; _ = unsafe.Slice(&x[0], n) },
	} {
		func() {
			defer func() { fmt.Println(recover()) }()
			f()
		}()
	}
}

func main() {
	layout()
	pointers()
	slices()
}
