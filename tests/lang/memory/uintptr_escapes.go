// run

// What an argument uintptr(p) points at lives until a function with the directive uintptrescapes returns.
package main

import (
	"fmt"
	"runtime"
	"unsafe"
)

var during func()

//go:noinline
//go:uintptrescapes
func one(addr uintptr) { during() }

//go:noinline
//go:uintptrescapes
func many(n int, addrs ...uintptr) int { during(); return n + len(addrs) }

type T struct{ n int }

//go:uintptrescapes
func (t T) method(a, b uintptr) (int, error) { during(); return t.n, nil }

func number() int { runtime.GC(); return 3 }

func main() {
	calls := []func(p unsafe.Pointer){
		func(p unsafe.Pointer) { one(uintptr(p)) },
		func(p unsafe.Pointer) { one((uintptr(p))) },
		func(p unsafe.Pointer) { _ = many(number(), 0, uintptr(p), 1) },
		func(p unsafe.Pointer) {
			many(1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, uintptr(p), uintptr(unsafe.Pointer(new(int))))
		},
		func(p unsafe.Pointer) { T{4}.method(0, uintptr(p)) },
		func(p unsafe.Pointer) { n, _ := T{number()}.method(uintptr(p), 0); _ = n },
	}
	for i, call := range calls {
		for range 20 {
			gone := false
			p := new([64]byte)
			runtime.SetFinalizer(p, func(*[64]byte) { gone = true })
			during = func() {
				runtime.GC()
				runtime.Gosched()
				if gone {
					fmt.Println("call", i, "lost it")
				}
			}
			call(unsafe.Pointer(p))
		}
	}
	fmt.Println("done")
}
