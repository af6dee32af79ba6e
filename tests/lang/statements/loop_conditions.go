// run

// Loops that go on as long as a comparison of floats, a truth value or what a call says holds, and ones that NaN ends.
package main

import (
	"fmt"
	"math"
)

func halve(x, least float64) (turns int) {
	for x > least {
		x /= 2
		turns++
	}
	return turns
}

func until(x, end float64) (turns int) {
	for x != end {
		x--
		turns++
		if turns > 1000 {
			return -1
		}
	}
	return turns
}

func same(x float64) (turns int) {
	for x == x {
		x *= x
		x -= x
		turns++
		if turns == 3 {
			x = math.NaN()
		}
	}
	return turns
}

func notLess(x, y float64) (turns int) {
	for !(x < y) {
		x--
		turns++
		if turns > 100 {
			return -1
		}
	}
	return turns
}

func narrow(x, step float32) (turns int) {
	for x <= 1 {
		x += step
		turns++
		if turns > 500 {
			break
		}
	}
	return turns
}

func flags(bits []bool) (turns int) {
	for going := true; going; turns++ {
		going = bits[turns]
	}
	stop := false
	for !stop {
		turns--
		stop = !bits[turns] || turns == 0
	}
	return turns
}

func both(x float64, n int) (turns int) {
	for x < 100 && n > 0 || x < 10 {
		x += 1.5
		n -= 2
		turns++
		if turns%5 == 0 {
			continue
		}
		n++
	}
	return turns
}

func odd(n int) bool { return n&1 != 0 }

func strip(n int) (turns int) {
	for odd(n) {
		n >>= 1
		turns++
	}
	return turns
}

func main() {
	nan := math.NaN()
	for round := 0; round < 3000; round++ {
		halve(1e9, 1)
		both(float64(round%20), round)
	}
	fmt.Println(halve(1e9, 1), halve(nan, 1), halve(1, nan))
	fmt.Println(until(5, 0), until(nan, 0), until(3, 3))
	fmt.Println(same(2), same(nan))
	fmt.Println(notLess(5, 1), notLess(nan, 1), notLess(0, 1))
	fmt.Println(narrow(0, 0.25), narrow(float32(nan), 1), narrow(0, 0))
	fmt.Println(flags([]bool{true, true, true, false}), flags([]bool{false}))
	fmt.Println(both(0, 50), both(0, 0), both(nan, 9))
	fmt.Println(strip(0b10111), strip(-1>>60&0xff), strip(0))
}
