// run

// Deferred calls in functions where each defer statement runs at most once: such a function may make the calls
// itself where it returns. What is seen must be what a list of deferred calls gives.
package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
)

type big struct {
	words [12]int
	name  string
}

type shouter interface{ shout(string) string }

type loud struct{ by string }

func (l loud) shout(s string) string {
	fmt.Println(l.by, strings.ToUpper(s))
	return s
}

func (l *loud) louder(s string) { fmt.Println(l.by, strings.ToUpper(s)+"!") }

func say(args ...any) { fmt.Println(args...) }

func show(b big, f float64, f32 float32, c complex128, s []int, m map[string]int) (int, error) {
	fmt.Println(b.words[3], b.name, f, f32, c, s, len(m))
	return 1, nil
}

// Operands are evaluated when the statement runs.
func operands() {
	b, f, s := big{name: "first"}, 1.5, []int{1, 2}
	b.words[3] = 3
	m := map[string]int{"a": 1}
	defer show(b, f, float32(f)/3, complex(f, 2), s, m)
	b.words[3], b.name, f = 4, "second", 2.5
	s[0] = 9
	s = nil
	m["b"] = 2
	l := loud{"l"}
	var i shouter = l
	defer i.shout("interface")
	defer l.shout("value")
	defer l.louder("pointer")
	g := l.shout
	defer g("method value")
	i, g = nil, nil
	l.by = "changed"
	runtime.GC()
}

// Which statements were reached is known only at run time.
func conditional(n int) (out []string) {
	add := func(s string) { out = append(out, s) }
	if n&1 != 0 {
		defer add("one")
	}
	switch {
	case n&2 != 0:
		defer add("two")
	default:
		defer add("not two")
	}
	if n == 4 {
		return append(out, "four")
	}
	defer add("last")
	return append(out, "end")
}

func results(n int) (a int, err error) {
	defer func() { a *= 2 }()
	defer func() {
		if n > 1 {
			err = errors.New("many")
		}
	}()
	if n == 0 {
		return 10, nil
	}
	a = 5
	return a + n, nil
}

func recovers(n int) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprint("recovered ", r, " ", s)
		}
	}()
	defer func() { s += "second " }()
	if n == 1 {
		panic("one")
	}
	defer func() {
		s += "third "
		if n == 2 {
			panic("two")
		}
	}()
	if n == 3 {
		var p *big
		s += p.name
	}
	return "returned "
}

func tryRecover() any { return recover() }

// Only the deferred function itself recovers, and only for the panic that runs it.
func indirect() (s string) {
	defer func() { s = fmt.Sprint(s, " outer ", recover()) }()
	defer func() { s = fmt.Sprint(s, "inner ", tryRecover()) }()
	panic("deep")
}

func notPanicking() (s string) {
	defer func() { s = fmt.Sprint(recover()) }()
	return "x"
}

func repanics() (s string) {
	defer func() { s = fmt.Sprint("got ", recover()) }()
	defer func() {
		r := recover()
		defer func() { panic(fmt.Sprint("third after ", recover())) }()
		panic(fmt.Sprint("second after ", r))
	}()
	panic("first")
}

// A nil function panics when it is called, a nil interface when it is deferred.
func nils(what int) (s string) {
	defer func() { s = fmt.Sprint(s, recover() != nil) }()
	defer func() { s += "ran " }()
	var f func()
	var i shouter
	switch what {
	case 0:
		defer f()
	case 1:
		defer i.shout("never")
	}
	s = "reached "
	return s
}

func exits() {
	done := make(chan bool)
	go func() {
		defer close(done)
		func() {
			defer fmt.Println("goexit: inner")
			defer func() {
				fmt.Println("goexit: recover gives", recover())
			}()
			runtime.Goexit()
		}()
		fmt.Println("never")
	}()
	<-done
}

// Deferred calls that wait, in functions that have waited.
func waits(n int) (sum int) {
	a, b := make(chan int), make(chan int, 1)
	defer func() { sum += <-b }()
	defer func() { sum += <-a; b <- 100 }()
	go func() { a <- n }()
	if n == 2 {
		go func() { a <- 20 }()
		sum = <-a
	}
	return sum
}

