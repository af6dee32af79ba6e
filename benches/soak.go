// A server-like mix for a long time: requests with deadlines, a cache with turnover, workers, spawning. Memory
// must stay flat, no goroutine may stay behind, no answer may be lost. See benches/README.md.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
)

type request struct {
	id     int
	path   string
	answer chan response
}

type response struct {
	id   int
	body []byte
}

type item struct {
	key   string
	value []byte
	used  int
	next  *item
}

// A store is a cache that forgets what was not used for long.
type store struct {
	mu    sync.Mutex
	items map[string]*item
	clock int
}

func (s *store) get(key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	it := s.items[key]
	if it == nil {
		it = &item{key: key, value: []byte(strings.Repeat(key, 8))}
		s.items[key] = it
		if len(s.items) > 5000 {
			s.forget()
		}
	}
	it.used = s.clock
	return it.value
}

func (s *store) forget() {
	var old *item
	for _, it := range s.items {
		if it.used < s.clock-4000 {
			it.next = old
			old = it
		}
	}
	for ; old != nil; old = old.next {
		delete(s.items, old.key)
	}
}

func serve(s *store, in <-chan *request, wg *sync.WaitGroup) {
	defer wg.Done()
	for r := range in {
		body := append([]byte(r.path+": "), s.get(r.path)...)
		if r.id%7 == 0 {
			// Some answers are made by a goroutine of their own.
			go func() { r.answer <- response{r.id, body} }()
			continue
		}
		r.answer <- response{r.id, body}
	}
}

func client(n int, out chan<- *request, stop <-chan struct{}, done chan<- int) {
	served, seed := 0, uint32(n+1)
	for {
		select {
		case <-stop:
			done <- served
			return
		default:
		}
		seed = seed*1664525 + 1013904223
		r := &request{id: served, path: "/item/" + strconv.Itoa(int(seed>>8)%20000), answer: make(chan response, 1)}
		out <- r
		timeout := time.NewTimer(30 * time.Second)
		select {
		case a := <-r.answer:
			if a.id != r.id || !strings.HasPrefix(string(a.body), r.path+": "+r.path) {
				panic(fmt.Sprintf("request %d for %s was answered by %d: %q", r.id, r.path, a.id, a.body))
			}
		case <-timeout.C:
			panic(fmt.Sprintf("request %d was lost", r.id))
		}
		timeout.Stop()
		served++
	}
}

func main() {
	seconds := 600
	if len(os.Args) > 1 {
		seconds, _ = strconv.Atoi(os.Args[1])
	}
	in := make(chan *request, 64)
	s := &store{items: map[string]*item{}}
	var workers sync.WaitGroup
	for range 8 {
		workers.Add(1)
		go serve(s, in, &workers)
	}
	stop, done := make(chan struct{}), make(chan int)
	const clients = 32
	for n := range clients {
		go client(n, in, stop, done)
	}
	var first, m runtime.MemStats
	const rounds = 10
	for round := range rounds {
		time.Sleep(time.Duration(seconds) * time.Second / rounds)
		debug.FreeOSMemory()
		runtime.ReadMemStats(&m)
		if round == 1 {
			first = m
		}
		fmt.Printf("%3d%%: %5d KB live, %5d KB from the system, %d collections, %d goroutines\n", 100*(round+1)/rounds,
			m.HeapAlloc>>10, (m.HeapSys-m.HeapReleased)>>10, m.NumGC, runtime.NumGoroutine())
	}
	close(stop)
	served := 0
	for range clients {
		served += <-done
	}
	close(in)
	workers.Wait()
	for i := 0; runtime.NumGoroutine() > 1 && i < 100; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Printf("%d requests\n", served)
	if n := runtime.NumGoroutine(); n > 1 {
		fmt.Println("goroutines stay behind:", n-1)
		os.Exit(1)
	}
	if m.HeapAlloc > 2*first.HeapAlloc+(4<<20) {
		fmt.Println("memory grew from", first.HeapAlloc, "to", m.HeapAlloc)
		os.Exit(1)
	}
}
