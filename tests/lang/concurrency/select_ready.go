// run

// Selects of which some cases are ready, some not, and some never: buffers that fill and run empty, elements of several
// words and of addresses, closed and nil channels, two, three and five cases, with and without a default.
package main

import "fmt"

type pair struct {
	name string
	n    int
}

// evenly draws from two channels that are both ready.
func evenly(rounds int) (int, int) {
	a, b := make(chan int, 1), make(chan int, 1)
	a <- 0
	b <- 0
	na, nb := 0, 0
	for i := 0; i < rounds; i++ {
		select {
		case v := <-a:
			na++
			a <- v
		case v := <-b:
			nb++
			b <- v
		}
	}
	return na, nb
}

// pump moves pairs from one buffer to another, one way or the other.
func pump(rounds int) (int, string) {
	from, to := make(chan pair, 3), make(chan pair, 2)
	sum, last, held, next := 0, "", 0, 0
	for i := 0; i < rounds; i++ {
		select {
		case from <- pair{fmt.Sprint("p", next), next}:
			next++
			held++
		default:
			select {
			case p, ok := <-from:
				held--
				select {
				case to <- p:
				case q := <-to:
					sum += q.n
					to <- p
				}
				last = p.name
				if !ok {
					last = "closed"
				}
			default:
				last = "none"
			}
		}
	}
	for len(to) > 0 {
		sum += (<-to).n
	}
	return sum - sum + held, last[:1]
}

// never has cases that cannot be.
func never(rounds int) (int, int, int) {
	var none chan int
	shut, full := make(chan int), make(chan *pair, 1)
	full <- &pair{"full", 1}
	close(shut)
	idle, ended, sent := 0, 0, 0
	for i := 0; i < rounds; i++ {
		select {
		case <-none:
			panic("nil channel")
		case full <- nil:
			sent++
		default:
			idle++
		}
		select {
		case v, ok := <-shut:
			if v == 0 && !ok {
				ended++
			}
		case none <- 1:
			panic("nil channel")
		}
	}
	return idle, ended, sent
}

// several has more cases; exactly one of them is ready.
func several(rounds int) [5]int {
	var chans [5]chan int
	for i := range chans {
		chans[i] = make(chan int, 1)
	}
	var got [5]int
	for i := 0; i < rounds; i++ {
		chans[i%5] <- i
		select {
		case v := <-chans[0]:
			got[0] += v % 7
		case v := <-chans[1]:
			got[1] += v % 7
		case v := <-chans[2]:
			got[2] += v % 7
		case v := <-chans[3]:
			got[3] += v % 7
		case v := <-chans[4]:
			got[4] += v % 7
		}
		x, y, z := chans[0], chans[1], chans[2]
		select {
		case x <- i:
			<-x
		case <-y:
			got[1] = -1
		case <-z:
			got[2] = -1
		}
	}
	return got
}

// waiting selects where somebody comes later.
func waiting(rounds int) int {
	a, b, done := make(chan int, 1), make(chan int), make(chan bool)
	go func() {
		for i := 0; i < rounds; i++ {
			if i%3 == 0 {
				b <- i
			} else {
				a <- i
			}
		}
		close(done)
	}()
	sum := 0
	for {
		select {
		case v := <-a:
			sum += v
		case v := <-b:
			sum += v
		case <-done:
			for len(a) > 0 {
				sum += <-a
			}
			return sum
		}
	}
}

// panics sends on a closed channel.
func panics() (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	shut, empty := make(chan int, 1), make(chan int)
	close(shut)
	for i := 0; ; i++ {
		select {
		case shut <- i:
		case <-empty:
		}
	}
}

// collatz and its kind end otherwise than by counting.
func collatz(n int) (steps int) {
	for n != 1 {
		if n&1 == 0 {
			n >>= 1
		} else {
			n = 3*n + 1
		}
		steps++
	}
	return steps
}

func products(n int64) (sum int64) {
	for i := int64(0); i < n; i++ {
		sum += i*3 ^ 5*i - i*9 + -i*5
	}
	return sum
}

func main() {
	a, b := evenly(4000)
	fmt.Println(a+b, a > 1000, b > 1000)
	fmt.Println(pump(3001))
	fmt.Println(never(1000))
	fmt.Println(several(2000))
	fmt.Println(waiting(3000))
	fmt.Println(panics())
	longest := 0
	for n := 1; n < 3000; n++ {
		longest = max(longest, collatz(n))
	}
	fmt.Println(longest, products(1000), products(1<<40>>30))
}
