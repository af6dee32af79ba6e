// run
// A JSON service over a cache of limited size, with middleware and an error type of its own, tested by a client; it ends
// gracefully on a signal while requests are under way.
package main

import (
	"bytes"
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type cache struct {
	mu    sync.RWMutex
	size  int
	order *list.List
	items map[string]*list.Element
}

type entry struct {
	key   string
	value json.RawMessage
}

func newCache(size int) *cache {
	return &cache{size: size, order: list.New(), items: map[string]*list.Element{}}
}

func (c *cache) get(key string) (json.RawMessage, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry).value, true
}

func (c *cache) put(key string, v json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		e.Value.(*entry).value = v
		c.order.MoveToFront(e)
		return
	}
	c.items[key] = c.order.PushFront(&entry{key, v})
	if c.order.Len() > c.size {
		last := c.order.Back()
		c.order.Remove(last)
		delete(c.items, last.Value.(*entry).key)
	}
}

func (c *cache) len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.order.Len()
}

type apiError struct {
	Status  int    `json:"-"`
	Message string `json:"error"`
}

func (e *apiError) Error() string { return e.Message }

type handler func(w http.ResponseWriter, r *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h(w, r)
	if err == nil {
		return
	}
	var api *apiError
	if !errors.As(err, &api) {
		api = &apiError{500, "internal: " + err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(api.Status)
	json.NewEncoder(w).Encode(api)
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(code int) {
	r.status = code
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{w, 200}
		defer func() {
			if v := recover(); v != nil {
				http.Error(rec, "panic", 500)
			}
			log.Info("request", "method", r.Method, "path", r.URL.Path, "status", rec.status)
		}()
		next.ServeHTTP(rec, r)
	})
}

func routes(c *cache, begun chan<- bool, release <-chan bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /cache/{key}", handler(func(w http.ResponseWriter, r *http.Request) error {
		v, ok := c.get(r.PathValue("key"))
		if !ok {
			return &apiError{404, "no " + r.PathValue("key")}
		}
		w.Header().Set("Content-Type", "application/json")
		_, err := w.Write(v)
		return err
	}))
	mux.Handle("PUT /cache/{key}", handler(func(w http.ResponseWriter, r *http.Request) error {
		var v json.RawMessage
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 100))
		if err := d.Decode(&v); err != nil {
			var big *http.MaxBytesError
			if errors.As(err, &big) {
				return &apiError{413, fmt.Sprint("more than ", big.Limit)}
			}
			return &apiError{400, "not JSON"}
		}
		c.put(r.PathValue("key"), v)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}))
	mux.Handle("GET /fail", handler(func(w http.ResponseWriter, r *http.Request) error { return io.ErrUnexpectedEOF }))
	mux.Handle("GET /panic", handler(func(w http.ResponseWriter, r *http.Request) error { panic("handled") }))
	mux.Handle("GET /slow", handler(func(w http.ResponseWriter, r *http.Request) error {
		begun <- true
		<-release
		_, err := io.WriteString(w, "finished")
		return err
	}))
	return mux
}

func main() {
	var logs bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGUSR1)
	defer stop()
	begun, release := make(chan bool), make(chan bool)
	c := newCache(10)
	srv := &http.Server{Handler: logged(log, routes(c, begun, release)), ReadHeaderTimeout: time.Minute}
	var ended atomic.Bool
	srv.RegisterOnShutdown(func() { ended.Store(true) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	base := "http://" + l.Addr().String()
	call := func(method, path, body string) string {
		req, _ := http.NewRequest(method, base+path, strings.NewReader(body))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return fmt.Sprintf("%d %s %q %v", resp.StatusCode, resp.Header.Get("Content-Type"), b, err)
	}
	fmt.Println(call("GET", "/cache/a", ""))
	fmt.Println(call("PUT", "/cache/a", `{"n": [1, 2]}`))
	fmt.Println(call("GET", "/cache/a", ""))
	fmt.Println(call("PUT", "/cache/a", `{"n":`))
	fmt.Println(call("PUT", "/cache/a", `"`+strings.Repeat("x", 200)+`"`))
	fmt.Println(call("DELETE", "/cache/a", ""))
	fmt.Println(call("GET", "/fail", ""))
	fmt.Println(call("GET", "/panic", ""))
	fmt.Print(logs.String())
	var wg sync.WaitGroup
	var bad atomic.Int64
	for i := range 8 {
		wg.Go(func() {
			for j := range 4 {
				key := fmt.Sprint("k", (i*j)%25)
				if s := call("PUT", "/cache/"+key, `"`+key+`"`); !strings.HasPrefix(s, "204") {
					bad.Add(1)
				}
				if s := call("GET", "/cache/"+key, ""); !strings.Contains(s, key) {
					bad.Add(1)
				}
			}
		})
	}
	wg.Wait()
	fmt.Println(bad.Load(), c.len())
	answer := make(chan string)
	go func() { answer <- call("GET", "/slow", "") }()
	<-begun
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	<-ctx.Done()
	shut := make(chan error)
	go func() { shut <- srv.Shutdown(context.Background()) }()
	fmt.Println(<-served == http.ErrServerClosed)
	_, err = net.Dial("tcp", l.Addr().String())
	fmt.Println(errors.Is(err, syscall.ECONNREFUSED))
	close(release)
	fmt.Println(<-answer, <-shut)
	for !ended.Load() {
		time.Sleep(time.Millisecond)
	}
	fmt.Println(srv.ListenAndServe() == http.ErrServerClosed)
}
