// run
package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"runtime/pprof"
)

type pool struct {
	jobs chan int
	mu   sync.Mutex
	cond *sync.Cond
	wg   sync.WaitGroup
}

func receive(c chan int) { <-c }
func send(c chan int)    { c <- 1 }
func choose(a, b chan int) {
	select {
	case <-a:
	case b <- 1:
	}
}
func lock(p *pool)   { p.mu.Lock() }
func wait(p *pool)   { p.wg.Wait() }
func signal(p *pool) { p.mu.Lock(); p.cond.Wait(); p.mu.Unlock() }
func never()         { select {} }
func stage(in, out chan int) {
	for v := range in {
		out <- v
	}
}
func sleeper(d time.Duration) { time.Sleep(d) }

//go:noinline
func leak() {
	go receive(make(chan int))
	go send(make(chan int))
	go choose(make(chan int), make(chan int))
	p := &pool{}
	p.mu.Lock()
	go lock(p)
	q := &pool{}
	q.wg.Add(1)
	go wait(q)
	r := &pool{}
	r.cond = sync.NewCond(&r.mu)
	go signal(r)
	go never()
	go receive(nil)
	// A ring of goroutines that only know each other.
	a, b := make(chan int), make(chan int)
	go stage(a, b)
	go stage(b, a)
}

var kept = make(chan int)
var keptPool pool

func report() (int, string) {
	var text strings.Builder
	profile := pprof.Lookup("goroutineleak")
	if err := profile.WriteTo(&text, 1); err != nil {
		panic(err)
	}
	return profile.Count(), text.String()
}

func main() {
	var in = kept
	keptPool.mu.Lock()
	go lock(&keptPool)
	for range 5 {
		out := make(chan int)
		go stage(in, out)
		in = out
	}
	go sleeper(time.Hour)
	local := make(chan int)
	go receive(local)
	leak()
	for runtime.NumGoroutine() < 19 {
		runtime.Gosched()
	}
	// They are counted from their start on, and leak from their wait on. Whatever a stack still holds
	// of them goes.
	var n int
	var text string
	for n < 4 || !strings.Contains(text, "select (no cases)") || !strings.Contains(text, "chan receive (nil chan)") {
		fmt.Sprint(strings.Repeat("x", 100), 1, 2, 3)
		n, text = report()
	}
	fmt.Println(n >= 4 && n <= 10, pprof.Lookup("goroutine").Count())
	for _, name := range []string{"sleeper", "main.main()"} {
		fmt.Println(name, strings.Contains(text, name))
	}
	fmt.Println(strings.Contains(text, "select (no cases)"), strings.Contains(text, "chan receive (nil chan)"))
	local <- 1
	keptPool.mu.Unlock()
	runtime.KeepAlive(in)
}
