// run

// Branches that choose between values computed on both sides.
package main

import "fmt"

func collatz(n int) int {
	steps := 0
	for n != 1 {
		if n&1 == 0 {
			n >>= 1
		} else {
			n = 3*n + 1
		}
		steps++
	}
	return steps
}

func longest(from, to int) (start, most int) {
	for n := from; n < to; n++ {
		if steps := collatz(n); steps > most {
			most, start = steps, n
		}
	}
	return
}

// fold has choices within choices, and three values that are chosen at once.
func fold(xs []int) (low, high, odd, ring int) {
	low, high = 1<<62, -1<<62
	for i, x := range xs {
		if x < low {
			low = x
		}
		if x > high {
			high = x
		}
		if x&1 != 0 {
			if x > 10 {
				odd++
			} else {
				odd += 100
			}
		}
		ring++
		if ring == 7 {
			ring = 0
		}
		if i%3 == 0 {
			low, high, odd = low+1, high-1, odd^1
		}
	}
	return
}

// The side that is not chosen would fail: by a shift, a division, an index, a nil pointer.
type node struct {
	next *node
	v    int
}

func guarded(n *node, xs []int, d int) (sum int) {
	for i := 0; i < 5; i++ {
		q := 0
		if d != 0 {
			q = 100 / d
		}
		v := -1
		if n != nil {
			v = n.v
			n = n.next
		}
		e := -2
		if i < len(xs) {
			e = xs[i]
		}
		s := 0
		if d >= 0 {
			s = 1 << d
		}
		sum = sum*31 + q + v*3 + e*5 + s
	}
	return
}

func narrow(bytes []byte) (sum uint8, word int32) {
	for _, b := range bytes {
		if b >= 'a' && b <= 'z' {
			b -= 'a' - 'A'
		}
		if b == 'E' || b == 'O' {
			word--
		}
		if int8(b) < 80 {
			sum += b
		} else {
			sum ^= b
		}
		if word < -3 {
			word = -word << 30
		}
	}
	return
}

func distance(a, b float64) float64 {
	if a > b {
		a, b = b, a
	}
	return b - a
}

func pick(cond bool, a, b *int) *int {
	p := a
	if !cond {
		p = b
	}
	return p
}

func search(xs []int, key int) int {
	lo, hi := 0, len(xs)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if xs[m] < key {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

func main() {
	fmt.Println(longest(1, 3000))
	xs := make([]int, 200)
	seed := 12345
	for i := range xs {
		seed = (seed*1103515245 + 12345) & 0x7fffffff
		xs[i] = seed%1000 - 400
	}
	fmt.Println(fold(xs))
	list := &node{&node{nil, 8}, 7}
	for d := -2; d < 4; d++ {
		fmt.Println(d, guarded(list, xs[:2], d), guarded(nil, nil, d))
	}
	fmt.Println(narrow([]byte("The quick brown fox jumps over the lazy dog, once more; NOT twice.")))
	fmt.Println(distance(1, 4), distance(4, 1))
	a, b := 1, 2
	sum := 0
	for i := 0; i < 100; i++ {
		*pick(i%3 == 0, &a, &b) += i
		sum += *pick(i&1 == 0, &a, &b)
	}
	fmt.Println(a, b, sum)
	sorted := make([]int, 100)
	for i := range sorted {
		sorted[i] = i * 3
	}
	at := 0
	for key := -5; key < 310; key++ {
		at = at*7 + search(sorted, key)
	}
	fmt.Println(at)
}
