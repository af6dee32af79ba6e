// panic "second 2"

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type Topic string
type Message struct {
	Topic   Topic
	Payload any
}
type Handler func(context.Context, Message) error
type Middleware func(Handler) Handler

type Broker struct {
	mu     sync.RWMutex
	subs   map[Topic][]chan Message
	closed bool
	wg     sync.WaitGroup
}

func NewBroker() *Broker { return &Broker{subs: make(map[Topic][]chan Message)} }

func (b *Broker) Subscribe(ctx context.Context, t Topic, h Handler, mws ...Middleware) {
	for _, mw := range slices.Backward(mws) {
		h = mw(h)
	}
	ch := make(chan Message, 16)
	b.mu.Lock()
	b.subs[t] = append(b.subs[t], ch)
	b.mu.Unlock()
	b.wg.Add(1)
	go func() {
		defer b.wg.Done()
		for m := range ch {
			if err := h(ctx, m); err != nil {
				slog.ErrorContext(ctx, "handler failed", "topic", m.Topic, "err", err)
			}
		}
	}()
}

func (b *Broker) Publish(t Topic, p any) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return errors.New("broker closed")
	}
	for _, ch := range b.subs[t] {
		ch <- Message{t, p}
	}
	return nil
}

func (b *Broker) Close() {
	b.mu.Lock()
	b.closed = true
	for _, chs := range b.subs {
		for _, ch := range chs {
			close(ch)
		}
	}
	b.mu.Unlock()
	b.wg.Wait()
}

func Recover(next Handler) Handler {
	return func(ctx context.Context, m Message) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
		}()
		return next(ctx, m)
	}
}

func Retry(n int) Middleware {
	return func(next Handler) Handler {
		return func(ctx context.Context, m Message) error {
			var errs []error
			for i := range n {
				err := next(ctx, m)
				if err == nil {
					return nil
				}
				errs = append(errs, fmt.Errorf("attempt %d: %w", i+1, err))
			}
			return errors.Join(errs...)
		}
	}
}

type Counter struct{ atomic.Int64 }

type State int

const (
	Idle State = iota
	Running
	Stopped
)

func (s State) String() string {
	switch s {
	case Idle:
		return "Idle"
	case Running:
		return "Running"
	}
	return fmt.Sprintf("State(%d)", int(s))
}

type FSM struct {
	state State
	trans map[State]map[string]State
	hooks []func(from, to State)
}

func (f *FSM) Fire(ev string) error {
	to, ok := f.trans[f.state][ev]
	if !ok {
		return fmt.Errorf("no transition %q from %v", ev, f.state)
	}
	for _, h := range f.hooks {
		h(f.state, to)
	}
	f.state = to
	return nil
}

func gen(ctx context.Context, n int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := range n {
			select {
			case out <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func merge[T any](chs ...<-chan T) <-chan T {
	out := make(chan T)
	var wg sync.WaitGroup
	for _, c := range chs {
		wg.Go(func() {
			for v := range c {
				out <- v
			}
		})
	}
	go func() { wg.Wait(); close(out) }()
	return out
}

type TTLCache[K comparable, V any] struct {
	mu  sync.Mutex
	m   map[K]item[V]
	now func() time.Time
}
type item[V any] struct {
	v   V
	exp time.Time
}

func (c *TTLCache[K, V]) GetOrSet(k K, ttl time.Duration, f func() V) V {
	c.mu.Lock()
	defer c.mu.Unlock()
	if it, ok := c.m[k]; ok && c.now().Before(it.exp) {
		return it.v
	}
	v := f()
	if c.m == nil {
		c.m = map[K]item[V]{}
	}
	c.m[k] = item[V]{v, c.now().Add(ttl)}
	return v
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(g []string, a slog.Attr) slog.Attr {
		if a.Key == "time" {
			return slog.Attr{}
		}
		return a
	}})))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b := NewBroker()
	var got Counter
	var attempts Counter
	b.Subscribe(ctx, "n", func(ctx context.Context, m Message) error { got.Add(int64(m.Payload.(int))); return nil })
	b.Subscribe(ctx, "n", func(ctx context.Context, m Message) error {
		attempts.Add(1)
		if m.Payload.(int) == 3 {
			var s []int
			_ = s[m.Payload.(int)]
		}
		return nil
	}, Retry(2), Recover)
	for i := range 5 {
		b.Publish("n", i)
	}
	b.Publish("none", nil)
	b.Close()
	fmt.Println(got.Load(), attempts.Load(), b.Publish("n", 1))
	f := &FSM{trans: map[State]map[string]State{Idle: {"start": Running}, Running: {"stop": Stopped}}}
	f.hooks = append(f.hooks, func(a, b State) { fmt.Printf("%v -> %v\n", a, b) })
	for _, ev := range strings.Fields("start start stop stop") {
		if err := f.Fire(ev); err != nil {
			fmt.Println("error:", err)
		}
	}
	total := 0
	for v := range merge(gen(ctx, 10), gen(ctx, 20), gen(ctx, 5)) {
		total += v
	}
	fmt.Println(total)
	now := time.Unix(100, 0)
	c := TTLCache[string, int]{now: func() time.Time { return now }}
	n := 0
	f2 := func() int { n++; return n }
	fmt.Print(c.GetOrSet("k", time.Second, f2), c.GetOrSet("k", time.Second, f2), " ")
	now = now.Add(2 * time.Second)
	fmt.Println(c.GetOrSet("k", time.Second, f2))
	sem := make(chan struct{}, 3)
	var peak, cur atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			sem <- struct{}{}
			defer func() { <-sem }()
			n := cur.Add(1)
			for p := peak.Load(); n > p && !peak.CompareAndSwap(p, n); p = peak.Load() {
			}
			runtime.Gosched()
			cur.Add(-1)
		})
	}
	wg.Wait()
	fmt.Println(peak.Load() <= 3, cur.Load())
	done := make(chan struct{})
	results := make(chan string, 1)
	go func() {
		defer close(done)
		select {
		case r := <-results:
			fmt.Println("result", r)
		case <-time.After(time.Minute):
			fmt.Println("timeout")
		}
	}()
	results <- "ok"
	<-done
	tctx, tcancel := context.WithTimeout(ctx, time.Millisecond)
	defer tcancel()
	<-tctx.Done()
	fmt.Println(tctx.Err(), errors.Is(tctx.Err(), context.DeadlineExceeded), context.Cause(tctx) == tctx.Err())
	var rw sync.RWMutex
	shared := map[int]int{}
	for i := range 10 {
		wg.Add(2)
		go func() { defer wg.Done(); rw.Lock(); shared[i%3]++; rw.Unlock() }()
		go func() { defer wg.Done(); rw.RLock(); _ = shared[0]; rw.RUnlock() }()
	}
	wg.Wait()
	fmt.Println(shared)
	go func() {
		defer func() { recover(); panic(fmt.Sprintf("second %d", 2)) }()
		panic(errors.New("first"))
	}()
	select {}
}
