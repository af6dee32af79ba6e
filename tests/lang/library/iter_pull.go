// run

// Package iter: Pull and Pull2 with every end, in order, on one goroutine's time.
package main

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer fmt.Println("  sequence ends")
		for i := range n {
			fmt.Println("  yields", i)
			if !yield(i) {
				fmt.Println("  refused", i)
				return
			}
		}
	}
}

func try(name string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(name, "panics:", r)
		}
	}()
	f()
}

func toTheEnd() {
	next, stop := iter.Pull(count(2))
	fmt.Println("nothing has run")
	for range 4 {
		fmt.Println(next())
	}
	stop()
	stop()
}

func stopped() {
	next, stop := iter.Pull(count(9))
	fmt.Println(next())
	stop()
	fmt.Println(next())
	stop()
	_, never := iter.Pull(count(3))
	never()
	fmt.Println("never begun")
}

func pairs() {
	next, stop := iter.Pull2(slices.All([]string{"a", "b"}))
	defer stop()
	for range 3 {
		fmt.Println(next())
	}
}

func panics() {
	next, stop := iter.Pull(func(yield func(int) bool) {
		yield(1)
		panic(errors.New("from the sequence"))
	})
	fmt.Println(next())
	try("next", func() { next() })
	fmt.Println(next())
	stop()
	next, stop = iter.Pull(func(yield func(int) bool) {
		defer func() {
			if !yieldSafely(yield) {
				panic("while stopping")
			}
		}()
		yield(1)
	})
	fmt.Println(next())
	try("stop", stop)
	fmt.Println(next())
}

func yieldSafely(yield func(int) bool) bool { return yield(2) }

func goexits() {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer fmt.Println("caller's deferred call, recover:", recover())
		next, stop := iter.Pull(func(yield func(int) bool) {
			defer fmt.Println("sequence's deferred call")
			yield(1)
			runtime.Goexit()
		})
		defer func() {
			fmt.Println(next())
			stop()
		}()
		fmt.Println(next())
		next()
		fmt.Println("not reached")
	}()
	wg.Wait()
}

// A sequence that goes on although it was told not to.
func stubborn() {
	next, stop := iter.Pull(func(yield func(int) bool) {
		for i := range 4 {
			fmt.Println("  goes on:", yield(i))
		}
	})
	fmt.Println(next())
	stop()
	fmt.Println(next())
}

// Nested: a sequence made of pulled ones.
func zip[A, B any](a iter.Seq[A], b iter.Seq[B]) iter.Seq2[A, B] {
	return func(yield func(A, B) bool) {
		nextA, stopA := iter.Pull(a)
		defer stopA()
		nextB, stopB := iter.Pull(b)
		defer stopB()
		for {
			x, ok1 := nextA()
			y, ok2 := nextB()
			if !ok1 || !ok2 || !yield(x, y) {
				return
			}
		}
	}
}

func nested() {
	quiet := func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := 0; i < n && yield(i*i); i++ {
			}
		}
	}
	next, stop := iter.Pull2(zip(quiet(5), slices.Values([]string{"a", "b", "c"})))
	defer stop()
	for {
		n, s, ok := next()
		if !ok {
			break
		}
		fmt.Print(n, s, " ")
	}
	fmt.Println()
	// Next from the sequence itself.
	var again func() (int, bool)
	again, stop2 := iter.Pull(func(yield func(int) bool) {
		try("recursive next", func() { again() })
		yield(1)
	})
	fmt.Println(again())
	stop2()
	// Handed from one goroutine to another.
	next3, stop3 := iter.Pull(quiet(1000))
	sum := 0
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 100 {
				v, _ := next3()
				sum += v
			}
		}()
		wg.Wait()
	}
	stop3()
	fmt.Println(sum)
}

func main() {
	toTheEnd()
	stopped()
	pairs()
	panics()
	goexits()
	stubborn()
	nested()
}
