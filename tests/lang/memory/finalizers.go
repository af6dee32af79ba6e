// run
package main

import (
	"fmt"
	"runtime"
	"time"
	"weak"
)

type node struct {
	next *node
	name string
}

type namer interface{ Name() string }

func (n *node) Name() string { return n.name }

var log = make(chan string, 100)

//go:noinline
func chain() {
	b := &node{name: "b"}
	a := &node{next: b, name: "a"}
	runtime.SetFinalizer(b, func(n *node) int { log <- "finalizer of " + n.name; return 1 })
	runtime.SetFinalizer(a, func(n namer) { log <- "finalizer of " + n.Name() })
	c := &node{name: "c"}
	runtime.SetFinalizer(c, func(n *node) { log <- "finalizer of c" })
	runtime.SetFinalizer(c, nil)
}

//go:noinline
func cleanups() weak.Pointer[node] {
	n := &node{name: "cleaned"}
	runtime.AddCleanup(n, func(s string) { log <- "cleanup " + s }, "one")
	stopped := runtime.AddCleanup(n, func(s string) { log <- "cleanup " + s }, "stopped")
	stopped.Stop()
	w := weak.Make(n)
	fmt.Println(w.Value() == n, w == weak.Make(n), w == weak.Make(&node{}))
	runtime.GC()
	fmt.Println(w.Value().name)
	runtime.KeepAlive(n)
	return w
}

//go:noinline
func deep(n int) int {
	var pad [16]int
	if n > 0 {
		pad[n%16] = deep(n - 1)
	}
	return pad[0] + n
}

func drain(want string) {
	for i := 0; i < 200; i++ {
		deep(20)
		runtime.GC()
		select {
		case got := <-log:
			fmt.Println(got, got == want)
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
	fmt.Println("never:", want)
}

func message(f func()) (s string) {
	defer func() { s = fmt.Sprint(recover()) }()
	f()
	return "no panic"
}

func main() {
	chain()
	drain("finalizer of a")
	drain("finalizer of b")
	w := cleanups()
	drain("cleanup one")
	fmt.Println(w.Value() == nil, weak.Make[int](nil).Value() == nil, weak.Make[int](nil) == weak.Pointer[int]{})
	fmt.Println(message(func() { runtime.AddCleanup[int](nil, func(int) {}, 0) }))
	p := new(node)
	fmt.Println(message(func() { runtime.AddCleanup(p, func(*node) {}, p) }))
	runtime.KeepAlive(p)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	kept := make([][]byte, 100)
	for i := range kept {
		kept[i] = make([]byte, 1000)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	fmt.Println(after.Mallocs-before.Mallocs >= 100, after.TotalAlloc-before.TotalAlloc >= 100_000,
		after.NumGC > before.NumGC, after.NumForcedGC > before.NumForcedGC, after.HeapAlloc >= 100_000,
		after.HeapObjects > 100, after.HeapInuse >= after.HeapAlloc, after.HeapSys >= after.HeapInuse,
		after.Sys >= after.HeapSys, after.PauseTotalNs > 0, after.PauseNs[(after.NumGC+255)%256] > 0,
		after.NextGC > 0, after.HeapSys == after.HeapInuse+after.HeapIdle)
	runtime.KeepAlive(kept)
}
