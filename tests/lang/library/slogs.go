// run

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"math"
	"os"
	"strings"
	"time"
)

type user struct {
	Name string `json:"name"`
	ID   int    `json:"id"`
}

type secret string

func (secret) LogValue() slog.Value { return slog.StringValue("REDACTED") }

type point struct{ x, y int }

func (p point) LogValue() slog.Value { return slog.GroupValue(slog.Int("x", p.x), slog.Int("y", p.y)) }

type loop struct{}

func (l loop) LogValue() slog.Value { return slog.AnyValue(l) }

type text struct{}

func (text) MarshalText() ([]byte, error) { return []byte("a text"), nil }

type stringer struct{}

func (stringer) String() string { return "stringer!" }

type panics struct{}

func (*panics) MarshalText() ([]byte, error) { panic("no text") }

func noTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.Attr{}
	}
	return a
}

func use(l *slog.Logger) {
	l.Info("hello")
	l.Info("hello world", "a", 1, "b", "two words", "c", 2.5, "d", true, "e", nil)
	l.Debug("debug", "x", 1)
	l.Warn("quote \"me\"", "k=v", `a"b`, "empty", "", "nl", "a\nb", "uni", "é日", "back", `a\b`, "tab", "\t", "bad", "\xff")
	l.Error("failed", "err", errors.New("boom <x>"), slog.Int("code", 7))
	l.Info("bad keys", "lonely")
	l.Info("bad keys", 1, "x", 2)
	l.Info("values", "dur", 1500*time.Millisecond, "time", time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.UTC), "u", uint8(3), "f", math.Inf(1), "nan", float32(0.1))
	l.Info("structs", "user", user{"ann", 1}, "ptr", &user{"bob", 2}, "slice", []int{1, 2}, "map", map[string]int{"z": 1, "a": 2}, "bytes", []byte("bytes"))
	l.Info("valuers", "s", secret("x"), "p", point{1, 2}, "loop", loop{}, "text", text{}, "stringer", stringer{}, "panic", &panics{}, "nilp", (*panics)(nil))
	l.Info("groups", slog.Group("g", "a", 1, slog.Group("h", "b", 2), slog.Group("empty")), slog.Group("", "inline", 1))
	l = l.With("with", 1, "and", "two")
	l.Info("with")
	g := l.WithGroup("G")
	g.Info("no attrs")
	g.Info("one", "a", 1)
	g = g.With("b", 2).WithGroup("H").With(slog.Group("I", "c", 3))
	g.Info("deep", "d", 4, "p", point{3, 4})
	g.WithGroup("J").Info("empty end")
	l.LogAttrs(context.Background(), slog.LevelInfo+2, "attrs", slog.Bool("b", true), slog.Any("any", struct{ A, B any }{1, "x"}))
	l.Log(context.Background(), slog.LevelError+1, "log", "k", []string{"a b", "c"})
	l.InfoContext(context.Background(), "ctx", "html", "<a&b>", "fn", fmt.Sprint("x"))
	l.Info("unsupported", "ch", make(chan int) == nil, "complex", complex(1, 2), "func", strings.ToUpper == nil)
}

func main() {
	opts := &slog.HandlerOptions{ReplaceAttr: noTime}
	use(slog.New(slog.NewTextHandler(os.Stdout, opts)))
	use(slog.New(slog.NewJSONHandler(os.Stdout, opts)))
	var lv slog.LevelVar
	lv.Set(slog.LevelDebug)
	replace := func(groups []string, a slog.Attr) slog.Attr {
		switch {
		case a.Key == slog.TimeKey:
			return slog.Attr{}
		case a.Key == slog.LevelKey:
			a.Value = slog.StringValue(strings.ToLower(a.Value.Any().(slog.Level).String()))
		case a.Key == slog.SourceKey:
			src := a.Value.Any().(*slog.Source)
			src.File = src.File[strings.LastIndex(src.File, "/")+1:]
			src.File = "FILE"
		case len(groups) > 0:
			a.Key = strings.Join(groups, "/") + ":" + a.Key
		}
		return a
	}
	opts = &slog.HandlerOptions{Level: &lv, ReplaceAttr: replace, AddSource: true}
	for _, h := range []slog.Handler{slog.NewTextHandler(os.Stdout, opts), slog.NewJSONHandler(os.Stdout, opts), slog.NewMultiHandler(slog.NewTextHandler(os.Stdout, opts), slog.DiscardHandler)} {
		l := slog.New(h)
		l.Debug("dbg", "a", 1, slog.Group("g", "b", 2))
		l.WithGroup("w").With("x", 1).Info("inf", "p", point{5, 6})
		fmt.Println(l.Enabled(context.Background(), slog.LevelDebug), l.Enabled(context.Background(), -10))
	}
	log.SetFlags(0)
	log.SetOutput(os.Stdout)
	slog.Info("default", "a", 1, slog.Group("g", "b", "x y"))
	slog.Debug("hidden")
	slog.With("w", 1).WithGroup("g").Warn("default with", "x", 2)
	slog.SetLogLoggerLevel(slog.LevelDebug)
	slog.Debug("shown")
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: noTime})))
	slog.SetLogLoggerLevel(slog.LevelWarn)
	log.Print("from log")
	slog.Info("set", "k", "v")
	slog.NewLogLogger(slog.Default().Handler(), slog.LevelError).Println("as error")

	fmt.Println(slog.LevelDebug-1, slog.LevelInfo+1, slog.LevelWarn, slog.LevelError+5, &lv)
	var l slog.Level
	for _, s := range []string{`"warn+3"`, `"ERROR"`, `"info-1"`, `"x"`, `"INFO+x"`, `7`} {
		fmt.Println(json.Unmarshal([]byte(s), &l), l)
	}
	b, err := json.Marshal(struct{ L slog.Level }{slog.LevelWarn + 1})
	fmt.Println(string(b), err)
	for _, v := range []slog.Value{slog.IntValue(-1), slog.Uint64Value(7), slog.BoolValue(true), slog.Float64Value(1e100), slog.DurationValue(time.Second), slog.AnyValue(nil), slog.AnyValue([]int{1}), slog.GroupValue(slog.Int("a", 1)), slog.AnyValue(secret("s")), slog.AnyValue(slog.KindInt64), {}} {
		fmt.Println(v.Kind(), v, v.Resolve(), v.Any() == nil)
	}
	fmt.Println(slog.Int("a", 1).Equal(slog.Int64("a", 1)), slog.Int("a", 1).Equal(slog.String("a", "1")), slog.String("k", "v"), slog.GroupValue(slog.Int("a", 1)).Equal(slog.GroupValue(slog.Int("a", 1))))
	r := slog.NewRecord(time.Time{}, slog.LevelInfo, "msg", 0)
	r.Add("a", 1, slog.Int("b", 2), "c")
	r.Attrs(func(a slog.Attr) bool { fmt.Println(a); return a.Key != "b" })
	c := r.Clone()
	c.AddAttrs(slog.Int("z", 26))
	fmt.Println(r.NumAttrs(), c.NumAttrs(), r.Source())
	fmt.Println(slog.NewTextHandler(os.Stdout, nil).Handle(context.Background(), c))
	fmt.Println(slog.NewJSONHandler(os.Stdout, nil).Handle(context.Background(), r))
	defer func() { fmt.Println(recover()) }()
	slog.IntValue(1).Bool()
}
