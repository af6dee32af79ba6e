package runtime_test

import (
	"fmt"
	real "runtime"
	"strings"
	"testing"

	mine "vostd/runtime"
	"vostd/runtime/debug"
)

func TestCaller(t *testing.T) {
	for skip := 0; skip < 6; skip++ {
		_, f1, l1, ok1 := mine.Caller(skip)
		_, f2, l2, ok2 := real.Caller(skip)
		if f1 != f2 || l1 != l2 && l1 != l2-1 || ok1 != ok2 {
			t.Error(skip, f1, l1, ok1, f2, l2, ok2)
		}
		names := func(n int, pcs []uintptr) (s string) {
			f := mine.CallersFrames(pcs[:n])
			for more := n > 0; more; {
				var fr mine.Frame
				fr, more = f.Next()
				s += fr.Function + " "
			}
			return strings.ReplaceAll(s, "vostd/", "")
		}
		a, b := make([]uintptr, 10), make([]uintptr, 10)
		if x, y := names(mine.Callers(skip, a), a), names(real.Callers(skip, b), b); x != y {
			t.Errorf("%d\n%s\n%s", skip, x, y)
		}
	}
	pc, _, _, _ := mine.Caller(0)
	if n := mine.FuncForPC(pc).Name(); n != "vostd/runtime_test.TestCaller" {
		t.Error(n)
	}
	if s := string(debug.Stack()); !strings.Contains(s, "TestCaller") {
		t.Error(s)
	}
}

func TestMemStats(t *testing.T) {
	var m mine.MemStats
	mine.GC()
	mine.ReadMemStats(&m)
	if m.HeapAlloc == 0 || m.NumGC == 0 {
		t.Error(m)
	}
	for _, e := range []mine.Error{&mine.TypeAssertionError{}, &mine.PanicNilError{}} {
		if fmt.Sprint(e) == "" {
			t.Error("empty")
		}
	}
	if s := fmt.Sprint(&mine.PanicNilError{}, &mine.TypeAssertionError{}); s != fmt.Sprint(&real.PanicNilError{})+" interface conversion: interface is nil, not " {
		t.Error(s)
	}
}
