// Command rand writes pkg/math/rand/tables.vo: the state of the additive
// lagged Fibonacci generator x[n] = x[n-607] + x[n-273] (mod 2^64) after
// 7.8e12 steps from a simple start, which package rand mixes into every seed.
// Run it as
//
//	go run ./gen/rand > ../../pkg/math/rand/tables.vo
//
// The steps are taken all at once: x[n] is a linear combination of the first
// 607 values, whose coefficients are those of t^n modulo t^607 - t^334 - 1.
package main

import (
	"bufio"
	"fmt"
	"os"
)

const (
	length = 607
	tap    = 273
	steps  = 7800000000000
)

type poly [length]uint64

// reduce brings a product below degree 607.
func reduce(wide *[2 * length]uint64) *poly {
	for i := 2*length - 1; i >= length; i-- {
		c := wide[i]
		wide[i-length] += c
		wide[i-tap] += c
	}
	return (*poly)(wide[:length])
}

func (a *poly) square() *poly {
	var wide [2 * length]uint64
	for i, x := range a {
		for j, y := range a {
			wide[i+j] += x * y
		}
	}
	return reduce(&wide)
}

func (a *poly) timesT() *poly {
	var wide [2 * length]uint64
	copy(wide[1:], a[:])
	return reduce(&wide)
}

func lehmer(x int32) int32 {
	return int32(int64(x) * 48271 % (1<<31 - 1))
}

func main() {
	// The start: word i of the state, as package rand makes it from seed 1
	// but with other shifts.
	var state [length]uint64
	x := int32(1)
	for i := -20; i < length; i++ {
		x = lehmer(x)
		if i >= 0 {
			u := uint64(x) << 20
			x = lehmer(x)
			u ^= uint64(x) << 10
			x = lehmer(x)
			u ^= uint64(x)
			state[i] = u
		}
	}
	// Step t writes word (334 - t) mod 607; so the words are the values
	// x[t] for t = -606 … 0.
	word := func(t int) int { return ((length-tap-t)%length + length) % length }
	var first [length]uint64
	for j := range first {
		first[j] = state[word(j-(length-1))]
	}
	p := &poly{1}
	for bit := 62; bit >= 0; bit-- {
		p = p.square()
		if steps>>uint(bit)&1 != 0 {
			p = p.timesT()
		}
	}
	for j := 0; j < length; j++ { // p is t^(steps + j)
		sum := uint64(0)
		for i, c := range p {
			sum += c * first[i]
		}
		state[word(steps+j-(length-1))] = sum
		p = p.timesT()
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintln(out, "package rand\n\n// Made by tests/against-go/gen/rand; do not edit.")
	fmt.Fprint(out, "\n// mixTable holds 607 words, 11 characters of six bits each, from ' ' on.\nconst mixTable = \"\"")
	for i, u := range state {
		if i%8 == 0 {
			fmt.Fprint(out, " +\n\t`")
		}
		for shift := 60; shift >= 0; shift -= 6 {
			fmt.Fprintf(out, "%c", ' '+rune(u>>uint(shift)&63))
		}
		if i%8 == 7 || i == length-1 {
			fmt.Fprint(out, "`")
		}
	}
	fmt.Fprintln(out)
}
