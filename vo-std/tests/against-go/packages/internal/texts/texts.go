// Package texts compares functions over strings or byte slices with their twins in Go's library.
package texts

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"
	"unicode"
)

// A Pair is a function of the library and Go's function of the same name and type.
type Pair struct {
	Name       string
	Mine, Real any
}

var pieces = []string{"a", "b", "A", "B", "ab", " ", "\t", "\n", "é", "É", "ß", "ſ", "K", "K", "k", "日本", "\u2003", "\u0085", "\xff", "\xe2\x82", "\ufffd", ",", "_", "9", "ǆ", "İ", "\x00", "😀"}

// Text is random text of at most max pieces, many of them troublesome; of few different ones where max is small.
func Text(r *rand.Rand, max int) string {
	s := ""
	for n := r.Intn(max + 1); n > 0; n-- {
		k := len(pieces)
		if max < 4 {
			k = 12
		}
		s += pieces[r.Intn(k)]
	}
	return s
}

func argument(r *rand.Rand, t reflect.Type, first bool) any {
	size := 3
	if first {
		size = 14
	}
	switch t {
	case reflect.TypeOf(""):
		return Text(r, size)
	case reflect.TypeOf([]byte(nil)):
		if r.Intn(10) == 0 {
			return []byte(nil)
		}
		return []byte(Text(r, size))
	case reflect.TypeOf(0):
		return r.Intn(9) - 2
	case reflect.TypeOf(byte(0)):
		return byte("ab\n,\xff\xe2"[r.Intn(6)])
	case reflect.TypeOf(rune(0)):
		return []rune{'a', 'é', '日', 0xfffd, 0xd800, -1, 0x110000, 'K', '\u2003', 0x1f600}[r.Intn(10)]
	case reflect.TypeOf([]string(nil)):
		var l []string
		for n := r.Intn(4); n > 0; n-- {
			l = append(l, Text(r, 3))
		}
		return l
	case reflect.TypeOf([][]byte(nil)):
		var l [][]byte
		for n := r.Intn(4); n > 0; n-- {
			l = append(l, []byte(Text(r, 3)))
		}
		return l
	case reflect.TypeOf(unicode.TurkishCase):
		return unicode.TurkishCase
	}
	if t.Kind() == reflect.Func && t.Out(0).Kind() == reflect.Bool {
		return []func(rune) bool{unicode.IsSpace, unicode.IsUpper, func(r rune) bool { return r == 0xfffd || r == 'a' }, func(rune) bool { return true }}[r.Intn(4)]
	}
	if t.Kind() == reflect.Func {
		return []func(rune) rune{unicode.ToUpper, func(r rune) rune { return r }, func(r rune) rune { return r - 'a' }, func(r rune) rune {
			if r == 'b' {
				return -1
			}
			return r
		}, func(rune) rune { return 0x110000 }}[r.Intn(5)]
	}
	panic(t)
}

func call(f any, args []reflect.Value) (out []any) {
	defer func() {
		if r := recover(); r != nil {
			out = []any{"panic", fmt.Sprint(r)}
		}
	}()
	for _, v := range reflect.ValueOf(f).Call(args) {
		if v.Kind() == reflect.Func { // an iterator: all of it, and the first two
			var l []any
			for x := range v.Seq() {
				l = append(l, x.Interface())
			}
			for x := range v.Seq() {
				l = append(l, x.Interface())
				if len(l)%2 == 0 {
					break
				}
			}
			out = append(out, l)
			continue
		}
		out = append(out, v.Interface())
		if b, ok := v.Interface().([]byte); ok {
			out = append(out, b == nil)
		}
	}
	return out
}

// Compare gives each pair the same random arguments, 20,000 times. Both must give deeply equal results, nil
// and empty being different, or the same panic.
func Compare(t *testing.T, pairs []Pair) {
	r := rand.New(rand.NewSource(1))
	for _, p := range pairs {
		ft := reflect.TypeOf(p.Mine)
		for i := 0; i < 20000; i++ {
			var args []reflect.Value
			for j := 0; j < ft.NumIn(); j++ {
				args = append(args, reflect.ValueOf(argument(r, ft.In(j), j == 0)).Convert(ft.In(j)))
			}
			x, y := call(p.Mine, args), call(p.Real, args)
			if !reflect.DeepEqual(x, y) {
				s := ""
				for _, a := range args {
					s += fmt.Sprintf("%#v, ", a)
				}
				t.Errorf("%s(%s)\n got  %#v\n want %#v", p.Name, s, x, y)
				break
			}
		}
	}
}
