package sync_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	mine "vostd/sync"
)

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		if got := fmt.Sprint(recover()); got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}()
	f()
}

func hammer(t *testing.T, l mine.Locker, goroutines, rounds int) {
	n := 0
	var wg mine.WaitGroup
	for i := 0; i < goroutines; i++ {
		wg.Go(func() {
			for j := 0; j < rounds; j++ {
				l.Lock()
				n++
				if j%64 == 0 {
					runtime.Gosched()
				}
				l.Unlock()
			}
		})
	}
	wg.Wait()
	if n != goroutines*rounds {
		t.Errorf("counted %d", n)
	}
}

func TestMutex(t *testing.T) {
	for _, p := range []int{1, 2, 8} {
		old := runtime.GOMAXPROCS(p)
		var m mine.Mutex
		hammer(t, &m, 20, 20000)
		if !m.TryLock() || m.TryLock() {
			t.Error("TryLock")
		}
		m.Unlock()
		mustPanic(t, "fatal error: sync: unlock of unlocked mutex", m.Unlock)
		runtime.GOMAXPROCS(old)
	}
}

// One goroutine holds the lock nearly always; another must get it nevertheless.
func TestMutexFair(t *testing.T) {
	var m mine.Mutex
	stop := make(chan bool)
	go func() {
		for {
			m.Lock()
			time.Sleep(100 * time.Microsecond)
			m.Unlock()
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	start := time.Now()
	for i := 0; i < 20; i++ {
		time.Sleep(100 * time.Microsecond)
		m.Lock()
		m.Unlock()
	}
	stop <- true
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("starved: %v", d)
	}
}

func TestRWMutex(t *testing.T) {
	var rw mine.RWMutex
	hammer(t, &rw, 10, 5000)
	var wg mine.WaitGroup
	var a, b int
	for i := 0; i < 6; i++ {
		wg.Go(func() {
			for j := 0; j < 3000; j++ {
				if i < 2 {
					rw.Lock()
					a++
					runtime.Gosched()
					b++
					rw.Unlock()
				} else {
					rw.RLock()
					if a != b {
						t.Error("reader saw a writer")
					}
					rw.RUnlock()
				}
			}
		})
	}
	wg.Wait()
	if !rw.TryRLock() || rw.TryLock() {
		t.Error("try")
	}
	rw.RLocker().Unlock()
	if !rw.TryLock() || rw.TryRLock() {
		t.Error("try")
	}
	rw.Unlock()
	mustPanic(t, "fatal error: sync: RUnlock of unlocked RWMutex", rw.RUnlock)
	rw = mine.RWMutex{}
	mustPanic(t, "fatal error: sync: Unlock of unlocked RWMutex", rw.Unlock)
}

func TestWaitGroup(t *testing.T) {
	var wg mine.WaitGroup
	wg.Wait()
	mustPanic(t, "sync: negative WaitGroup counter", wg.Done)
}

func TestCond(t *testing.T) {
	var m mine.Mutex
	c := mine.NewCond(&m)
	const n = 10
	order := make(chan int, n)
	for i := 0; i < n; i++ {
		ready := make(chan bool)
		go func() {
			m.Lock()
			ready <- true
			c.Wait()
			order <- i
			m.Unlock()
		}()
		<-ready
		m.Lock()
		m.Unlock()
	}
	for i := 0; i < n/2; i++ {
		c.Signal()
		if got := <-order; got != i {
			t.Errorf("woke %d, want %d", got, i)
		}
	}
	c.Broadcast()
	for i := n / 2; i < n; i++ {
		<-order
	}
	c2 := *c
	mustPanic(t, "sync.Cond is copied", c2.Signal)
}

func TestOnce(t *testing.T) {
	var o mine.Once
	n := 0
	mustPanic(t, "x", func() { o.Do(func() { n++; panic("x") }) })
	o.Do(func() { n++ })
	if n != 1 {
		t.Error(n)
	}
	f := mine.OnceFunc(func() { n++; panic("y") })
	mustPanic(t, "y", f)
	mustPanic(t, "y", f)
	if n != 2 {
		t.Error(n)
	}
}

func TestPool(t *testing.T) {
	p := mine.Pool{New: func() any { return "new" }}
	p.Put("a")
	p.Put(nil)
	if a, b := p.Get(), p.Get(); a != "a" || b != "new" {
		t.Error(a, b)
	}
	p.Put("c")
	runtime.GC()
	runtime.GC()
	runtime.GC()
	if x := p.Get(); x != "new" {
		t.Error("kept", x)
	}
}
