// run
// A chat server over TCP: rooms, names, a goroutine for each direction of a connection, and clients that leave.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sort"
	"strings"
	"sync"
)

type client struct {
	name string
	out  chan string
}

type hub struct {
	join, leave chan *client
	say         chan string
	list        chan chan []string
	done        chan struct{}
}

func (h *hub) run() {
	defer close(h.done)
	clients := map[*client]bool{}
	tell := func(s string) {
		for c := range clients {
			c.out <- s
		}
	}
	for {
		select {
		case c, ok := <-h.join:
			if !ok {
				return
			}
			tell(c.name + " joined")
			clients[c] = true
			c.out <- "welcome " + c.name
		case c := <-h.leave:
			delete(clients, c)
			close(c.out)
			tell(c.name + " left")
		case s := <-h.say:
			tell(s)
		case reply := <-h.list:
			var names []string
			for c := range clients {
				names = append(names, c.name)
			}
			sort.Strings(names)
			reply <- names
		}
	}
}

func (h *hub) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewScanner(conn)
	if !in.Scan() {
		return
	}
	c := &client{in.Text(), make(chan string, 64)}
	var writing sync.WaitGroup
	writing.Add(1)
	go func() {
		defer writing.Done()
		w := bufio.NewWriter(conn)
		for s := range c.out {
			w.WriteString(s + "\n")
			if len(c.out) == 0 {
				w.Flush()
			}
		}
	}()
	h.join <- c
	for in.Scan() {
		switch line := in.Text(); {
		case line == "/who":
			reply := make(chan []string)
			h.list <- reply
			c.out <- strings.Join(<-reply, ",")
		case line == "/quit":
			goto gone
		default:
			h.say <- c.name + ": " + line
		}
	}
gone:
	h.leave <- c
	writing.Wait()
}

type user struct {
	net.Conn
	r *bufio.Reader
}

func dial(addr, name string) user {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		panic(err)
	}
	u := user{c, bufio.NewReader(c)}
	fmt.Fprintln(c, name)
	u.expect("welcome " + name)
	return u
}

func (u user) expect(want string) {
	s, err := u.r.ReadString('\n')
	if s != want+"\n" {
		fmt.Printf("got %q %v, want %q\n", s, err, want)
	}
}

func main() {
	h := &hub{make(chan *client), make(chan *client), make(chan string), make(chan chan []string), make(chan struct{})}
	go h.run()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var conns sync.WaitGroup
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { h.serve(c) })
		}
	})
	addr := l.Addr().String()
	a := dial(addr, "ann")
	b := dial(addr, "bob")
	a.expect("bob joined")
	fmt.Fprintln(a, "hello")
	a.expect("ann: hello")
	b.expect("ann: hello")
	fmt.Fprintln(b, "/who")
	b.expect("ann,bob")
	b.Close()
	a.expect("bob left")
	const n = 30
	var users []user
	for i := range n {
		u := dial(addr, fmt.Sprint("user", i))
		a.expect(fmt.Sprintf("user%d joined", i))
		for _, other := range users {
			other.expect(fmt.Sprintf("user%d joined", i))
		}
		users = append(users, u)
	}
	var wg sync.WaitGroup
	for i, u := range users {
		wg.Go(func() { fmt.Fprintln(u, "message", i) })
	}
	wg.Wait()
	read := func(u user) int {
		seen := map[string]bool{}
		for range n {
			s, err := u.r.ReadString('\n')
			if err != nil {
				fmt.Println(err)
				return 0
			}
			seen[s] = true
		}
		return len(seen)
	}
	total := read(a)
	for _, u := range users {
		total += read(u)
	}
	fmt.Println(total == n*(n+1))
	fmt.Fprintln(a, "/quit")
	rest, err := io.ReadAll(a.r)
	fmt.Printf("%q %v\n", rest, err)
	for _, u := range users {
		u.Close()
	}
	l.Close()
	accepting.Wait()
	conns.Wait()
	close(h.join)
	<-h.done
	fmt.Println("closed")
}
