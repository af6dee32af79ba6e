package filepath_test

import (
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	real "path/filepath"
	"testing"

	minefs "vostd/io/fs"
	mine "vostd/path/filepath"
)

func tree(t *testing.T) string {
	dir := t.TempDir()
	for _, d := range []string{"a/b/c", "a/x", "d", "e/f"} {
		os.MkdirAll(real.Join(dir, d), 0o755)
	}
	for _, f := range []string{"a/1.txt", "a/b/2.txt", "a/b/c/3.go", "d/4.txt", "e/f/5", "0"} {
		os.WriteFile(real.Join(dir, f), []byte(f), 0o644)
	}
	os.Symlink("../d", real.Join(dir, "a/link"))
	os.Symlink("nowhere", real.Join(dir, "dangling"))
	os.Symlink("loop", real.Join(dir, "loop"))
	os.Symlink(real.Join(dir, "a/b"), real.Join(dir, "e/abs"))
	os.Symlink("../../a/link/../e/./abs//c", real.Join(dir, "e/f/twisted"))
	return dir
}

func TestWalk(t *testing.T) {
	dir := tree(t)
	skips := []string{"none", "a", "b", "1.txt", "2.txt", "d", "c"}
	for _, skip := range skips {
		for _, what := range []int{0, 1} {
			var x, y string
			e1 := mine.WalkDir(dir, func(p string, d minefs.DirEntry, err error) error {
				x += fmt.Sprint(p, d.IsDir(), d.Type(), err, "\n")
				if d.Name() == skip {
					return []error{mine.SkipDir, mine.SkipAll}[what]
				}
				return nil
			})
			e2 := real.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
				y += fmt.Sprint(p, d.IsDir(), d.Type(), err, "\n")
				if d.Name() == skip {
					return []error{real.SkipDir, real.SkipAll}[what]
				}
				return nil
			})
			if x != y || e1 != e2 {
				t.Errorf("skip %s: %v %v\n%s\n%s", skip, e1, e2, x, y)
			}
			x, y = "", ""
			e1 = mine.Walk(dir, func(p string, d minefs.FileInfo, err error) error {
				x += fmt.Sprint(p, d.IsDir(), d.Mode(), d.Size(), d.ModTime().UnixNano(), err, "\n")
				if d.Name() == skip {
					return []error{mine.SkipDir, mine.SkipAll}[what]
				}
				return nil
			})
			e2 = real.Walk(dir, func(p string, d fs.FileInfo, err error) error {
				y += fmt.Sprint(p, d.IsDir(), d.Mode(), d.Size(), d.ModTime().UnixNano(), err, "\n")
				if d.Name() == skip {
					return []error{real.SkipDir, real.SkipAll}[what]
				}
				return nil
			})
			if x != y || e1 != e2 {
				t.Errorf("skip %s: %v %v\n%s\n%s", skip, e1, e2, x, y)
			}
		}
	}
}

func TestGlobAndLinks(t *testing.T) {
	dir := tree(t)
	t.Chdir(dir)
	for _, p := range []string{"*", "a/*", "*/*", "*/*.txt", "[ad]/*", "a/b/c", "nope", "*/nope", "a/**/3.go", "/", "/*", "./*", "a//*", "[", "a/[", "*/b/*/*", "?", "e/abs/*"} {
		a, e1 := mine.Glob(p)
		b, e2 := real.Glob(p)
		if fmt.Sprintf("%q %v", a, e1) != fmt.Sprintf("%q %v", b, e2) || (a == nil) != (b == nil) {
			t.Errorf("Glob(%q) = %q %v, want %q %v", p, a, e1, b, e2)
		}
	}
	for _, p := range []string{"", ".", "/", "a/link", "a/link/4.txt", "a/link/..", "a/link/../a", "dangling", "loop", "e/abs/c", "e/f/twisted/3.go", "0/x", "../x/..", "a/../..", "e/f/../../a", dir + "/e/abs", "nope/x"} {
		a, e1 := mine.EvalSymlinks(p)
		b, e2 := real.EvalSymlinks(p)
		if a != b || fmt.Sprint(e1) != fmt.Sprint(e2) {
			t.Errorf("EvalSymlinks(%q) = %q %v, want %q %v", p, a, e1, b, e2)
		}
		a, e1 = mine.Abs(p)
		b, e2 = real.Abs(p)
		if a != b || fmt.Sprint(e1) != fmt.Sprint(e2) {
			t.Errorf("Abs(%q) = %q %v, want %q %v", p, a, e1, b, e2)
		}
	}
}

func TestNames(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	parts := []string{"/", "/", ".", "..", "a", "ab", "b", ":", "\x00", "\xff"}
	random := func(n int) (s string) {
		for i := r.Intn(n); i > 0; i-- {
			s += parts[r.Intn(len(parts))]
		}
		return
	}
	for i := 0; i < 300000; i++ {
		s, u := random(8), random(8)
		a, e1 := mine.Rel(s, u)
		b, e2 := real.Rel(s, u)
		if a != b || fmt.Sprint(e1) != fmt.Sprint(e2) {
			t.Fatalf("Rel(%q, %q) = %q %v, want %q %v", s, u, a, e1, b, e2)
		}
		a, e1 = mine.Localize(s)
		b, e2 = real.Localize(s)
		if a != b || fmt.Sprint(e1) != fmt.Sprint(e2) {
			t.Fatalf("Localize(%q) = %q %v, want %q %v", s, a, e1, b, e2)
		}
		if mine.IsLocal(s) != real.IsLocal(s) || fmt.Sprintf("%q", mine.SplitList(s)) != fmt.Sprintf("%q", real.SplitList(s)) || minefs.ValidPath(s) != fs.ValidPath(s) {
			t.Fatalf("%q", s)
		}
	}
}
