package sync

import (
	"fmt"
	"runtime"
	real "sync"
)

// A plain model of the semaphores: a FIFO of waiters per address.
var semas = struct {
	mu real.Mutex
	q  map[*uint32][]chan struct{}
}{q: map[*uint32][]chan struct{}{}}

func runtime_Semacquire(addr *uint32, lifo bool, reason int) {
	semas.mu.Lock()
	if *addr > 0 {
		*addr--
		semas.mu.Unlock()
		return
	}
	c := make(chan struct{})
	if lifo {
		semas.q[addr] = append([]chan struct{}{c}, semas.q[addr]...)
	} else {
		semas.q[addr] = append(semas.q[addr], c)
	}
	semas.mu.Unlock()
	<-c
}

func runtime_Semrelease(addr *uint32, handoff bool) {
	semas.mu.Lock()
	q := semas.q[addr]
	if len(q) == 0 {
		*addr++
		semas.mu.Unlock()
		return
	}
	if len(q) == 1 {
		delete(semas.q, addr)
	} else {
		semas.q[addr] = q[1:]
	}
	close(q[0])
	semas.mu.Unlock()
	if handoff {
		runtime.Gosched()
	}
}

func runtime_spin(turn int) bool {
	for i := 0; i < 30; i++ {
		_ = i
	}
	return turn < 4
}

func runtime_gcCycle() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}

// fatal panics here, so that tests can look at the text.
func fatal(s string) { panic(fmt.Sprint("fatal error: ", s)) }
