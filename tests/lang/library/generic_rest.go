// run

// The generic parts of errors, sync, sync/atomic, math/rand/v2, reflect and unique.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
	"unique"
)

type code int

func (c code) Error() string { return fmt.Sprint("code ", int(c)) }

type asCode struct{}

func (asCode) Error() string { return "as code" }
func (asCode) As(t any) bool {
	if c, ok := t.(*code); ok {
		*c = 77
		return true
	}
	return false
}

func asType() {
	fmt.Println(errors.AsType[code](nil))
	fmt.Println(errors.AsType[code](code(1)))
	fmt.Println(errors.AsType[code](fmt.Errorf("a: %w", fmt.Errorf("b: %w", code(2)))))
	fmt.Println(errors.AsType[code](errors.Join(errors.New("x"), fmt.Errorf("w: %w", code(3)), code(4))))
	fmt.Println(errors.AsType[code](asCode{}))
	fmt.Println(errors.AsType[code](errors.New("no")))
	e, ok := errors.AsType[*fs.PathError](fmt.Errorf("w: %w", &fs.PathError{Op: "open", Path: "p", Err: fs.ErrNotExist}))
	fmt.Println(e, ok)
	i, ok := errors.AsType[interface {
		error
		As(any) bool
	}](asCode{})
	fmt.Println(i, ok)
}

func onces() {
	calls := 0
	v := sync.OnceValue(func() int { calls++; return 42 })
	p := sync.OnceValues(func() (string, error) { calls++; return "a", errors.New("e") })
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if v() != 42 {
				panic("no 42")
			}
			p()
		})
	}
	wg.Wait()
	s, err := p()
	fmt.Println(v(), s, err, calls)
	bad := sync.OnceValue(func() int { calls++; panic("bad") })
	for range 2 {
		func() {
			defer func() { fmt.Println("recovered", recover(), calls) }()
			bad()
		}()
	}
}

type node struct {
	value int
	next  *node
}

func pointers() {
	var head atomic.Pointer[node]
	fmt.Println(head.Load() == nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 100 {
				n := &node{value: i*100 + j}
				for {
					n.next = head.Load()
					if head.CompareAndSwap(n.next, n) {
						break
					}
				}
			}
		})
	}
	wg.Wait()
	sum, count := 0, 0
	for n := head.Load(); n != nil; n = n.next {
		sum += n.value
		count++
	}
	a, b := &node{value: 1}, &node{value: 2}
	head.Store(a)
	fmt.Println(sum, count, head.Swap(b).value, head.Load().value, head.CompareAndSwap(a, nil), head.CompareAndSwap(b, nil))
}

type small uint8

func numbers() {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		fmt.Print(r.IntN(100), " ", r.Uint64N(1000), " ", r.Int32N(7), " ", r.N(time.Second), " ", r.N(small(200)), " ")
	}
	fmt.Println()
	for range 1000 {
		if n := rand.N(10 * time.Minute); n < 0 || n >= 10*time.Minute {
			panic(n)
		}
		if n := rand.N(small(3)); n > 2 {
			panic(n)
		}
	}
	defer func() { fmt.Println(recover()) }()
	rand.N(int8(-1))
}

func handles() {
	a, b, c := unique.Make("x"), unique.Make(string([]byte{'x'})), unique.Make("y")
	fmt.Println(a == b, a == c, a.Value(), unique.Make(1).Value(), unique.Make[any](1) == unique.Make[any](1), unique.Make[any](1) == unique.Make[any]("1"))
	m := map[unique.Handle[[2]int]]string{unique.Make([2]int{1, 2}): "pair"}
	fmt.Println(m[unique.Make([2]int{1, 2})])
}

type T struct {
	A int
	B string
}

func (T) M1(a int, b string) (bool, error) { return a > len(b), nil }
func (T) M2()                              {}

func reflection() {
	t := reflect.TypeFor[T]()
	for f := range t.Fields() {
		fmt.Print(f.Name, " ", f.Type, " ")
	}
	for m := range t.Methods() {
		fmt.Print(m.Name, " ")
		for in := range m.Type.Ins() {
			fmt.Print(in, ",")
		}
		for out := range m.Type.Outs() {
			fmt.Print(out, ";")
		}
	}
	fmt.Println()
	for f, v := range reflect.ValueOf(T{1, "b"}).Fields() {
		fmt.Print(f.Name, "=", v, " ")
	}
	for m, v := range reflect.ValueOf(T{}).Methods() {
		fmt.Print(m.Name, v.Type(), " ")
	}
	fmt.Println()
	ch := make(chan int, 3)
	ch <- 5
	ch <- 6
	close(ch)
	for _, x := range []any{3, small(2), []string{"a", "b"}, &[2]int{7, 8}, "hé", map[string]int{"k": 1}, ch, func(yield func(int) bool) { _ = yield(1) && yield(2) }} {
		fmt.Print(reflect.TypeOf(x), ":")
		for v := range reflect.ValueOf(x).Seq() {
			fmt.Print(" ", v, v.Type())
		}
		fmt.Println()
	}
	for _, x := range []any{[]string{"a", "b"}, &[2]int{7, 8}, "hé", map[string]int{"k": 1}, func(yield func(int, string) bool) { yield(1, "one") }} {
		for k, v := range reflect.ValueOf(x).Seq2() {
			fmt.Print(k, "=", v, " ")
		}
	}
	fmt.Println()
	s, ok := reflect.TypeAssert[fmt.Stringer](reflect.ValueOf(time.Second))
	fmt.Println(s, ok)
	n, ok := reflect.TypeAssert[int](reflect.ValueOf("x"))
	fmt.Println(n, ok)
}

func main() {
	asType()
	onces()
	pointers()
	numbers()
	handles()
	reflection()
	for _, x := range []float64{0, 0.1, 0.5, -0.9, 0.999999, 1, -1, 2} {
		fmt.Printf("%.12g %.12g ", math.Erfinv(x), math.Erfcinv(x))
	}
	fmt.Printf("%.12g\n", math.Erfcinv(1e-30))
}
