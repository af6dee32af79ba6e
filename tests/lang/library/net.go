// run
// Connections over loopback: many at once, deadlines, closing while others wait, packets, addresses.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan bool)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				fmt.Println("accept ends:", errors.Is(err, net.ErrClosed))
				close(ended)
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				fmt.Println(err)
				return
			}
			defer c.Close()
			r := bufio.NewReader(c)
			for j := range 20 {
				fmt.Fprintf(c, "hello %d %d\n", i, j)
				s, err := r.ReadString('\n')
				if err != nil || s != fmt.Sprintf("hello %d %d\n", i, j) {
					fmt.Println("bad", s, err)
				}
			}
		})
	}
	wg.Wait()
	c, _ := net.Dial("tcp", l.Addr().String())
	c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, err = c.Read(make([]byte, 1))
	var ne net.Error
	fmt.Println(errors.As(err, &ne), ne.Timeout(), errors.Is(err, os.ErrDeadlineExceeded))
	c.SetReadDeadline(time.Time{})
	go func() { time.Sleep(10 * time.Millisecond); c.Close() }()
	_, err = c.Read(make([]byte, 1))
	fmt.Println(errors.Is(err, net.ErrClosed))
	_, err = c.Write([]byte("x"))
	fmt.Println(errors.Is(err, net.ErrClosed))
	big := make([]byte, 8<<20)
	for i := range big {
		big[i] = byte(i * 7)
	}
	c, _ = net.Dial("tcp", l.Addr().String())
	go func() { c.Write(big); c.(*net.TCPConn).CloseWrite() }()
	back, err := io.ReadAll(c)
	fmt.Println(len(back), err, string(back) == string(big))
	l.Close()
	<-ended
	_, err = net.Dial("tcp", l.Addr().String())
	fmt.Println(err != nil)
	_, err = net.Dial("tcp", "127.0.0.1:1")
	fmt.Println(err)
	_, err = net.Dial("tcp", "nonsense")
	fmt.Println(err)
	_, err = net.Dial("foo", "1.2.3.4:5")
	fmt.Println(err)
	_, err = net.Listen("tcp", "1.2.3.4:8080")
	fmt.Println(err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var d net.Dialer
	_, err = d.DialContext(ctx, "tcp", "127.0.0.1:1")
	fmt.Println(err, errors.Is(err, context.Canceled))
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	uc, err := net.Dial("udp", u.LocalAddr().String())
	uc.Write([]byte("packet"))
	b := make([]byte, 100)
	n, from, err := u.ReadFrom(b)
	fmt.Println(string(b[:n]), from.String() == uc.LocalAddr().String(), err)
	u.WriteTo([]byte("answer"), from)
	n, err = uc.Read(b)
	fmt.Println(string(b[:n]), err)
	for _, s := range []string{"1.2.3.4", "::1", "2001:db8::1:0:0:1", "::ffff:1.2.3.4", "1.2.3", "1.2.3.256", "01.2.3.4", "fe80::", "1:2:3:4:5:6:7:8", "1::2::3", ":::", "::1.2.3.4", "12345::"} {
		fmt.Print(net.ParseIP(s), " ")
	}
	fmt.Println()
	ip, nw, err := net.ParseCIDR("192.168.5.7/20")
	fmt.Println(ip, nw, err, nw.Contains(net.ParseIP("192.168.15.1")), nw.Contains(net.ParseIP("192.168.16.1")))
	for _, s := range []string{"a:b", "[::1]:80", "::1:80", "x", "[::1]", "[::1", "a:b:c", ":http", "[a]b:c"} {
		h, p, err := net.SplitHostPort(s)
		fmt.Printf("%q %q %v\n", h, p, err)
	}
	p1, p2 := net.Pipe()
	go func() { p1.Write([]byte("through the pipe")); p1.Close() }()
	all, err := io.ReadAll(p2)
	fmt.Println(string(all), err)
}
