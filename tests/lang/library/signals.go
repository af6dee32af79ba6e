// run

// Signals that the program sends to itself.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func raise(sig syscall.Signal) {
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		fmt.Println(err)
	}
}

func main() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1, os.Interrupt)
	raise(syscall.SIGUSR1)
	fmt.Println(<-c)
	raise(syscall.SIGINT)
	fmt.Println(<-c == os.Interrupt)

	// Two channels get it, and one that has no room does not hold it up.
	full, other := make(chan os.Signal), make(chan os.Signal, 2)
	signal.Notify(full, syscall.SIGUSR2)
	signal.Notify(other, syscall.SIGUSR2, syscall.SIGTERM)
	raise(syscall.SIGUSR2)
	fmt.Println(<-other)
	raise(syscall.SIGTERM)
	fmt.Println(<-other)
	signal.Stop(full)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP)
	fmt.Println(ctx, ctx.Err())
	raise(syscall.SIGHUP)
	<-ctx.Done()
	fmt.Println(ctx.Err(), context.Cause(ctx))
	stop()

	signal.Ignore(syscall.SIGUSR1)
	fmt.Println(signal.Ignored(syscall.SIGUSR1), signal.Ignored(syscall.SIGUSR2))
	raise(syscall.SIGUSR1)
	signal.Reset(syscall.SIGUSR1)
	fmt.Println(signal.Ignored(syscall.SIGUSR1), len(c))
	signal.Stop(other)

	_, stop = signal.NotifyContext(context.Background(), os.Interrupt)
	stop()
	defer func() { fmt.Println(recover()) }()
	signal.Notify(nil)
}
