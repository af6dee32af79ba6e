// run

// Small functions that defer, called so often that they are translated in place of their calls.
package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
)

type counter struct {
	mu  sync.Mutex
	n   int
	log []string
}

func (c *counter) add(k int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += k
	return c.n
}

// Panics where k is 0, and unlocks all the same.
func (c *counter) divide(k int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n = 1000 / k
	return c.n
}

func (c *counter) note(s string) { c.log = append(c.log, s) }

func (c *counter) both(s string, i int, xs []int) int {
	defer c.note(s + "1")
	defer c.note(s + "2")
	return xs[i]
}

func tried(f func() int) (r int, err error) {
	defer func() {
		if v := recover(); v != nil {
			r, err = -1, fmt.Errorf("tried: %v", v)
		}
	}()
	return f(), nil
}

// The deferred function changes what is returned.
func doubled(n int) (r int) {
	defer func() { r *= 2 }()
	return n + 1
}

// The deferred function panics in its turn.
func replaced(c *counter, n int) int {
	defer c.note("replaced")
	defer func() {
		if n%3 == 0 {
			panic(fmt.Sprint("second ", n))
		}
	}()
	if n%2 == 0 {
		panic(fmt.Sprint("first ", n))
	}
	return n
}

// Recovers what a callee has panicked with, deeper than where it defers.
func guarded(n int) (s string) {
	defer rescue(&s)
	inner(n)
	return "fine"
}

func rescue(s *string) {
	if v := recover(); v != nil {
		*s = fmt.Sprint("rescued ", v)
	}
}

func inner(n int) {
	defer func() { helper() }()
	if n%5 == 4 {
		panic(n)
	}
}

// Not called by the machine itself: it recovers nothing.
func helper() {
	if recover() != nil {
		panic("this must not recover")
	}
}

// The deferred call waits.
func handsOver(ch, back chan int, n int) int {
	defer func() { ch <- n; <-back }()
	return n * 3
}

// Deferred conditionally, and in an inner call again.
func maybe(c *counter, n int) int {
	if n%2 == 0 {
		defer c.note("even")
	}
	return c.add(n)
}

func leaves(c *counter, n int) int {
	defer c.note("left")
	if n == 7 {
		runtime.Goexit()
	}
	return n
}

func where() string {
	var pcs [10]uintptr
	n := runtime.Callers(1, pcs[:])
	var names []string
	frames := runtime.CallersFrames(pcs[:n])
	for {
		f, more := frames.Next()
		if name, ours := strings.CutPrefix(f.Function, "main."); ours {
			names = append(names, name)
		}
		if !more {
			break
		}
	}
	return strings.Join(names, "<")
}

var place string

func places() int {
	defer func() { place = where() }()
	return 1
}

func closes(err *error) {
	if *err == nil {
		*err = errors.New("closed")
	}
}

func withError(n int) (m int, err error) {
	defer closes(&err)
	if n%10 == 3 {
		return 0, errors.New("three")
	}
	return n, nil
}

func main() {
	c := &counter{}
	sum := 0
	for i := 0; i < 3000; i++ {
		sum += c.add(i % 7)
	}
	fmt.Println(sum, c.n)

	sum = 0
	failed := 0
	for i := 0; i < 1000; i++ {
		r, err := tried(func() int { return c.divide(i % 10) })
		sum += r
		if err != nil {
			failed++
		}
	}
	_, err := tried(func() int { return c.divide(0) })
	fmt.Println(sum, failed, err)

	xs := []int{1, 2, 3}
	for i := 0; i < 500; i++ {
		c.log = c.log[:0]
		_, err = tried(func() int { return c.both("x", i%4, xs) })
		if want := i%4 == 3; want != (err != nil) || strings.Join(c.log, "") != "x2x1" {
			fmt.Println("both:", i, err, c.log)
		}
	}
	fmt.Println(err, c.log)

	sum = 0
	for i := 0; i < 500; i++ {
		sum += doubled(i)
	}
	fmt.Println(sum)

	c.log = nil
	for i := 0; i < 300; i++ {
		_, err := tried(func() int { return replaced(c, i) })
		if i < 7 {
			fmt.Print(err, "; ")
		}
	}
	fmt.Println(len(c.log))

	rescued := map[string]int{}
	for i := 0; i < 300; i++ {
		rescued[guarded(i)[:4]]++
	}
	fmt.Println(rescued, guarded(4))

	ch, back := make(chan int), make(chan int)
	go func() {
		for n := range ch {
			sum += n
			back <- n
		}
	}()
	sum = 0
	total := 0
	for i := 0; i < 200; i++ {
		total += handsOver(ch, back, i)
	}
	fmt.Println(sum, total)

	c.log, c.n = nil, 0
	for i := 0; i < 100; i++ {
		maybe(c, i)
	}
	fmt.Println(len(c.log), c.n)

	c.log = nil
	for round := 0; round < 50; round++ {
		var done sync.WaitGroup
		done.Add(1)
		go func() {
			defer done.Done()
			for i := 0; i < 10; i++ {
				leaves(c, i)
			}
			c.note("never")
		}()
		done.Wait()
	}
	fmt.Println(len(c.log), c.log[7])

	for i := 0; i < 300; i++ {
		places()
	}
	fmt.Println(place)

	n := 0
	for i := 0; i < 300; i++ {
		m, err := withError(i)
		if n += m; err.Error() == "three" {
			n += 1000
		}
	}
	fmt.Println(n)
}
