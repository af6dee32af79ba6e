// run

// In .go files the words that Vo adds are ordinary names, and comments do not nest.
package main

import "fmt"

type island struct{ port int }

type errdefer interface{ fail() string }

func (i island) fail() string { return fmt.Sprint("fail ", i.port) }

func assert(port bool) string {
	if port {
		return "holds"
	}
	return "does not hold"
}

var dyn = map[string]int{"port": 1}

func port(island int) (fail int) {
	fail = island + 1
	return
}

func main() {
	/* a comment /* ends here */
	errdefer := errdefer(island{port: 80})
	fmt.Println(errdefer.fail(), port(1), dyn["port"])
	fmt.Println(assert(1 < 2), assert(false))
	island, fail := 1, 2
	fmt.Println(island - fail)
port:
	for {
		break port
	}
	x := struct{ island, port, fail, errdefer, assert int }{port: 5}
	fmt.Println(x.port, x)
}
