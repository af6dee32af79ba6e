// run

// Memory that is looked at as of another type by way of unsafe.Pointer, in loops.
package main

import (
	"fmt"
	"unsafe"
)

type both struct {
	f float64
	n int
}

type header struct {
	data unsafe.Pointer
	len  int
	cap  int
}

func bits(f *float64, u *uint64) (seen []uint64) {
	for i := 0; i < 4; i++ {
		seen = append(seen, *u>>52)
		*f *= 1 << 20
	}
	return
}

func shrink(s *[]int, h *header) (lens []int) {
	for h.len > 2 {
		lens = append(lens, len(*s))
		h.len--
	}
	return append(lens, len(*s))
}

func bytes(n *uint32, b []byte) (seen []uint32) {
	for i := range b {
		seen = append(seen, *n)
		b[i] = byte(i + 1)
	}
	return append(seen, *n)
}

type kind int

type small struct{ k kind }

type large struct {
	k    kind
	rest [4000]int
}

// The object is as large as its kind says.
func total(p *small, n int) int {
	sum := 0
	for i := 0; i < n; i++ {
		if p.k == 1 {
			sum += (*large)(unsafe.Pointer(p)).rest[3999]
		}
		sum++
	}
	return sum
}

func main() {
	b := both{f: 1, n: 1}
	fmt.Println(bits(&b.f, (*uint64)(unsafe.Pointer(&b.f))))
	s := []int{1, 2, 3, 4, 5, 6}
	fmt.Println(shrink(&s, (*header)(unsafe.Pointer(&s))), s)
	var n uint32
	fmt.Println(bytes(&n, unsafe.Slice((*byte)(unsafe.Pointer(&n)), 4)))
	l := &large{k: 1}
	l.rest[3999] = 10
	fmt.Println(total(&small{}, 3), total((*small)(unsafe.Pointer(l)), 3))
}
