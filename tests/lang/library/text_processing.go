// run

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"container/list"
	"container/ring"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"
)

type LRU[K comparable, V any] struct {
	cap   int
	order *list.List
	items map[K]*list.Element
}
type entry[K comparable, V any] struct {
	k K
	v V
}

func NewLRU[K comparable, V any](n int) *LRU[K, V] {
	return &LRU[K, V]{n, list.New(), map[K]*list.Element{}}
}
func (c *LRU[K, V]) Get(k K) (v V, ok bool) {
	if e, ok := c.items[k]; ok {
		c.order.MoveToFront(e)
		return e.Value.(*entry[K, V]).v, true
	}
	return
}
func (c *LRU[K, V]) Put(k K, v V) {
	if e, ok := c.items[k]; ok {
		e.Value.(*entry[K, V]).v = v
		c.order.MoveToFront(e)
		return
	}
	if c.order.Len() >= c.cap {
		last := c.order.Back()
		delete(c.items, last.Value.(*entry[K, V]).k)
		c.order.Remove(last)
	}
	c.items[k] = c.order.PushFront(&entry[K, V]{k, v})
}
func (c *LRU[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for e := c.order.Front(); e != nil; e = e.Next() {
			x := e.Value.(*entry[K, V])
			if !yield(x.k, x.v) {
				return
			}
		}
	}
}

type Item struct {
	name string
	prio int
	idx  int
}
type PQ []*Item

func (p PQ) Len() int           { return len(p) }
func (p PQ) Less(i, j int) bool { return p[i].prio > p[j].prio }
func (p PQ) Swap(i, j int)      { p[i], p[j] = p[j], p[i]; p[i].idx = i; p[j].idx = j }
func (p *PQ) Push(x any)        { it := x.(*Item); it.idx = len(*p); *p = append(*p, it) }
func (p *PQ) Pop() any          { o := *p; it := o[len(o)-1]; *p = o[:len(o)-1]; return it }

const config = `
# comment
[server]
host = "example.com"   ; trailing
port = 8080
debug = true

[client]
timeout = 1m30s
tags = a, b , c
`

type Section map[string]string

func parseINI(r io.Reader) (map[string]Section, error) {
	out := map[string]Section{}
	sc := bufio.NewScanner(r)
	var cur Section
	re := regexp.MustCompile(`^(\w+)\s*=\s*(?:"([^"]*)"|([^;]*))`)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			cur = Section{}
			out[line[1:len(line)-1]] = cur
		default:
			m := re.FindStringSubmatch(line)
			if m == nil {
				return nil, fmt.Errorf("line %d: bad %q", n, line)
			}
			cur[m[1]] = strings.TrimSpace(cmp.Or(m[2], m[3]))
		}
	}
	return out, sc.Err()
}

type Person struct {
	Name string
	Age  int
	Tags []string
	Born time.Time
}

func (p Person) Greeting() string { return "Hi, " + p.Name }

const tmpl = `{{define "tag"}}<{{.}}>{{end -}}
{{range $i, $p := .People}}{{if $i}}, {{end}}{{$p.Name | printf "%-6s" | upper}}({{.Age}}){{with .Tags}}{{range .}}{{template "tag" .}}{{end}}{{else}} none{{end}}{{end}}
{{- /* comment */ -}}
{{with index .People 0}}
{{.Greeting}} {{len .Name}} {{.Born.Format "2006-01-02"}} {{if and (gt .Age 18) (lt .Age 65)}}adult{{else if eq .Age 18}}18{{else}}other{{end}}{{end}}
{{range $k, $v := .Map}}{{$k}}={{$v}} {{end}}{{printf "%q %v" "x" 1.5}} {{html "<a>"}} {{js "it's"}} {{urlquery "a b"}} {{slice "hello" 1 3}} {{not true}} {{or "" "dflt"}}
{{range 3}}{{.}}{{if eq . 1}}{{continue}}{{end}};{{end}} {{block "foot" .}}foot {{len .People}}{{end}}
`

func wordFreq(text string) map[string]int {
	f := func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }
	freq := map[string]int{}
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), f) {
		freq[w]++
	}
	return freq
}

func Filter[T any](s iter.Seq[T], f func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range s {
			if f(v) && !yield(v) {
				return
			}
		}
	}
}
func Map[T, U any](s iter.Seq[T], f func(T) U) iter.Seq[U] {
	return func(yield func(U) bool) {
		s(func(v T) bool { return yield(f(v)) })
	}
}

