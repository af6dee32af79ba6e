// run

// Callers tells of the whole stack, and a return address less one is still in the call.
package main

import (
	"fmt"
	"runtime"
)

func inner(skip int) []uintptr {
	pcs := make([]uintptr, 20)
	return pcs[:runtime.Callers(skip, pcs)]
}

func outer(skip int) []uintptr { return inner(skip) }

func names(pcs []uintptr) (all []string) {
	for _, pc := range pcs {
		all = append(all, runtime.FuncForPC(pc-1).Name())
	}
	return all
}

type T struct{}

func (T) Method() []uintptr { return inner(1) }

func (*T) Pointer() []uintptr { return inner(1) }

func deferred() {
	fmt.Println(names(inner(1)))
}

func main() {
	for skip := range 8 {
		fmt.Println(skip, names(outer(skip)))
	}
	frames := runtime.CallersFrames(outer(0))
	for {
		frame, more := frames.Next()
		if frame.Function == "main.main" || frame.Function == "main.inner" {
			fmt.Println(frame.Function, frame.Line, frame.Func.Name())
		}
		if !more {
			break
		}
	}
	fmt.Println(names(T{}.Method()), names(new(T).Pointer()))
	fmt.Println(names(func() []uintptr { return inner(1) }()))
	done := make(chan []uintptr)
	go func() { done <- inner(1) }()
	fmt.Println(names(<-done))
	func() {
		defer deferred()
	}()
	_, _, line, ok := runtime.Caller(0)
	fmt.Println(line, ok)
	_, _, _, ok = runtime.Caller(10)
	fmt.Println(ok)
}
