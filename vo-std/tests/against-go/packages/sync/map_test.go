package sync_test

import (
	"math/rand"
	real "sync"
	"testing"

	mine "vostd/sync"
)

// The two maps get the same random operations and must answer alike.
func TestMapAgainstGo(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	var a mine.Map
	var b real.Map
	for i := 0; i < 200000; i++ {
		k, v, w := r.Intn(20), r.Intn(4), r.Intn(4)
		var x1, x2 any
		var ok1, ok2 bool
		switch r.Intn(10) {
		case 0:
			x1, ok1 = a.Load(k)
			x2, ok2 = b.Load(k)
		case 1:
			a.Store(k, v)
			b.Store(k, v)
		case 2:
			x1, ok1 = a.LoadOrStore(k, v)
			x2, ok2 = b.LoadOrStore(k, v)
		case 3:
			x1, ok1 = a.LoadAndDelete(k)
			x2, ok2 = b.LoadAndDelete(k)
		case 4:
			a.Delete(k)
			b.Delete(k)
		case 5:
			x1, ok1 = a.Swap(k, v)
			x2, ok2 = b.Swap(k, v)
		case 6:
			ok1 = a.CompareAndSwap(k, v, w)
			ok2 = b.CompareAndSwap(k, v, w)
		case 7:
			ok1 = a.CompareAndDelete(k, v)
			ok2 = b.CompareAndDelete(k, v)
		case 8:
			if r.Intn(50) == 0 {
				a.Clear()
				b.Clear()
			}
		case 9:
			m1, m2 := map[any]any{}, map[any]any{}
			a.Range(func(k, v any) bool { m1[k] = v; return true })
			b.Range(func(k, v any) bool { m2[k] = v; return true })
			if len(m1) != len(m2) {
				t.Fatal(m1, m2)
			}
			for k, v := range m1 {
				if m2[k] != v {
					t.Fatal(m1, m2)
				}
			}
		}
		if x1 != x2 || ok1 != ok2 {
			t.Fatal(i, x1, ok1, x2, ok2)
		}
	}
}

func TestMapConcurrent(t *testing.T) {
	var m mine.Map
	var wg mine.WaitGroup
	for g := 0; g < 8; g++ {
		wg.Go(func() {
			for i := 0; i < 5000; i++ {
				k := g*100 + i%100
				m.Store(k, i)
				if v, ok := m.Load(k); !ok || v != i {
					t.Error("lost", k, v)
				}
				if i%3 == 0 {
					m.Delete(k)
				}
				m.Range(func(k, v any) bool { return i%100 == 0 })
			}
		})
	}
	wg.Wait()
}
