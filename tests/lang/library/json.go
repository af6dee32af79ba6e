// run

// Package encoding/json: syntax, decoding, encoding, streams, and their errors.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

type In struct {
	A int
	B string `json:"b"`
	C []int
	D map[string]int
	E *In
	F float32
	G [2]int
	H any
	I uint8
	J bool
	K []byte
	In2
}
type In2 struct {
	X int
	Y string `json:",omitempty"`
}

func main() {
	for _, s := range []string{``, ` `, `{`, `}`, `[`, `[1`, `[1,`, `[1,]`, `[1 2]`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a" 1}`, `{"a":1 "b"}`, `{a:1}`, `{1:1}`, `tru`, `trux`, `nul`, `01`, `-`, `-a`, `1.`, `1.a`, `1e`, `1ea`, `1e+`, `"abc`, `"a\x"`, `"a\u12g4"`, "\"a\nb\"", `1 2`, `'a'`, "\x01", `"\ud800"`, "\"\xff\"", `nan`, `[[[`, "é", `{"a":tru}`, `[fals]`, `"\u00"`, `{"A":1,"A":2}`, "\"a\tb\"", "[\"\x00\"]"} {
		var v any
		err := json.Unmarshal([]byte(s), &v)
		off := int64(-1)
		if e, ok := err.(*json.SyntaxError); ok {
			off = e.Offset
		}
		fmt.Printf("%q: %v %T %d | %v | %v\n", s, err, err, off, v, json.Valid([]byte(s)))
	}
	for _, s := range []string{`"x"`, `1`, `{"A":"x"}`, `{"A":1.5}`, `{"A":1e2}`, `{"A":99999999999999999999}`, `{"I":300}`, `{"I":-1}`, `{"b":1}`, `{"C":{}}`, `{"C":[1,"x",3]}`, `{"D":[]}`, `{"D":{"k":"v"}}`, `{"E":{"E":{"A":true}}}`, `{"F":1e40}`, `{"G":[1,2,3]}`, `{"G":[7]}`, `{"J":1}`, `{"K":"!!"}`, `{"K":"aGk="}`, `{"K":[1,2]}`, `null`, `{"a":5,"B":"case"}`, `{"X":5,"Y":"y"}`, `{"A":null,"C":null,"J":true}`, `{"E":null}`, `{"H":{"z":[1,null,true,"s",1.5e3]}}`, `[1]`, `{"F":"x"}`} {
		var v In
		v.A = 42
		v.C = []int{9, 9, 9, 9}
		v.G = [2]int{8, 8}
		err := json.Unmarshal([]byte(s), &v)
		inner := v.E
		v.E = nil
		fmt.Printf("%s: %v %T\n  %+v %v\n", s, err, err, v, inner != nil)
	}
	var n int
	var s string
	var m map[int]string
	var mm map[bool]int
	var f float32
	var p *int
	var i8 int8
	var e error
	var ch chan int
	fmt.Println(json.Unmarshal([]byte(`1`), nil), json.Unmarshal([]byte(`1`), n), json.Unmarshal([]byte(`1`), p))
	fmt.Println(json.Unmarshal([]byte(`"s"`), &n), json.Unmarshal([]byte(`5`), &s), json.Unmarshal([]byte(`{"1":"a","-2":"b"}`), &m), m, json.Unmarshal([]byte(`{"x":"a"}`), &m), json.Unmarshal([]byte(`{"true":1}`), &mm))
	fmt.Println(json.Unmarshal([]byte(`1e400`), &f), json.Unmarshal([]byte(`128`), &i8), json.Unmarshal([]byte(`1`), &e), json.Unmarshal([]byte(`1`), &ch), json.Unmarshal([]byte(`[1,2]`), &n), json.Unmarshal([]byte(`{}`), &n), json.Unmarshal([]byte(`true`), &n))
	d := json.NewDecoder(strings.NewReader(`{"A":1,"zz":2}`))
	d.DisallowUnknownFields()
	var in In
	fmt.Println(d.Decode(&in), in.A)
	d = json.NewDecoder(strings.NewReader(`{"a":[1,2.50,-0],"b":12345678901234567890} [1] "x" tru`))
	d.UseNumber()
	for {
		var v any
		err := d.Decode(&v)
		fmt.Printf("%v %v %d\n", v, err, d.InputOffset())
		if err != nil {
			break
		}
	}
	d = json.NewDecoder(strings.NewReader(`{"a":[1,{"b":null}],"c":"d"} 5 `))
	for {
		t, err := d.Token()
		fmt.Printf("%T %v %v off=%d\n", t, t, err, d.InputOffset())
		if err != nil {
			break
		}
	}
	out := func(v any) { b, err := json.Marshal(v); fmt.Printf("%s | %v %T\n", b, err, err) }
	out(in)
	out(1.0)
	out(1e21)
	out(1e-7)
	out(123456789.0)
	out(float32(0.1))
	out(math.NaN())
	out(math.Inf(1))
	out("a<b>&\u2028\x01\n\t\"\\é\xff")
	out([]byte("hi"))
	out([]byte(nil))
	out([]int(nil))
	out(map[string]int(nil))
	out(map[string]any{"b": 1, "a": []any{nil, true}})
	out(map[int]string{2: "b", 10: "a"})
	out(make(chan int))
	out(func() {})
	out(complex(1, 2))
	out(map[bool]int{})
	out(json.Number("12"))
	out(json.RawMessage(`{"a": 1}`))
	out([2]bool{true})
	out(struct {
		A int      `json:",string"`
		B string   `json:"-"`
		C string   `json:"-,"`
		D *int     `json:"d,omitempty"`
		E struct{} `json:"e,omitzero"`
		f int
		G float64 `json:"g,string"`
		H string  `json:",string"`
	}{A: 5, H: "q"})
	type cyc struct{ P *cyc }
	c := &cyc{}
	c.P = c
	_, err := json.Marshal(c)
	fmt.Println(err)
	_, err = json.Marshal(bad{})
	fmt.Println(err)
	methods()
	b, err := json.MarshalIndent(map[string]any{"a": []int{1, 2}, "b": map[string]int{}, "c": []int{}, "d": map[string]any{"x": nil}}, ">", "  ")
	fmt.Println(string(b), err)
}

type bad struct{}

func (bad) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }

type celsius float64

func (c celsius) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{ "c": %g }`, float64(c)), nil
}
func (c *celsius) UnmarshalJSON(data []byte) error {
	var m map[string]float64
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	*c = celsius(m["c"])
	return nil
}

type level int

func (l level) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "level-%d", int(l)), nil }
func (l *level) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "level-%d", (*int)(l))
	return err
}

