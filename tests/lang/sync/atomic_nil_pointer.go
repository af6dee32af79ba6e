// run
// Storing through a nil address panics, also while the collector marks.
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"
)

type node struct {
	next *node
	data [6]int
}

var kept *node

func faults(f func()) (failed bool) {
	defer func() { failed = recover() != nil }()
	f()
	return
}

func main() {
	for range 10_000 {
		kept = &node{next: kept}
	}
	var over atomic.Bool
	var collections atomic.Int32
	done := make(chan bool)
	go func() {
		for !over.Load() {
			runtime.GC()
			collections.Add(1)
		}
		close(done)
	}()
	tries, faulted := 0, 0
	for ; tries < 200 || collections.Load() < 20; tries++ {
		var to *unsafe.Pointer
		if faults(func() { atomic.StorePointer(to, nil) }) &&
			faults(func() { atomic.SwapPointer(to, unsafe.Pointer(kept)) }) &&
			faults(func() { atomic.CompareAndSwapPointer(to, nil, nil) }) {
			faulted++
		}
	}
	over.Store(true)
	<-done
	fmt.Println(tries == faulted)
}
