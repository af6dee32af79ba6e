// run

// Several variables assigned at once: all of the right side is read before anything is assigned.
package main

import "fmt"

func reverse(xs []int) {
	for i, j := 0, len(xs)-1; i < j; i, j = i+1, j-1 {
		xs[i], xs[j] = xs[j], xs[i]
	}
}

// flip reads a place that the caller chose: its index is checked.
func flip(xs []int, last int) (err any) {
	defer func() { err = recover() }()
	for lo, hi := 0, last; lo < hi; lo, hi = lo+1, hi-1 {
		xs[lo], xs[hi] = xs[hi], xs[lo]
	}
	return nil
}

func orbit(zr, zi, cr, ci float64) (float64, float64) {
	for i := 0; i < 20; i++ {
		r2, i2 := zr*zr, zi*zi
		zr, zi = r2-i2+cr, 2*zr*zi+ci
	}
	return zr, zi
}

func fibonacci(n int) int {
	a, b := 0, 1
	for ; n > 0; n-- {
		a, b = b, a+b
	}
	return a
}

func rotate(n int) (a, b, c, d int) {
	a, b, c, d = 1, 2, 3, 4
	for i := 0; i < n; i++ {
		a, b, c, d = b, c+1, d*2, a-i
	}
	return
}

func chain(n int) (a, b, c int) {
	a, b, c = 1, 2, 3
	for i := 0; i < n; i++ {
		a, b, c = a+b, b+c, c+1 // each reads what the next one writes
		c, b, a = c+1, b^c, a-b // and here what the one before wrote
	}
	return
}

func captured(n int) (a, b int) {
	a, b = 1, 2
	add := func(x int) int { a += x; return a }
	for i := 0; i < n; i++ {
		a, b = b+1, a+i
		b, a = add(i), b
	}
	return
}

func small() (uint8, int8, uint16) {
	a, b, c := uint8(250), int8(-120), uint16(9)
	for i := 0; i < 30; i++ {
		a, b, c = a+3, b-int8(7), c*5&^2
		a, b = a|1, -b
	}
	return a, b, c
}

func fields() (int, int, int) {
	type point struct{ x, y int }
	p, q := point{1, 2}, 5
	for i := 0; i < 9; i++ {
		p.x, p.y, q = p.y, p.x+q, q+1
		q, p = q-p.x, point{p.y, q}
	}
	return p.x, p.y, q
}

func mixed() (a int, s string, f float32, u uint) {
	s = "x"
	for i := 0; i < 4; i++ {
		a, s, f, u = a+1, s+"y", f+0.5, u-1
		a, f = i, float32(a)*f
	}
	return
}

func main() {
	xs := []int{1, 2, 3, 4, 5, 6, 7}
	reverse(xs)
	fmt.Println(xs, flip(xs, 5), xs, flip(xs, 7), xs, flip(xs, -3))
	fmt.Println(orbit(0.1, 0.2, -0.4, 0.3))
	fmt.Println(fibonacci(50))
	fmt.Println(rotate(10))
	fmt.Println(chain(6))
	fmt.Println(captured(7))
	fmt.Println(small())
	fmt.Println(fields())
	fmt.Println(mixed())
	a, b := 1, 2
	a, a, b = b, 7, a
	fmt.Println(a, b)
}
