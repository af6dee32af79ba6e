// run
// A client and a server of one program: methods, bodies, redirects, cookies, forms, trailers, compression, cancellation,
// time limits, connections that are used again, and those that are not.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func show(title string, resp *http.Response, err error) {
	if err != nil {
		fmt.Println(title, "error:", err)
		return
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if len(b) > 200 {
		b = fmt.Appendf(nil, "%d bytes", len(b))
	}
	fmt.Printf("%s: %s %d %v %q %v\n", title, resp.Status, resp.ContentLength, resp.TransferEncoding, b, err)
}

var newConns atomic.Int64

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "item %s by %s, pattern %q", r.PathValue("id"), r.Method, r.Pattern)
	})
	mux.HandleFunc("POST /items", func(w http.ResponseWriter, r *http.Request) {
		var v map[string]any
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(map[string]any{"got": v, "length": r.ContentLength, "coding": r.TransferEncoding})
	})
	mux.HandleFunc("/form", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, r.FormValue("a"), r.PostFormValue("b"), r.ParseForm(), r.Form["a"], r.PostForm["a"])
	})
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		f, h, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		b, _ := io.ReadAll(f)
		fmt.Fprintln(w, h.Filename, h.Size, len(b), h.Header.Get("Content-Type"), r.FormValue("name"))
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Write(b)
	})
	mux.HandleFunc("/header", func(w http.ResponseWriter, r *http.Request) {
		keys := []string{}
		for k, v := range r.Header {
			keys = append(keys, k+"="+strings.Join(v, "|"))
		}
		slices.Sort(keys)
		fmt.Fprintln(w, keys, r.Host == r.Context().Value(http.LocalAddrContextKey).(net.Addr).String(), r.Proto)
	})
	mux.HandleFunc("/redirect/{n}", func(w http.ResponseWriter, r *http.Request) {
		if n := r.PathValue("n"); n != "0" {
			http.Redirect(w, r, "/redirect/"+string(n[0]-1), http.StatusFound)
			return
		}
		fmt.Fprint(w, r.Method, " ", strings.Count(r.Referer(), "/redirect/1"))
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", 301) })
	mux.HandleFunc("/again", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/echo", 307) })
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		for i := range 3 {
			fmt.Fprintf(w, "part %d\n", i)
			w.(http.Flusher).Flush()
		}
		w.Header().Set("X-Sum", "3")
		w.Header().Set(http.TrailerPrefix+"X-Late", "yes")
	})
	mux.HandleFunc("/trailer", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, len(r.Trailer), r.Trailer.Get("X-Check") == "", " ")
		io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, r.Trailer.Get("X-Check"))
	})
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("session")
		fmt.Fprintln(w, c, err, len(r.Cookies()))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "s p", Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	})
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "text/plain")
		z := gzip.NewWriter(w)
		io.WriteString(z, strings.Repeat("compressed ", 2000))
		z.Close()
	})
	mux.HandleFunc("/auth", func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		fmt.Fprintln(w, user, password, ok)
	})
	mux.HandleFunc("/nothing", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/die", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("begin") {
			fmt.Fprintln(w, "begun")
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
		gone <- context.Cause(r.Context())
	})
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			fmt.Println(err)
			return
		}
		defer c.Close()
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\n\r\n")
		rw.Flush()
		line, _ := rw.ReadString('\n')
		rw.WriteString(strings.ToUpper(line))
		rw.Flush()
	})
	mux.Handle("/slow", http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-answered
		_, err := io.WriteString(w, "late")
		gone <- err
	}), time.Millisecond, "too slow"))
	return mux
}

var (
	gone     = make(chan error, 1)
	answered = make(chan bool)
)

func main() {
	s := httptest.NewUnstartedServer(handler())
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			newConns.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := s.Client()
	get := func(path string) {
		resp, err := c.Get(s.URL + path)
		show(path, resp, err)
	}
	get("/items/a%2Fb")
	get("/items/7?x=1")
	get("/items/7/8")
	get("/items")
	resp, err := c.Head(s.URL + "/items/7")
	show("head", resp, err)
	resp, err = c.Post(s.URL+"/items", "application/json", strings.NewReader(`{"n": 1}`))
	show("post", resp, err)
	resp, err = c.Post(s.URL+"/items", "application/json", io.MultiReader(strings.NewReader(`{"n":`), strings.NewReader(`2}`)))
	show("post in chunks", resp, err)
	resp, err = c.Post(s.URL+"/items", "application/json", strings.NewReader(`{"n`))
	show("post half", resp, err)
	resp, err = c.PostForm(s.URL+"/form?a=1&a=2", url.Values{"a": {"3"}, "b": {"ä&="}})
	show("form", resp, err)
	upload(c, s.URL)
	big := bytes.Repeat([]byte("0123456789abcdef"), 20000)
	resp, err = c.Post(s.URL+"/echo", "x/y", bytes.NewReader(big))
	show("big", resp, err)
	req, _ := http.NewRequest("PUT", s.URL+"/header", nil)
	req.Header.Set("X-A", "1")
	req.Header.Add("X-A", "2")
	req.Header.Set("User-Agent", "test")
	resp, err = c.Do(req)
	show("header", resp, err)
	get("/redirect/3")
	resp, err = c.Post(s.URL+"/redirect/1", "", strings.NewReader("x"))
	show("post redirect", resp, err)
	_, err = c.Get(s.URL + "/loop")
	fmt.Println("loop:", strings.ReplaceAll(fmt.Sprint(err), s.URL, ""))
	resp, err = c.Post(s.URL+"/again", "", strings.NewReader("sent twice"))
	show("again", resp, err)
	last := *c
	last.CheckRedirect = func(req *http.Request, via []*http.Request) error { return http.ErrUseLastResponse }
	resp, err = last.Get(s.URL + "/redirect/1")
	show("last", resp, err)
	resp, err = c.Get(s.URL + "/stream")
	show("stream", resp, err)
	fmt.Println(resp.Trailer)
	trailer(c, s.URL)
	req, _ = http.NewRequest("GET", s.URL+"/cookie", nil)
	req.AddCookie(&http.Cookie{Name: "session", Value: "abc"})
	req.AddCookie(&http.Cookie{Name: "x", Value: `a "b" c`})
	resp, err = c.Do(req)
	show("cookie", resp, err)
	for _, k := range resp.Cookies() {
		fmt.Println(k.Name, k.Value, k.Path, k.MaxAge, k.HttpOnly, k.SameSite, k)
	}
	resp, err = c.Get(s.URL + "/gzip")
	fmt.Println(resp.Uncompressed, resp.Header.Get("Content-Encoding") == "")
	show("gzip", resp, err)
	resp, err = c.Get(strings.Replace(s.URL, "http://", "http://me:pass@", 1) + "/auth")
	show("auth", resp, err)
	get("/nothing")
	_, err = c.Get(s.URL + "/die")
	fmt.Println("die:", strings.ReplaceAll(fmt.Sprint(err), s.URL, ""), errors.Is(err, io.EOF))
	cancellation(c, s.URL)
	hijack(c, s.URL)
	get("/slow")
	close(answered)
	fmt.Println(<-gone)
	refused(c, s.URL)
	reuse(s)
}

