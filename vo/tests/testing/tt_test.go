package tt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAdd(t *testing.T) {
	for _, c := range []struct{ a, b, want int }{{1, 2, 3}, {2, 2, 4}, {0, 0, 0}} {
		t.Run(fmt.Sprintf("%d+%d", c.a, c.b), func(t *testing.T) {
			t.Logf("adding %d and %d", c.a, c.b)
			if got := Add(c.a, c.b); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func helper(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("helper: %v", err)
	}
}

func TestFails(t *testing.T) {
	t.Log("first\nsecond line")
	t.Run("a b", func(t *testing.T) { t.Error("bad a") })
	t.Run("ok", func(t *testing.T) { t.Log("fine") })
	t.Run("a b", func(t *testing.T) { helper(t, errors.New("oops")) })
	t.Run("", func(t *testing.T) { t.Skip("not now") })
	t.Errorf("at the end")
}

func TestSkip(t *testing.T) {
	if hidden() == "h" {
		t.Skipf("skipped %d", 1)
	}
}

func TestParallel(t *testing.T) {
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() { t.Log("cleanup", i) })
			if i == 1 {
				t.Error("one")
			}
		})
	}
	t.Log("all started")
}

func TestTemp(t *testing.T) {
	d := t.TempDir()
	e := t.TempDir()
	if d == e {
		t.Fatal("same")
	}
	if err := os.WriteFile(filepath.Join(d, "x"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { t.Log("last") })
	t.Cleanup(func() { t.Log("first") })
	t.Setenv("TT_X", "1")
	if os.Getenv("TT_X") != "1" {
		t.Fatal("env")
	}
	if _, err := os.Stat("go.mod"); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	t.Cleanup(func() { t.Log(ctx.Err()) })
}

func TestShort(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	if testing.Verbose() {
		fmt.Println("verbose")
	}
	time.Sleep(time.Millisecond)
}

func BenchmarkAdd(b *testing.B) {
	x := 0
	for i := 0; i < b.N; i++ {
		x = Add(x, i)
	}
	_ = x
}

func BenchmarkLoop(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(10)
	for b.Loop() {
		_ = make([]byte, 100)
	}
}

func BenchmarkSub(b *testing.B) {
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				Add(n, n)
			}
			b.ReportMetric(float64(n), "things")
		})
	}
}

func ExampleAdd() {
	fmt.Println(Add(1, 2))
	// Output: 3
}

func ExampleAdd_bad() {
	fmt.Println(Add(1, 2))
	// Output:
	// 4
}

func Example_unordered() {
	for _, x := range []int{2, 1} {
		fmt.Println(x)
	}
	// Unordered output:
	// 1
	// 2
}

func FuzzAdd(f *testing.F) {
	f.Add(1, "x")
	f.Add(2, "y")
	f.Fuzz(func(t *testing.T, a int, s string) {
		if a == 2 {
			t.Errorf("two %s", s)
		}
	})
}
