// run

// A function that is called once has several long loops, one after the other and in each other: each is gone on with in compiled
// code that was made for it, from what the one before has left.
package main

import "fmt"

type pair struct{ a, b int }

func (p pair) sum() int { return p.a + p.b }

func many(n int) (total int) {
	var names []string
	fields := [3]float64{1, 2, 3}
	p := pair{1, 2}
	for i := 0; i < n; i++ {
		total += i & 3
		fields[i%3] += 0.5
		if i%1000 == 0 {
			names = append(names, fmt.Sprint(i))
		}
	}
	m := map[int]int{}
	for i := 0; i < n/10; i++ {
		for j := 0; j < 10; j++ {
			m[j] += i
			p.a++
		}
	}
	for k, v := range m {
		total += k * v % 7
	}
outer:
	for i := 0; ; i++ {
		for j := range 100 {
			p.b += i ^ j
			if i*100+j >= n {
				break outer
			}
		}
		for range 10 {
			total++
		}
	}
	closures := 0
	add := func(k int) { closures += k }
	for i := n; i > 0; i-- {
		add(i % 3)
	}
	for _, name := range names {
		for _, c := range []byte(name) {
			total += int(c - '0')
		}
	}
	return total + p.sum() + closures + int(fields[0]+fields[1]+fields[2])
}

func deferred(n int) (x int) {
	defer func() {
		for i := 0; i < n; i++ {
			x += i % 5
		}
		if r := recover(); r != nil {
			x += len(fmt.Sprint(r))
		}
	}()
	for i := 0; i < n; i++ {
		x ^= i
	}
	var none []int
	for i := 0; i < n; i++ {
		if i == n-1 {
			x += none[i]
		}
		x++
	}
	return
}

func main() {
	for _, n := range []int{0, 5, 2000, 40000, 100000} {
		fmt.Println(many(n), deferred(n+1))
	}
	done := make(chan int)
	for g := range 4 {
		go func() { done <- many(20000 + g) }()
	}
	sum := 0
	for range 4 {
		sum += <-done
	}
	fmt.Println(sum)
}
