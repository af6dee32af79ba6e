package errors_test

import (
	goerrors "errors"
	"fmt"
	"io/fs"
	"math/rand"
	"testing"

	"vostd/errors"
)

type wrapOne struct{ err error }

func (w wrapOne) Error() string { return "one" }
func (w wrapOne) Unwrap() error { return w.err }

type wrapMany []error

func (w wrapMany) Error() string   { return "many" }
func (w wrapMany) Unwrap() []error { return w }

type isAll struct{ n int }

func (i isAll) Error() string        { return "isAll" }
func (i isAll) Is(target error) bool { return target == leaves[i.n] }

type asInt struct{}

func (asInt) Error() string { return "asInt" }
func (asInt) As(target any) bool {
	if p, ok := target.(**fs.PathError); ok {
		*p = &fs.PathError{Op: "as"}
		return true
	}
	return false
}

type pointerError struct{ n int }

func (*pointerError) Error() string { return "pointer" }

type timeout interface{ Timeout() bool }

var leaves = []error{goerrors.New("0"), goerrors.New("1"), wrapMany{nil}, isAll{0}, isAll{1}, asInt{}, &pointerError{1}, &fs.PathError{Op: "op"}, nil}

func tree(rng *rand.Rand, depth int) error {
	switch n := rng.Intn(4); {
	case depth == 0 || n == 0:
		return leaves[rng.Intn(len(leaves))]
	case n == 1:
		return wrapOne{tree(rng, depth-1)}
	case n == 2:
		return fmt.Errorf("x %w", tree(rng, depth-1))
	}
	var w wrapMany
	for n := rng.Intn(4); n > 0; n-- {
		w = append(w, tree(rng, depth-1))
	}
	return w
}

func outcome(f func() string) (s string) {
	defer func() {
		if e := recover(); e != nil {
			s = fmt.Sprint("panic ", e)
		}
	}()
	return f()
}

func TestTrees(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for i := 0; i < 20000; i++ {
		err := tree(rng, rng.Intn(5))
		target := leaves[rng.Intn(len(leaves))]
		got := outcome(func() string { return fmt.Sprint(errors.Is(err, target)) })
		want := outcome(func() string { return fmt.Sprint(goerrors.Is(err, target)) })
		if got != want {
			t.Fatalf("Is(%#v, %#v): %s, want %s", err, target, got, want)
		}
		if u, v := errors.Unwrap(err), goerrors.Unwrap(err); outcome(func() string { return fmt.Sprint(u == v) }) == "false" {
			t.Fatalf("Unwrap(%#v)", err)
		}
		for j := range 8 {
			as := func(f func(error, any) bool) string {
				return outcome(func() string {
					var path *fs.PathError
					var pointer *pointerError
					var is isAll
					var e error
					var tm timeout
					var n int
					target := []any{&path, &pointer, &is, &e, &tm, &n, nil, 5}[j]
					ok := f(err, target)
					return fmt.Sprintf("%v %v %v %v %#v %v", ok, path, pointer, is, e, tm)
				})
			}
			if got, want := as(errors.As), as(goerrors.As); got != want {
				t.Fatalf("As(%#v, %d): %s, want %s", err, j, got, want)
			}
		}
		join, join2 := errors.Join(err, target), goerrors.Join(err, target)
		if (join == nil) != (join2 == nil) || join != nil && outcome(join.Error) != outcome(join2.Error) {
			t.Fatalf("Join(%#v, %#v)", err, target)
		}
		if join != nil && len(join.(interface{ Unwrap() []error }).Unwrap()) != len(join2.(interface{ Unwrap() []error }).Unwrap()) {
			t.Fatal("Unwrap of Join")
		}
	}
	if errors.ErrUnsupported.Error() != goerrors.ErrUnsupported.Error() || errors.New("a") == errors.New("a") {
		t.Fatal("New")
	}
}
