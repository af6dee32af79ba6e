package atomic_test

import (
	"fmt"
	real "sync/atomic"
	"testing"

	mine "vostd/sync/atomic"
)

type value interface {
	Load() any
	Store(any)
	Swap(any) any
	CompareAndSwap(old, new any) bool
}

func try(f func() any) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprint("panic: ", r)
		}
	}()
	return fmt.Sprint(f())
}

func TestValue(t *testing.T) {
	vals := []any{nil, 1, 2, "a", "b", []int{1}, []int{2}}
	for _, first := range vals {
		for _, a := range vals {
			for _, b := range vals {
				run := func(v value) string {
					s := try(func() any { v.Store(first); return v.Load() })
					s += try(func() any { return v.CompareAndSwap(a, b) })
					s += try(func() any { return v.Swap(a) })
					s += try(func() any { v.Store(b); return v.Load() })
					return s
				}
				if x, y := run(new(mine.Value)), run(new(real.Value)); x != y {
					t.Errorf("%v %v %v:\n%s\n%s", first, a, b, x, y)
				}
			}
		}
	}
}

func TestTypes(t *testing.T) {
	var b mine.Bool
	if b.Swap(true) || !b.Load() || b.CompareAndSwap(false, true) || !b.CompareAndSwap(true, false) || b.Load() {
		t.Error("Bool")
	}
	var i mine.Int64
	i.Store(12)
	if i.Add(-2) != 10 || i.And(6) != 10 || i.Or(1) != 2 || i.Swap(9) != 3 || !i.CompareAndSwap(9, 8) || i.Load() != 8 {
		t.Error("Int64")
	}
}