func upload(c *http.Client, address string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("name", "value")
	f, _ := w.CreateFormFile("file", "dir/some \"file\".txt")
	f.Write(bytes.Repeat([]byte("line\r\n--"), 3000))
	w.Close()
	resp, err := c.Post(address+"/upload", w.FormDataContentType(), &b)
	show("upload", resp, err)
}

func trailer(c *http.Client, address string) {
	r, w := io.Pipe()
	req, _ := http.NewRequest("POST", address+"/trailer", r)
	req.Trailer = http.Header{"X-Check": nil}
	go func() {
		io.WriteString(w, "body")
		req.Trailer.Set("X-Check", "fine")
		w.Close()
	}()
	resp, err := c.Do(req)
	show("trailer", resp, err)
}

// cancellation ends requests before the response, within its body, and by time.
func cancellation(c *http.Client, address string) {
	ctx, cancel := context.WithCancel(context.Background())
	req, _ := http.NewRequestWithContext(ctx, "GET", address+"/wait?begin", nil)
	resp, err := c.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	line, _ := bufio.NewReader(resp.Body).ReadString('\n')
	cancel()
	_, err = io.ReadAll(resp.Body)
	fmt.Printf("%q %v %v\n", line, err, <-gone)
	resp.Body.Close()

	ctx, cancel = context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	req, _ = http.NewRequestWithContext(ctx, "GET", address+"/hang", nil)
	_, err = c.Do(req)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	limited := *c
	limited.Timeout = 20 * time.Millisecond
	_, err = limited.Get(address + "/hang")
	var timeout net.Error
	fmt.Println(errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err))
}

func hijack(c *http.Client, address string) {
	req, _ := http.NewRequest("GET", address+"/hijack", nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "shout")
	resp, err := c.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	rw := resp.Body.(io.ReadWriteCloser)
	io.WriteString(rw, "hello\n")
	b, err := io.ReadAll(rw)
	fmt.Printf("%s %q %v\n", resp.Status, b, err)
	rw.Close()
}

// refused are requests that are not sent.
func refused(c *http.Client, address string) {
	for _, f := range []func() (*http.Request, error){
		func() (*http.Request, error) { return http.NewRequest("BAD METHOD", address, nil) },
		func() (*http.Request, error) { return http.NewRequest("GET", "http://[::1", nil) },
		func() (*http.Request, error) { return http.NewRequest("GET", "ftp://x/", nil) },
		func() (*http.Request, error) { return http.NewRequest("GET", "/path", nil) },
		func() (*http.Request, error) { return http.NewRequest("GET", "http:///path", nil) },
		func() (*http.Request, error) {
			r, err := http.NewRequest("GET", address, nil)
			r.Header.Set("X", "a\r\nY: b")
			return r, err
		},
		func() (*http.Request, error) {
			r, err := http.NewRequest("GET", address, nil)
			r.Header["a b"] = []string{"c"}
			return r, err
		},
		func() (*http.Request, error) {
			r, err := http.NewRequest("POST", address+"/echo", strings.NewReader("abc"))
			r.ContentLength = 2
			return r, err
		},
	} {
		req, err := f()
		if err == nil {
			_, err = c.Do(req)
		}
		fmt.Println(strings.ReplaceAll(fmt.Sprint(err), address, ""))
	}
}

// reuse counts the connections that requests take.
func reuse(s *httptest.Server) {
	count := func(title string, c *http.Client, close bool, read bool) {
		c.CloseIdleConnections()
		before := newConns.Load()
		for range 10 {
			req, _ := http.NewRequest("GET", s.URL+"/items/1", nil)
			req.Close = close
			resp, err := c.Do(req)
			if err != nil {
				fmt.Println(err)
				return
			}
			if read {
				io.Copy(io.Discard, resp.Body)
			}
			resp.Body.Close()
		}
		fmt.Println(title, newConns.Load()-before)
	}
	c := s.Client()
	count("read", c, false, true)
	count("closed", c, true, true)
	count("no keep-alive", &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, false, true)
	few := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 2}}
	before := newConns.Load()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				resp, err := few.Get(s.URL + "/items/1")
				if err != nil {
					fmt.Println(err)
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	wg.Wait()
	fmt.Println("few", newConns.Load()-before <= 2)
	few.CloseIdleConnections()
}
