// A struct literal with a field that is not there.

package main

type Options struct {
	Timeout int
	Retries int
}

func main() {
	o := Options{TimeOut: 3}
	println(o.Retries)
}
