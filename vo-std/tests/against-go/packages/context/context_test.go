package context_test

import (
	real "context"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	realtime "time"

	mine "vostd/context"
	"vostd/time"
)

type key string

// A custom Context is what the tree cannot adopt directly.
type customMine struct{ mine.Context }

func (c customMine) Done() <-chan struct{} {
	if c.Context.Done() == nil {
		return nil
	}
	d := make(chan struct{})
	go func() { <-c.Context.Done(); close(d) }()
	return d
}

// Two trees grow and are cancelled in the same way.
func TestTrees(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for round := 0; round < 300; round++ {
		ms, rs := []mine.Context{mine.Background(), mine.TODO()}, []real.Context{real.Background(), real.TODO()}
		var mc, rc []func(error)
		var mstop, rstop []func() bool
		ran := make(chan string, 100)
		for i := 0; i < 40; i++ {
			k := r.Intn(len(ms))
			m, p := ms[k], rs[k]
			switch r.Intn(9) {
			case 0, 1:
				c, f := mine.WithCancel(m)
				d, g := real.WithCancel(p)
				ms, rs = append(ms, c), append(rs, d)
				mc, rc = append(mc, func(error) { f() }), append(rc, func(error) { g() })
			case 2:
				c, f := mine.WithCancelCause(m)
				d, g := real.WithCancelCause(p)
				ms, rs = append(ms, c), append(rs, d)
				mc, rc = append(mc, func(e error) { f(e) }), append(rc, func(e error) { g(e) })
			case 3:
				n, v := key(fmt.Sprint(r.Intn(3))), r.Intn(100)
				ms, rs = append(ms, mine.WithValue(m, n, v)), append(rs, real.WithValue(p, n, v))
			case 4:
				d := []int64{-1, 1, 2}[r.Intn(3)] * 3600e9
				e := errors.New("late")
				c, f := mine.WithTimeoutCause(m, time.Duration(d), e)
				x, g := real.WithTimeoutCause(p, realtime.Duration(d), e)
				ms, rs = append(ms, c), append(rs, x)
				mc, rc = append(mc, func(error) { f() }), append(rc, func(error) { g() })
			case 5:
				if r.Intn(3) == 0 {
					ms, rs = append(ms, mine.WithoutCancel(m)), append(rs, real.WithoutCancel(p))
				}
			case 6:
				mstop = append(mstop, mine.AfterFunc(m, func() { ran <- "m" }))
				rstop = append(rstop, real.AfterFunc(p, func() { ran <- "r" }))
			case 7:
				if len(mc) > 0 {
					e := fmt.Errorf("cause %d", i)
					j := r.Intn(len(mc))
					mc[j](e)
					rc[j](e)
				}
			case 8:
				if len(mstop) > 0 && r.Intn(2) == 0 {
					j := r.Intn(len(mstop))
					if x, y := mstop[j](), rstop[j](); x != y {
						t.Fatal("stop", x, y)
					}
				}
			}
			for j := range ms {
				_, ok1 := ms[j].Deadline()
				_, ok2 := rs[j].Deadline()
				x := fmt.Sprint(ms[j].Err(), mine.Cause(ms[j]), ms[j].Value(key("1")), ms[j].Done() == nil, ok1)
				y := fmt.Sprint(rs[j].Err(), real.Cause(rs[j]), rs[j].Value(key("1")), rs[j].Done() == nil, ok2)
				if x != y {
					t.Fatalf("%s\n%s\n%v", x, y, ms[j])
				}
				if s, u := fmt.Sprint(ms[j]), fmt.Sprint(rs[j]); !strings.Contains(s, "Deadline") && s != u {
					t.Fatalf("%s\n%s", s, u)
				}
			}
		}
		for j := range mc {
			mc[j](nil)
			rc[j](nil)
		}
		n := map[string]int{}
		for wait := 0; wait < 5000 && (wait == 0 || n["m"] != n["r"]); wait++ { // each runs in a goroutine of its own
			realtime.Sleep(realtime.Millisecond)
			for len(ran) > 0 {
				n[<-ran]++
			}
		}
		if n["m"] != n["r"] {
			t.Error("AfterFunc ran", n)
		}
	}
}

func TestCustomParent(t *testing.T) {
	p, cancel := mine.WithCancelCause(mine.Background())
	c, _ := mine.WithTimeout(customMine{p}, time.Hour)
	q, _ := mine.WithTimeout(c, 20*time.Millisecond)
	if s := q.(fmt.Stringer).String(); !strings.Contains(s, "customMine.WithDeadline(") || !strings.Contains(s, "ms])") {
		t.Error(s)
	}
	<-q.Done()
	if q.Err() != mine.DeadlineExceeded || c.Err() != nil {
		t.Error(q.Err(), c.Err())
	}
	cancel(errors.New("why"))
	<-c.Done()
	if c.Err() != mine.Canceled || mine.Cause(c).Error() != "why" {
		t.Error(c.Err(), mine.Cause(c))
	}
}

func TestPanics(t *testing.T) {
	for want, f := range map[string]func(){
		"cannot create context from nil parent": func() { mine.WithCancel(nil) },
		"nil key":                               func() { mine.WithValue(mine.TODO(), nil, 1) },
		"key is not comparable":                 func() { mine.WithValue(mine.TODO(), []int{}, 1) },
	} {
		func() {
			defer func() {
				if x := recover(); x != want {
					t.Error(x)
				}
			}()
			f()
		}()
	}
	e := mine.DeadlineExceeded.(interface{ Timeout() bool })
	if fmt.Sprint(mine.DeadlineExceeded, mine.Canceled) != fmt.Sprint(real.DeadlineExceeded, real.Canceled) || !e.Timeout() {
		t.Error("texts")
	}
}
