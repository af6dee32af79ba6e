// run
// A pipeline of stages that stop at the first error, a limiter of rates, and a log that is read and summed up.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// A group runs functions until the first fails, as errgroup does.
type group struct {
	wg     sync.WaitGroup
	once   sync.Once
	err    error
	cancel context.CancelCauseFunc
	places chan struct{}
}

func newGroup(ctx context.Context, limit int) (*group, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	return &group{cancel: cancel, places: make(chan struct{}, limit)}, ctx
}

func (g *group) start(f func() error) {
	g.places <- struct{}{}
	g.wg.Go(func() {
		defer func() { <-g.places }()
		if err := f(); err != nil {
			g.once.Do(func() {
				g.err = err
				g.cancel(err)
			})
		}
	})
}

func (g *group) wait() error {
	g.wg.Wait()
	g.cancel(g.err)
	return g.err
}

func stage[A, B any](ctx context.Context, g *group, in <-chan A, workers int, f func(A) (B, error)) <-chan B {
	out := make(chan B)
	var wg sync.WaitGroup
	wg.Add(workers)
	for range workers {
		g.start(func() error {
			defer wg.Done()
			for a := range in {
				b, err := f(a)
				if err != nil {
					return err
				}
				select {
				case out <- b:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			return nil
		})
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	return out
}

func source(ctx context.Context, n int) <-chan int {
	c := make(chan int)
	go func() {
		defer close(c)
		for i := range n {
			select {
			case c <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return c
}

var errOdd = errors.New("odd one out")

func pipeline(n, bad int) {
	g, ctx := newGroup(context.Background(), 100)
	squares := stage(ctx, g, source(ctx, n), 4, func(i int) (int, error) {
		if i == bad {
			return 0, fmt.Errorf("item %d: %w", i, errOdd)
		}
		return i * i, nil
	})
	texts := stage(ctx, g, squares, 3, func(i int) (string, error) { return strconv.Itoa(i), nil })
	digits := 0
	for s := range texts {
		digits += len(s)
	}
	err := g.wait()
	if err == nil {
		fmt.Println(n, digits)
	} else {
		fmt.Println(n, err, errors.Is(err, errOdd), context.Cause(ctx))
	}
}

// limited lets so many through at once, and then one with each tick.
func limited() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tokens := make(chan struct{}, 3)
	for range 3 {
		tokens <- struct{}{}
	}
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	go func() {
		for {
			select {
			case <-ticker.C:
				select {
				case tokens <- struct{}{}:
				default:
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	var wg sync.WaitGroup
	var mu sync.Mutex
	served := map[int]int{}
	for who := range 4 {
		wg.Go(func() {
			for range 5 {
				select {
				case <-tokens:
					mu.Lock()
					served[who]++
					mu.Unlock()
				case <-ctx.Done():
					fmt.Println(ctx.Err())
					return
				}
			}
		})
	}
	wg.Wait()
	fmt.Println(served)
}

var line = regexp.MustCompile(`^(\S+) \[(\w+)\] (\w+)=(\d+)ms(?: err="([^"]*)")?$`)

type stat struct {
	count, failed, total int
	worst                int
}

// aggregate reads a log that several write, and sums it up by service.
func aggregate() {
	r, w := io.Pipe()
	go func() {
		var wg sync.WaitGroup
		var mu sync.Mutex
		for s, name := range []string{"api", "db", "cache"} {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(s), 7))
				for i := range 200 {
					mu.Lock()
					fmt.Fprintf(w, "2026-01-02T03:04:%02d [%s] took=%dms", i%60, name, random.IntN(100*(s+1)))
					if i%(s+5) == 0 {
						fmt.Fprintf(w, " err=%q", "problem "+name)
					}
					fmt.Fprintln(w)
					if i%50 == 0 {
						fmt.Fprintln(w, "not a line of the log")
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		w.Close()
	}()
	stats := map[string]*stat{}
	other := 0
	in := bufio.NewScanner(r)
	for in.Scan() {
		m := line.FindStringSubmatch(in.Text())
		if m == nil {
			other++
			continue
		}
		s := stats[m[2]]
		if s == nil {
			s = new(stat)
			stats[m[2]] = s
		}
		ms, _ := strconv.Atoi(m[4])
		s.count++
		s.total += ms
		s.worst = max(s.worst, ms)
		if m[5] != "" {
			s.failed++
		}
	}
	var b strings.Builder
	out := tabwriter.NewWriter(&b, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "service\tcount\tfailed\tmean\tworst\t")
	names := slices.SortedFunc(maps.Keys(stats), func(a, b string) int { return cmp.Compare(stats[b].total, stats[a].total) })
	for _, name := range names {
		s := stats[name]
		fmt.Fprintf(out, "%s\t%d\t%d\t%.2f\t%d\t\n", name, s.count, s.failed, float64(s.total)/float64(s.count), s.worst)
	}
	out.Flush()
	fmt.Print(b.String())
	fmt.Println(other, in.Err())
}

func main() {
	pipeline(1000, -1)
	pipeline(1000, 500)
	limited()
	aggregate()
}
