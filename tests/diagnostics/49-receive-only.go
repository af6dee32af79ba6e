// A send to a channel that only receives.

package main

func fill(c <-chan int) {
	c <- 1
}

func main() { fill(make(chan int, 1)) }