type base struct {
	ID   int `json:"id"`
	Name string
}

type Left struct{ Same, OnlyLeft int }
type Right struct{ Same, OnlyRight int }

type all struct {
	base
	*Left
	Right
	Name    string                      `json:"name,omitempty"`
	Temp    celsius                     `json:"temp"`
	Temps   []*celsius                  `json:",omitempty"`
	Levels  map[level]level             `json:"levels"`
	When    time.Time                   `json:"when,omitzero"`
	Took    time.Duration               `json:"took"`
	Raw     json.RawMessage             `json:"raw"`
	Any     []any                       `json:"any"`
	Iface   fmt.Stringer                `json:"iface"`
	Ptr     **int                       `json:"ptr"`
	Nested  map[string]map[string][]int `json:"nested"`
	private int
	Skip    int    `json:"-"`
	Func    func() `json:"-"`
}

func methods() {
	n := 5
	p := &n
	c := celsius(20.5)
	v := all{base: base{1, "inner"}, Left: &Left{2, 3}, Right: Right{4, 5}, Temp: 36.6, Temps: []*celsius{&c, nil},
		Levels: map[level]level{2: 3, 1: 4}, When: time.Date(2024, 2, 29, 12, 30, 0, 5000, time.UTC), Took: time.Second,
		Raw: json.RawMessage(` [1, "<x>"] `), Any: []any{1, "two", nil, []int{3}, map[string]any{"k": 1.5}}, Iface: time.Minute,
		Ptr: &p, Nested: map[string]map[string][]int{"a": {"b": {1, 2}}}}
	b, err := json.Marshal(v)
	fmt.Println(string(b), err)
	var w all
	w.Iface = nil
	text := strings.Replace(string(b), `"iface":60000000000,`, "", 1)
	fmt.Println(json.Unmarshal([]byte(text), &w))
	fmt.Println(w.ID, w.base.Name, w.OnlyLeft, w.OnlyRight, w.Temp, *w.Temps[0], w.Temps[1], w.Levels, w.When, w.Took, string(w.Raw), w.Any, **w.Ptr, w.Nested)
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	fmt.Println(enc.Encode(map[string]any{"<": []int{}, "a": struct{}{}, "n": []any{1, map[string]int{}}}), buf.String())
	buf.Reset()
	fmt.Println(json.Compact(&buf, []byte(" { \"a b\" : [ 1 , 2 ] } ")), buf.String())
	buf.Reset()
	fmt.Println(json.Compact(&buf, []byte("{")), json.Indent(&buf, []byte("[1,]"), "", ""))
	json.HTMLEscape(&buf, []byte(`{"a":"<b>&\u2028 "}`))
	fmt.Println(buf.String())
	var q struct {
		A int     `json:",string"`
		B string  `json:",string"`
		C *bool   `json:",string"`
		D float64 `json:",string"`
	}
	fmt.Println(json.Unmarshal([]byte(`{"A":"12","B":"\"in\"","C":"true","D":"1.5"}`), &q), q.A, q.B, *q.C, q.D)
	var x any = &n
	fmt.Println(json.Unmarshal([]byte("7"), x), json.Unmarshal([]byte("8"), &x), n, x == any(&n))
	var any2 any
	fmt.Println(json.Unmarshal([]byte(`{"a":[1,{"b":"\u00e9\ud83d\ude00\n"}],"c":null,"d":-1.5e-3}`), &any2), any2)
	deep := strings.Repeat("[", 10001) + strings.Repeat("]", 10001)
	fmt.Println(json.Unmarshal([]byte(deep), &any2), json.Valid([]byte(deep[1:len(deep)-1])))
	r, w2 := io.Pipe()
	go func() {
		for i := range 5 {
			fmt.Fprintf(w2, `{"i":%d,`, i)
			fmt.Fprintf(w2, `"s":"%s"} %d`, strings.Repeat("x", i*300), i)
		}
		w2.Close()
	}()
	d := json.NewDecoder(r)
	for {
		var o any
		if err := d.Decode(&o); err != nil {
			fmt.Println(err)
			break
		}
		if m, ok := o.(map[string]any); ok {
			fmt.Print(m["i"], len(m["s"].(string)), " ")
		} else {
			fmt.Print(o, "; ")
		}
	}
	d = json.NewDecoder(strings.NewReader(`[{"id":1,"Name":"a"},{"id":2}] rest`))
	d.Token()
	for d.More() {
		var e base
		fmt.Print(d.Decode(&e), e, " ")
	}
	t, err := d.Token()
	rest, _ := io.ReadAll(d.Buffered())
	fmt.Printf("%v %v %q\n", t, err, rest)
}
