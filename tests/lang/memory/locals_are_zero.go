// run

// Local arrays of many sizes are zero each time the function is called.
package main

import "fmt"

func use(p []int) (sum int) {
	for i := range p {
		sum += p[i]
		p[i] = i + 1
	}
	return
}

func small() int { var a [15]int; return use(a[:]) + len(a) }
func even() int  { var a [16]int; return use(a[:]) + len(a) }
func odd() int   { var a [17]int; return use(a[:]) + len(a) }
func row() int   { var a [24]int; return use(a[:]) + len(a) }
func more() int  { var a [31]int; return use(a[:]) + len(a) }
func two() int {
	var a [9]int
	var b [13]int
	return use(a[:]) + use(b[:])<<8 + len(b)
}
func big() int { var a [700]int; return use(a[:]) + len(a) }

func strings(n int) (s string) {
	var names [21]string
	for i := range names {
		s += names[i]
		names[i] = fmt.Sprint(i)
	}
	return s + names[n]
}

func main() {
	for i := 0; i < 3; i++ {
		fmt.Println(small(), even(), odd(), row(), more(), two(), big(), strings(i))
	}
}
