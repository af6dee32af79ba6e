// run
// A crawler: a pool of workers visits a site of pages that link to each other, each page once, politely.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

var href = regexp.MustCompile(`href="([^"]+)"`)

type page struct {
	path  string
	depth int
	links []string
	err   error
}

type crawler struct {
	client  *http.Client
	base    *url.URL
	workers int
	limit   chan struct{}
}

func (c *crawler) fetch(ctx context.Context, path string) ([]string, error) {
	c.limit <- struct{}{}
	defer func() { <-c.limit }()
	u := c.base.ResolveReference(&url.URL{Path: path})
	req, err := http.NewRequestWithContext(ctx, "GET", u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "crawler/1.0")
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != 200 {
		return nil, errors.New(resp.Status)
	}
	var links []string
	for _, m := range href.FindAllStringSubmatch(string(body), -1) {
		links = append(links, m[1])
	}
	return links, nil
}

func (c *crawler) run(ctx context.Context, start string, maxDepth int) []page {
	jobs := make(chan page)
	results := make(chan page)
	var wg sync.WaitGroup
	for range c.workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for p := range jobs {
				p.links, p.err = c.fetch(ctx, p.path)
				results <- p
			}
		}()
	}
	seen := map[string]bool{start: true}
	queue := []page{{path: start}}
	pending := 0
	var all []page
	for len(queue) > 0 || pending > 0 {
		var send chan page
		var next page
		if len(queue) > 0 {
			send, next = jobs, queue[0]
		}
		select {
		case send <- next:
			queue = queue[1:]
			pending++
		case p := <-results:
			pending--
			all = append(all, p)
			if p.depth >= maxDepth {
				break
			}
			for _, l := range p.links {
				if !seen[l] {
					seen[l] = true
					queue = append(queue, page{path: l, depth: p.depth + 1})
				}
			}
		}
	}
	close(jobs)
	wg.Wait()
	slices.SortFunc(all, func(a, b page) int { return strings.Compare(a.path, b.path) })
	return all
}

func main() {
	var hits, at, most atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /p/{n}", func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		now := at.Add(1)
		defer at.Add(-1)
		for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
		}
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil || n > 60 {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, "<h1>%d</h1>", n)
		for _, m := range []int{2*n + 1, 2*n + 2, (n - 1) / 2} {
			fmt.Fprintf(w, `<a href="/p/%d">x</a>`, m)
		}
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	base, _ := url.Parse(s.URL)
	c := &crawler{client: s.Client(), base: base, workers: 8, limit: make(chan struct{}, 3)}
	pages := c.run(context.Background(), "/p/0", 5)
	failed, links := 0, 0
	for _, p := range pages {
		links += len(p.links)
		if p.err != nil {
			failed++
			fmt.Println(p.path, p.err)
		}
	}
	fmt.Println(len(pages), failed, links, hits.Load() == int64(len(pages)), most.Load() <= 3)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("enough"))
	for _, p := range c.run(ctx, "/p/0", 2) {
		fmt.Println(p.path, strings.ReplaceAll(p.err.Error(), s.URL, ""))
	}
}
