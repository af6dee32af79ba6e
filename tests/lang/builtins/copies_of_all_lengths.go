// run

// Copies of slices of all lengths and elements of several sizes, apart and overlapping.
package main

import "fmt"

func fill[T ~uint8 | ~uint32 | ~uint64](s []T) {
	for i := range s {
		s[i] = T(i*7 + 3)
	}
}

func hash[T ~uint8 | ~uint32 | ~uint64](h uint64, s []T) uint64 {
	for _, x := range s {
		h = (h ^ uint64(x)) * 1099511628211
	}
	return h
}

func copies[T ~uint8 | ~uint32 | ~uint64](most int) uint64 {
	h := uint64(14695981039346656037)
	src, dst := make([]T, most+8), make([]T, most+8)
	for n := 0; n <= most; n++ {
		fill(src)
		clear(dst)
		if copy(dst[3:], src[2:2+n]) != n {
			panic(n)
		}
		h = hash(h, dst)
		// Overlapping, to either side.
		copy(src[4:4+n], src[1:])
		h = hash(h, src)
		copy(src, src[5:5+n])
		h = hash(h, src)
		if got := append(dst[:1], src[:n]...); len(got) != n+1 {
			panic(n)
		}
		h = hash(h, dst)
	}
	return h
}

func main() {
	fmt.Println(copies[uint8](300), copies[uint32](90), copies[uint64](50))
}
