// run

// A frame whose deferred call recovers, and is gone on with in the middle of its landing pad again and again:
// until that rest of the function is compiled, and beyond.
package main

import "fmt"

var calls int

func note(r any) {
	if r != nil {
		calls++
	}
}

func plain(n int) {
	func() {
		defer func() { note(recover()) }()
		panic(n)
	}()
}

func loop(n int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered %v", r)
		}
	}()
	defer func() { note(nil) }()
	for i := range n {
		if i == n-1 {
			panic(i)
		}
	}
	return nil
}

func waiting(ch chan int) {
	func() {
		defer func() {
			note(recover())
			<-ch
		}()
		go func() { ch <- 1 }()
		panic("waits")
	}()
}

func main() {
	ch := make(chan int)
	errs := 0
	for i := range 1500 {
		func() {
			defer func() {
				if r := recover(); r != nil {
					fmt.Println("escaped", i, r)
				}
			}()
			plain(i)
			if loop(i%4) != nil {
				errs++
			}
			waiting(ch)
		}()
	}
	fmt.Println(calls, errs)
}