func builtins() (m map[string]int) {
	m = map[string]int{"a": 1, "b": 2}
	c, from, to := make(chan int), []int{1, 2, 3}, make([]int, 2)
	func() {
		defer delete(m, "a")
		defer close(c)
		defer copy(to, from)
	}()
	_, open := <-c
	fmt.Println(len(m), open, to)
	defer func() { fmt.Println("builtin panic:", recover()) }()
	defer panic("deferred panic")
	return m
}

func generic[T any](v T, f func(T)) {
	defer f(v)
	var zero T
	v = zero
}

func where(what string) {
	pcs := make([]uintptr, 8)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if f.Function == "main.main" || !more {
			break
		}
		name := f.Function[strings.LastIndex(f.Function, ".")+1:]
		fmt.Println(what, name, f.Line > 0)
	}
}

func outer() {
	defer where("deferred")
	where("called")
}

// More than a function keeps by itself, or more ways out; loops; jumps back.
func many(n int) (s string) {
	add := func(t string) { s += t }
	defer add("1")
	defer add("2")
	defer add("3")
	defer add("4")
	defer add("5")
	defer add("6")
	if n == 0 {
		return "zero "
	}
	defer add("7")
	defer add("8")
	defer add("9")
	return "all "
}

func ways(n int) (s string) {
	add := func(t string) { s += t }
	defer add("a")
	defer add("b")
	switch n {
	case 0:
		return "0"
	case 1:
		return "1"
	case 2:
		return "2"
	case 3:
		return "3"
	case 4:
		return "4"
	case 5:
		return "5"
	case 6:
		return "6"
	}
	return "7"
}

func loops(n int) (s string) {
	defer func() { s += "end" }()
	for i := range n {
		defer func() { s += fmt.Sprint(i, " ") }()
	}
	return
}

func jumps() (s string) {
	i := 0
again:
	defer func() { s += fmt.Sprint(i, " ") }()
	i++
	if i < 3 {
		goto again
	}
	return
}

func skips(n int) (s string) {
	defer func() { s += "first " }()
	if n == 0 {
		goto end
	}
	defer func() { s += "second " }()
end:
	return s
}

type tally struct {
	mu    sync.Mutex
	total int
	by    [4]int
}

func (t *tally) add(i int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total++
	t.by[i]++
}

func locked() {
	var t tally
	var wg sync.WaitGroup
	failed := make(chan any, 8)
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() {
				if r := recover(); r != nil {
					failed <- r
				}
			}()
			for i := range 200 {
				t.add((i + g) & 3)
			}
			t.add(4)
		}()
	}
	wg.Wait()
	fmt.Println(t.total, t.by, len(failed), <-failed)
}

func nested(n int) (s string) {
	defer func() {
		defer func() { s += fmt.Sprint("c", n) }()
		if n > 0 {
			s += nested(n - 1)
		}
		s += fmt.Sprint("b", n)
	}()
	return fmt.Sprint("a", n)
}

func main() {
	operands()
	for n := range 6 {
		fmt.Println(n, conditional(n))
	}
	for n := range 3 {
		fmt.Println(results(n))
	}
	for n := range 4 {
		fmt.Println(recovers(n))
	}
	fmt.Println(indirect())
	fmt.Println(notPanicking())
	fmt.Println(repanics())
	fmt.Println(nils(0))
	fmt.Println(nils(1))
	fmt.Println(nils(2))
	exits()
	fmt.Println(waits(1), waits(2))
	fmt.Println(len(builtins()))
	generic("generic", func(s string) { fmt.Println(s) })
	generic(big{name: "big"}, func(b big) { fmt.Println(b.name) })
	outer()
	fmt.Println(many(0), many(1))
	for n := range 8 {
		fmt.Print(ways(n), " ")
	}
	fmt.Println(loops(3), jumps(), skips(0), skips(1))
	locked()
	fmt.Println(nested(3))
}
