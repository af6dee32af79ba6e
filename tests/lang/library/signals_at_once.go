// run

// Many signals at once, while handlers of others run.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

func main() {
	c := make(chan os.Signal, 1)
	for sig := syscall.Signal(1); sig < 32; sig++ {
		switch sig {
		case syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS,
			syscall.SIGFPE, syscall.SIGSEGV, syscall.SIGSYS, syscall.SIGCHLD, syscall.SIGPROF:
		default:
			signal.Notify(c, sig)
		}
	}
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for range 300 {
				for _, sig := range []syscall.Signal{1, 2, 3, 10, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30} {
					syscall.Kill(os.Getpid(), sig)
				}
			}
		})
	}
	done := make(chan bool)
	go func() {
		senders.Wait()
		close(done)
	}()
	for sending := true; sending; {
		select {
		case <-c:
		case <-done:
			sending = false
		}
	}
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println((<-c).(syscall.Signal) > 0)
}
