package bytes_test

import (
	real "bytes"
	"fmt"
	"math/rand"
	"reflect"
	"testing"
	"unicode"

	mine "vostd/bytes"
)

// Each pair gets the same random arguments and must give deeply equal results, nil and empty being
// different, or the same panic.
var pairs = []struct {
	name       string
	mine, real any
}{
	{"Clone", mine.Clone, real.Clone},
	{"Compare", mine.Compare, real.Compare},
	{"Contains", mine.Contains, real.Contains},
	{"ContainsAny", mine.ContainsAny, real.ContainsAny},
	{"ContainsFunc", mine.ContainsFunc, real.ContainsFunc},
	{"ContainsRune", mine.ContainsRune, real.ContainsRune},
	{"Count", mine.Count, real.Count},
	{"Cut", mine.Cut, real.Cut},
	{"CutLast", mine.CutLast, real.CutLast},
	{"CutPrefix", mine.CutPrefix, real.CutPrefix},
	{"CutSuffix", mine.CutSuffix, real.CutSuffix},
	{"Equal", mine.Equal, real.Equal},
	{"EqualFold", mine.EqualFold, real.EqualFold},
	{"Fields", mine.Fields, real.Fields},
	{"FieldsFunc", mine.FieldsFunc, real.FieldsFunc},
	{"FieldsFuncSeq", mine.FieldsFuncSeq, real.FieldsFuncSeq},
	{"FieldsSeq", mine.FieldsSeq, real.FieldsSeq},
	{"HasPrefix", mine.HasPrefix, real.HasPrefix},
	{"HasSuffix", mine.HasSuffix, real.HasSuffix},
	{"Index", mine.Index, real.Index},
	{"IndexAny", mine.IndexAny, real.IndexAny},
	{"IndexByte", mine.IndexByte, real.IndexByte},
	{"IndexFunc", mine.IndexFunc, real.IndexFunc},
	{"IndexRune", mine.IndexRune, real.IndexRune},
	{"Join", mine.Join, real.Join},
	{"LastIndex", mine.LastIndex, real.LastIndex},
	{"LastIndexAny", mine.LastIndexAny, real.LastIndexAny},
	{"LastIndexByte", mine.LastIndexByte, real.LastIndexByte},
	{"LastIndexFunc", mine.LastIndexFunc, real.LastIndexFunc},
	{"Lines", mine.Lines, real.Lines},
	{"Map", mine.Map, real.Map},
	{"Repeat", mine.Repeat, real.Repeat},
	{"Replace", mine.Replace, real.Replace},
	{"ReplaceAll", mine.ReplaceAll, real.ReplaceAll},
	{"Runes", mine.Runes, real.Runes},
	{"Split", mine.Split, real.Split},
	{"SplitAfter", mine.SplitAfter, real.SplitAfter},
	{"SplitAfterN", mine.SplitAfterN, real.SplitAfterN},
	{"SplitAfterSeq", mine.SplitAfterSeq, real.SplitAfterSeq},
	{"SplitN", mine.SplitN, real.SplitN},
	{"SplitSeq", mine.SplitSeq, real.SplitSeq},
	{"Title", mine.Title, real.Title},
	{"ToLower", mine.ToLower, real.ToLower},
	{"ToLowerSpecial", mine.ToLowerSpecial, real.ToLowerSpecial},
	{"ToTitle", mine.ToTitle, real.ToTitle},
	{"ToTitleSpecial", mine.ToTitleSpecial, real.ToTitleSpecial},
	{"ToUpper", mine.ToUpper, real.ToUpper},
	{"ToUpperSpecial", mine.ToUpperSpecial, real.ToUpperSpecial},
	{"ToValidUTF8", mine.ToValidUTF8, real.ToValidUTF8},
	{"Trim", mine.Trim, real.Trim},
	{"TrimFunc", mine.TrimFunc, real.TrimFunc},
	{"TrimLeft", mine.TrimLeft, real.TrimLeft},
	{"TrimLeftFunc", mine.TrimLeftFunc, real.TrimLeftFunc},
	{"TrimPrefix", mine.TrimPrefix, real.TrimPrefix},
	{"TrimRight", mine.TrimRight, real.TrimRight},
	{"TrimRightFunc", mine.TrimRightFunc, real.TrimRightFunc},
	{"TrimSpace", mine.TrimSpace, real.TrimSpace},
	{"TrimSuffix", mine.TrimSuffix, real.TrimSuffix},
}

var pieces = []string{"a", "b", "A", "B", "ab", " ", "\t", "\n", "é", "É", "ß", "ſ", "K", "K", "k", "日本", "\u2003", "\u0085", "\xff", "\xe2\x82", "\ufffd", ",", "_", "9", "ǆ", "İ", "\x00", "😀"}

func text(r *rand.Rand, max int) string {
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
		return text(r, size)
	case reflect.TypeOf([]byte(nil)):
		if r.Intn(10) == 0 {
			return []byte(nil)
		}
		return []byte(text(r, size))
	case reflect.TypeOf(0):
		return r.Intn(9) - 2
	case reflect.TypeOf(byte(0)):
		return byte("ab\n,\xff\xe2"[r.Intn(6)])
	case reflect.TypeOf(rune(0)):
		return []rune{'a', 'é', '日', 0xfffd, 0xd800, -1, 0x110000, 'K', '\u2003', 0x1f600}[r.Intn(10)]
	case reflect.TypeOf([]string(nil)):
		var l []string
		for n := r.Intn(4); n > 0; n-- {
			l = append(l, text(r, 3))
		}
		return l
	case reflect.TypeOf([][]byte(nil)):
		var l [][]byte
		for n := r.Intn(4); n > 0; n-- {
			l = append(l, []byte(text(r, 3)))
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

func TestFuncs(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for _, p := range pairs {
		ft := reflect.TypeOf(p.mine)
		for i := 0; i < 20000; i++ {
			var args []reflect.Value
			for j := 0; j < ft.NumIn(); j++ {
				args = append(args, reflect.ValueOf(argument(r, ft.In(j), j == 0)).Convert(ft.In(j)))
			}
			x, y := call(p.mine, args), call(p.real, args)
			if !reflect.DeepEqual(x, y) {
				s := ""
				for _, a := range args {
					s += fmt.Sprintf("%#v, ", a)
				}
				t.Errorf("%s(%s)\n got  %#v\n want %#v", p.name, s, x, y)
				break
			}
		}
	}
}
