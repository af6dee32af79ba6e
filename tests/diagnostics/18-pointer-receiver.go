// A value where the method belongs to the pointer.

package main

type Counter interface{ Inc() }

type counter struct{ n int }

func (c *counter) Inc() { c.n++ }

func main() {
	c := counter{}
	var i Counter = c
	i.Inc()
}
