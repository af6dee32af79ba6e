// run
// Other programs: their output and input, how they end, pipes, environment, directories, and ending them.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

func main() {
	out, err := exec.Command("echo", "hello", "a b", "").Output()
	fmt.Printf("%q %v\n", out, err)
	out, err = exec.Command("sh", "-c", "echo out; echo err >&2; exit 3").CombinedOutput()
	fmt.Printf("%q %v\n", out, err)
	_, err = exec.Command("sh", "-c", "echo problem >&2; exit 4").Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		fmt.Printf("%q %d %v %v %v\n", exit.Stderr, exit.ExitCode(), exit.Exited(), exit.Success(), exit)
	}
	fmt.Println(exec.Command("true").Run(), exec.Command("false").Run())
	missing()
	input()
	pipes()
	surroundings()
	ending()
	many()
	misuse()
}

func missing() {
	_, err := exec.LookPath("no-such-program-here")
	fmt.Println(err, errors.Is(err, exec.ErrNotFound))
	err = exec.Command("no-such-program-here").Run()
	fmt.Println(err, errors.Is(err, exec.ErrNotFound))
	err = exec.Command("/no/such/program").Run()
	fmt.Println(err, errors.Is(err, os.ErrNotExist))
	c := exec.Command("true")
	c.Dir = "/no/such/directory"
	fmt.Println(c.Run())
	dir, _ := os.MkdirTemp("", "processes")
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "script")
	os.WriteFile(file, []byte("#!/bin/sh\necho script $1\n"), 0644)
	err = exec.Command(file).Run()
	fmt.Println(errors.Is(err, os.ErrPermission))
	os.Chmod(file, 0755)
	out, err := exec.Command(file, "x").Output()
	fmt.Printf("%q %v\n", out, err)
}

func input() {
	c := exec.Command("cat")
	c.Stdin = strings.NewReader(strings.Repeat("input ", 50000))
	out, err := c.Output()
	fmt.Println(len(out), err)
	// A program that does not want its input.
	c = exec.Command("true")
	c.Stdin = strings.NewReader(strings.Repeat("input ", 50000))
	fmt.Println(c.Run())
	c = exec.Command("tr", "a-z", "A-Z")
	w, err := c.StdinPipe()
	var b bytes.Buffer
	c.Stdout = &b
	fmt.Println(err, c.Start())
	io.WriteString(w, "shout")
	w.Close()
	fmt.Println(c.Wait(), b.String())
}

func pipes() {
	c := exec.Command("sh", "-c", "for i in 1 2 3; do echo line $i; done; echo end >&2")
	out, err := c.StdoutPipe()
	errs, err2 := c.StderrPipe()
	fmt.Println(err, err2, c.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		fmt.Println(lines.Text())
	}
	b, err := io.ReadAll(errs)
	fmt.Printf("%q %v %v\n", b, err, c.Wait())
	r, w, _ := os.Pipe()
	first, second := exec.Command("echo", "through"), exec.Command("cat", "-")
	first.Stdout, second.Stdin = w, r
	var sum bytes.Buffer
	second.Stdout = &sum
	fmt.Println(first.Start(), second.Start())
	w.Close()
	r.Close()
	fmt.Printf("%v %v %q\n", first.Wait(), second.Wait(), sum.String())
	r, w, _ = os.Pipe()
	c = exec.Command("sh", "-c", "echo extra >&3")
	c.ExtraFiles = []*os.File{w}
	fmt.Println(c.Run())
	w.Close()
	b, _ = io.ReadAll(r)
	fmt.Printf("%q\n", b)
}

func surroundings() {
	c := exec.Command("sh", "-c", "echo $A $B; pwd")
	c.Env = []string{"A=1", "B=2", "A=3", "PATH=" + os.Getenv("PATH")}
	c.Dir = "/"
	out, err := c.Output()
	fmt.Printf("%q %v\n", out, err)
	fmt.Println(c.Environ()[:2])
	c = exec.Command("echo", "a", "b c")
	fmt.Println(strings.HasSuffix(c.String(), "/echo a b c"), c.Args, filepath.IsAbs(c.Path))
}

func ending() {
	c := exec.Command("sleep", "1000")
	fmt.Println(c.Start(), c.Process.Pid > 0)
	fmt.Println(c.Process.Signal(syscall.SIGTERM))
	err := c.Wait()
	fmt.Println(err, c.ProcessState.ExitCode(), c.ProcessState.Exited())
	status := c.ProcessState.Sys().(syscall.WaitStatus)
	fmt.Println(status.Signaled(), status.Signal(), c.Process.Kill())

	ctx, cancel := context.WithCancel(context.Background())
	c = exec.CommandContext(ctx, "sleep", "1000")
	fmt.Println(c.Start())
	cancel()
	fmt.Println(c.Wait(), ctx.Err())
	fmt.Println(exec.CommandContext(ctx, "true").Run())
	ctx, cancel = context.WithCancel(context.Background())
	c = exec.CommandContext(ctx, "cat")
	w, _ := c.StdinPipe()
	c.Cancel = w.Close // the end of its input lets it end by itself
	fmt.Println(c.Start())
	cancel()
	fmt.Println(c.Wait())

	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "exit 7"}, &os.ProcAttr{})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := p.Wait()
	fmt.Println(state, err, state.Pid() == p.Pid, state.UserTime() >= 0)
}

// many programs at once, each waited for.
func many() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum := 0
	for i := range 20 {
		wg.Go(func() {
			err := exec.Command("sh", "-c", fmt.Sprintf("exit %d", i)).Run()
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				mu.Lock()
				sum += exit.ExitCode()
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	fmt.Println(sum)
}

func misuse() {
	c := exec.Command("true")
	fmt.Println(c.Wait())
	fmt.Println(c.Run(), c.Wait(), c.Start())
	c = exec.Command("true")
	c.Stdout = io.Discard
	_, err := c.Output()
	fmt.Println(err)
	_, err = c.StdoutPipe()
	fmt.Println(err)
	_, err = exec.Command("echo", "a\x00b").Output()
	fmt.Println(err)
}