func main() {
	c := NewLRU[string, int](2)
	c.Put("a", 1)
	c.Put("b", 2)
	c.Get("a")
	c.Put("c", 3)
	_, ok := c.Get("b")
	fmt.Println(ok)
	for k, v := range c.All() {
		fmt.Print(k, "=", v, " ")
	}
	fmt.Println()
	pq := &PQ{}
	for i, n := range []string{"low", "high", "mid", "urgent"} {
		heap.Push(pq, &Item{name: n, prio: []int{1, 5, 3, 9}[i]})
	}
	it := (*pq)[3]
	it.prio = 100
	heap.Fix(pq, it.idx)
	for pq.Len() > 0 {
		x := heap.Pop(pq).(*Item)
		fmt.Print(x.name, ":", x.prio, " ")
	}
	fmt.Println()
	r := ring.New(4)
	for i := range 4 {
		r.Value = i
		r = r.Next()
	}
	r.Do(func(v any) { fmt.Print(v, " ") })
	fmt.Println()
	ini, err := parseINI(strings.NewReader(config))
	for _, k := range slices.Sorted(maps.Keys(ini)) {
		s := ini[k]
		keys := slices.Collect(maps.Keys(s))
		sort.Strings(keys)
		for _, x := range keys {
			fmt.Printf("%s.%s=%q\n", k, x, s[x])
		}
	}
	_, err2 := parseINI(strings.NewReader("[a]\n???"))
	fmt.Println(err, err2)
	d, err := time.ParseDuration(ini["client"]["timeout"])
	fmt.Println(d, err, d.Seconds(), d.Round(time.Minute), d.Truncate(time.Minute))
	people := []Person{{"Ann", 30, []string{"x", "y"}, time.Date(1994, 2, 3, 0, 0, 0, 0, time.UTC)}, {"Bob", 18, nil, time.Time{}}}
	t := template.Must(template.New("t").Funcs(template.FuncMap{"upper": strings.ToUpper}).Parse(tmpl))
	if err := t.Execute(os.Stdout, map[string]any{"People": people, "Map": map[string]int{"z": 1, "a": 2}}); err != nil {
		fmt.Println(err)
	}
	_, err = template.New("bad").Parse("{{.Foo")
	fmt.Println(err)
	fmt.Println(template.Must(template.New("e").Parse("{{.Nope}}")).Execute(io.Discard, people[0]))
	f := wordFreq("The quick brown fox. The lazy dog's THE end; don't — é à")
	type kv struct {
		k string
		v int
	}
	var kvs []kv
	for k, v := range f {
		kvs = append(kvs, kv{k, v})
	}
	slices.SortFunc(kvs, func(a, b kv) int { return cmp.Or(-cmp.Compare(a.v, b.v), strings.Compare(a.k, b.k)) })
	fmt.Println(kvs)
	fmt.Println(slices.Collect(Map(Filter(slices.Values([]int{1, 2, 3, 4, 5, 6}), func(i int) bool { return i%2 == 0 }), strconv.Itoa)))
	rep := strings.NewReplacer("<", "&lt;", ">", "&gt;", "a", "A")
	fmt.Println(rep.Replace("<a>banana</a>"))
	fmt.Println(strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, "Hello Wörld"), strings.Title("foo bar"), strings.EqualFold("Straße", "STRASSE"), strings.Count("cheese", "e"), strings.LastIndex("go gopher", "go"))
	fmt.Printf("%q %q %q\n", strings.SplitN("a,b,c,d", ",", 2), strings.SplitAfter("a,b,c", ","), strings.Fields("  a  b "))
	before, after, found := strings.Cut("k=v=w", "=")
	fmt.Println(before, after, found, utf8.RuneCountInString("日本語"), utf8.ValidString("a\xffb"))
	var buf bytes.Buffer
	w := bufio.NewWriterSize(&buf, 16)
	fmt.Fprintf(w, "%08.3f|%+d|%x|%X|%o|%b|%e|%g|%t|%v|%p\n", 3.14159, 5, 255, 255, 8, 5, 1234.5678, 1e21, true, []string{"a"}, nil)
	w.Flush()
	line, _ := buf.ReadString('\n')
	fmt.Print(line)
	fmt.Printf("%6.2f|%-8s|%8s|%+v|%#v|%T|%c|%U|%q|%x|% x|%*d|%[2]*[1]d|%v\n", 2.5, "ab", "cd", people[1], people[0].Tags, people, 'x', 'é', "hi\n", "hex", "hex", 5, 42, struct{ X, Y int }{1, 2})
	chunks := slices.Collect(slices.Chunk([]int{1, 2, 3, 4, 5}, 2))
	fmt.Println(chunks, slices.Max([]int{3, 9, 2}), slices.Index([]string{"a", "b"}, "b"), slices.Contains([]int{1}, 1) == true)
}
