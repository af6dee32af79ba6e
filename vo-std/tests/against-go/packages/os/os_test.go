package os_test

import (
	"errors"
	"fmt"
	"io"
	realfs "io/fs"
	"math/rand"
	real "os"
	"sort"
	"strings"
	"testing"
	"time"

	mineio "vostd/io"
	minefs "vostd/io/fs"
	mine "vostd/os"
	minesys "vostd/syscall"
)

// both runs the two sides in fresh directories and compares what they say.
func both(t *testing.T, name string, a, b func() string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		real.Chdir(t.TempDir())
		x := a()
		real.Chdir(t.TempDir())
		y := b()
		real.Chdir("/")
		xs, ys := strings.Split(x, "\n"), strings.Split(y, "\n")
		for i := range xs {
			if i >= len(ys) || xs[i] != ys[i] {
				t.Fatalf("line %d:\n%s\ngot  %s\nwant %s", i, strings.Join(xs[max(0, i-8):i], "\n"), xs[i], ys[min(i, len(ys)-1)])
			}
		}
	})
}

func TestFiles(t *testing.T) {
	both(t, "read and write", func() string {
		var s strings.Builder
		say := func(a ...any) { fmt.Fprintln(&s, a...) }
		_, err := mine.Open("x")
		say(err, mine.IsNotExist(err), errors.Is(err, minefs.ErrNotExist), errors.Is(err, minesys.ENOENT))
		f, err := mine.OpenFile("x", mine.O_RDWR|mine.O_CREATE|mine.O_EXCL, 0640)
		say(f.Name(), err)
		_, err = mine.OpenFile("x", mine.O_RDWR|mine.O_CREATE|mine.O_EXCL, 0640)
		say(err, mine.IsExist(err))
		say(f.WriteString("hello, world"))
		say(f.Seek(-5, io.SeekEnd))
		say(f.Seek(-50, io.SeekStart))
		buf := make([]byte, 3)
		say(f.Read(buf))
		say(string(buf))
		say(f.ReadAt(buf, 10))
		say(f.ReadAt(buf, -10))
		say(f.WriteAt([]byte("HE"), 0))
		say(f.WriteAt([]byte("HE"), -1))
		say(f.Truncate(8), f.Sync(), f.Chmod(0600))
		say(f.Seek(0, 0))
		data, err := mineio.ReadAll(f)
		say(string(data), err)
		say(f.Read(nil))
		say(f.Read(buf))
		i, err := f.Stat()
		say(i.Name(), i.Size(), i.Mode(), i.IsDir(), err)
		say(f.ReadDir(1))
		say(f.SetDeadline(minetime()))
		say(f.Close(), f.Close())
		say(f.Read(buf))
		say(f.Write(buf))
		say(f.ReadAt(buf, 0))
		say(f.Seek(0, 0))
		say(f.Stat())
		say(f.Sync(), f.Truncate(1), f.Chmod(1))
		f, err = mine.OpenFile("x", mine.O_WRONLY|mine.O_APPEND, 0)
		say(f.WriteString("!"))
		say(f.Read(buf))
		say(f.WriteAt(buf, 0))
		f.Close()
		say(mine.WriteFile("y/z", nil, 0600), mine.WriteFile("y", []byte("yy"), 0600))
		data, err = mine.ReadFile("x")
		say(string(data), err)
		say(mine.ReadFile("."))
		say(mine.ReadFile("/proc/self/comm"))
		f = nil
		say(f.Read(buf))
		say(f.Write(buf))
		say(f.Close(), f.Sync(), f.Chdir())
		say(f.Stat())
		say(f.ReadDir(0))
		return s.String()
	}, func() string {
		var s strings.Builder
		say := func(a ...any) { fmt.Fprintln(&s, a...) }
		_, err := real.Open("x")
		say(err, real.IsNotExist(err), errors.Is(err, realfs.ErrNotExist), true)
		f, err := real.OpenFile("x", real.O_RDWR|real.O_CREATE|real.O_EXCL, 0640)
		say(f.Name(), err)
		_, err = real.OpenFile("x", real.O_RDWR|real.O_CREATE|real.O_EXCL, 0640)
		say(err, real.IsExist(err))
		say(f.WriteString("hello, world"))
		say(f.Seek(-5, io.SeekEnd))
		say(f.Seek(-50, io.SeekStart))
		buf := make([]byte, 3)
		say(f.Read(buf))
		say(string(buf))
		say(f.ReadAt(buf, 10))
		say(f.ReadAt(buf, -10))
		say(f.WriteAt([]byte("HE"), 0))
		say(f.WriteAt([]byte("HE"), -1))
		say(f.Truncate(8), f.Sync(), f.Chmod(0600))
		say(f.Seek(0, 0))
		data, err := io.ReadAll(f)
		say(string(data), err)
		say(f.Read(nil))
		say(f.Read(buf))
		i, err := f.Stat()
		say(i.Name(), i.Size(), i.Mode(), i.IsDir(), err)
		say(f.ReadDir(1))
		say(f.SetDeadline(time.Now()))
		say(f.Close(), f.Close())
		say(f.Read(buf))
		say(f.Write(buf))
		say(f.ReadAt(buf, 0))
		say(f.Seek(0, 0))
		say(f.Stat())
		say(f.Sync(), f.Truncate(1), f.Chmod(1))
		f, err = real.OpenFile("x", real.O_WRONLY|real.O_APPEND, 0)
		say(f.WriteString("!"))
		say(f.Read(buf))
		say(f.WriteAt(buf, 0))
		f.Close()
		say(real.WriteFile("y/z", nil, 0600), real.WriteFile("y", []byte("yy"), 0600))
		data, err = real.ReadFile("x")
		say(string(data), err)
		say(real.ReadFile("."))
		say(real.ReadFile("/proc/self/comm"))
		f = nil
		say(f.Read(buf))
		say(f.Write(buf))
		say(f.Close(), f.Sync(), f.Chdir())
		say(f.Stat())
		say(f.ReadDir(0))
		return s.String()
	})
}

type dirOps struct {
	mkdir, mkdirAll          func(string, realfs.FileMode) error
	remove, removeAll, chdir func(string) error
	rename, link, symlink    func(a, b string) error
	readlink                 func(string) (string, error)
	list                     func(string) string
	write                    func(string) error
	truncate                 func(string, int64) error
	chmod                    func(string, realfs.FileMode) error
}

func TestTree(t *testing.T) {
	run := func(seed int64, o dirOps) string {
		var s strings.Builder
		r := rand.New(rand.NewSource(seed))
		name := func() string {
			n := []string{"a", "b", "c", "a/b", "a/c", "b/a", "a/b/c", "c/", ".", "a/..", "a/.", "", "c/d/e/f", "b//a"}
			return n[r.Intn(len(n))]
		}
		for i := 0; i < 4000; i++ {
			a, b := name(), name()
			var err error
			k := r.Intn(11)
			switch k {
			case 0, 1:
				err = o.mkdir(a, 0755)
			case 2:
				err = o.mkdirAll(a, 0750)
			case 3:
				err = o.remove(a)
			case 4:
				if a == "a/.." { // Go fails at the very end of this, we do not
					continue
				}
				err = o.removeAll(a)
			case 5:
				err = o.rename(a, b)
			case 6:
				err = o.link(a, b)
			case 7:
				err = o.symlink(a, b)
			case 8:
				var l string
				l, err = o.readlink(a)
				fmt.Fprint(&s, l, " ")
			case 9:
				err = o.write(a)
			case 10:
				err = o.truncate(a, 5)
				if err == nil {
					err = o.chmod(a, 0604)
				}
			}
			e := fmt.Sprint(err)
			if k == 4 && err != nil && a != "." && a != "a/." {
				e = "removeall" // the operations named in it differ
			}
			fmt.Fprintln(&s, k, a, b, e)
			if i%5 == 0 {
				fmt.Fprintln(&s, o.list("."), o.list("a"), o.list("b"))
			}
		}
		return s.String()
	}
	for seed := int64(1); seed < 8; seed++ {
		both(t, fmt.Sprint("seed ", seed), func() string {
			fm := func(f func(string, mine.FileMode) error) func(string, realfs.FileMode) error {
				return func(n string, m realfs.FileMode) error { return f(n, mine.FileMode(m)) }
			}
			return run(seed, dirOps{fm(mine.Mkdir), fm(mine.MkdirAll), mine.Remove, mine.RemoveAll, mine.Chdir, mine.Rename, mine.Link, mine.Symlink, mine.Readlink,
				func(n string) string {
					l, err := mine.ReadDir(n)
					s := fmt.Sprint(err)
					for _, e := range l {
						i, err := e.Info()
						s += fmt.Sprint(" ", e, i.Mode(), err)
					}
					return s
				}, func(n string) error { return mine.WriteFile(n, []byte("data"), 0644) }, mine.Truncate, fm(mine.Chmod)})
		}, func() string {
			return run(seed, dirOps{real.Mkdir, real.MkdirAll, real.Remove, real.RemoveAll, real.Chdir, real.Rename, real.Link, real.Symlink, real.Readlink,
				func(n string) string {
					l, err := real.ReadDir(n)
					s := fmt.Sprint(err)
					for _, e := range l {
						i, err := e.Info()
						s += fmt.Sprint(" ", e, i.Mode(), err)
					}
					return s
				}, func(n string) error { return real.WriteFile(n, []byte("data"), 0644) }, real.Truncate, real.Chmod})
		})
	}
}

func TestReadDir(t *testing.T) {
	real.Chdir(t.TempDir())
	var want []string
	for i := 0; i < 1000; i++ {
		n := fmt.Sprintf("file-%d-%s", i, strings.Repeat("x", i%40))
		real.WriteFile(n, nil, 0600)
		want = append(want, n)
	}
	sort.Strings(want)
	f, _ := mine.Open(".")
	for _, batch := range []int{-1, 7, 1000, 3000} {
		var got []string
		for {
			l, err := f.ReadDir(batch)
			for _, e := range l {
				got = append(got, e.Name())
			}
			if batch < 0 || err == mineio.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		sort.Strings(got)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Error(batch, len(got))
		}
		if _, err := f.Seek(0, 0); err != nil {
			t.Error(err)
		}
	}
	f.Close()
	if err := mine.RemoveAll("."); fmt.Sprint(err) != "RemoveAll .: invalid argument" {
		t.Error(err)
	}
	d, _ := mine.Getwd()
	if err := mine.RemoveAll(d); err != nil {
		t.Error(err)
	}
}

func TestTemp(t *testing.T) {
	dir := t.TempDir()
	f, err := mine.CreateTemp(dir, "a*b")
	if err != nil || !strings.HasPrefix(f.Name(), dir+"/a") || !strings.HasSuffix(f.Name(), "b") {
		t.Error(f, err)
	}
	d, err := mine.MkdirTemp(dir, "x")
	if err != nil || !strings.HasPrefix(d, dir+"/x") {
		t.Error(d, err)
	}
	for _, p := range []string{"a/b", "ok"} {
		_, e1 := mine.CreateTemp("/nope", p)
		_, e2 := real.CreateTemp("/nope", p)
		_, e3 := mine.MkdirTemp("/nope", p)
		_, e4 := real.MkdirTemp("/nope", p)
		if p == "a/b" && fmt.Sprint(e1, e3) != fmt.Sprint(e2, e4) || fmt.Sprint(e3) != fmt.Sprint(e4) || e1 == nil {
			t.Error(e1, e2, e3, e4)
		}
	}
}

func TestExpand(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	parts := []string{"$", "$", "{", "}", "a", "B_", "9", "*", "-", " ", "é"}
	m := func(s string) string { return "<" + s + ">" }
	for i := 0; i < 300000; i++ {
		s := ""
		for j := r.Intn(9); j > 0; j-- {
			s += parts[r.Intn(len(parts))]
		}
		if a, b := mine.Expand(s, m), real.Expand(s, m); a != b {
			t.Fatalf("%q: %q, want %q", s, a, b)
		}
	}
}

func TestEnv(t *testing.T) {
	type env struct {
		get   func(string) string
		look  func(string) (string, bool)
		set   func(a, b string) error
		unset func(string) error
		all   func() []string
	}
	run := func(e env) string {
		s := fmt.Sprint(len(e.all()), e.get("HOME"), e.get("NOPE"))
		s += fmt.Sprint(e.set("", "x"), e.set("a=b", "x"), e.set("a\x00", ""), e.set("A", "1"), e.set("A", "2"), e.set("E", ""))
		s += fmt.Sprint(e.look("A"))
		s += fmt.Sprint(e.look("E"))
		s += fmt.Sprint(e.unset("A"), e.unset("NOPE"))
		s += fmt.Sprint(e.look("A"))
		all := e.all()
		sort.Strings(all)
		return s + fmt.Sprint(all)
	}
	a := run(env{mine.Getenv, mine.LookupEnv, mine.Setenv, mine.Unsetenv, mine.Environ})
	b := run(env{real.Getenv, real.LookupEnv, real.Setenv, real.Unsetenv, real.Environ})
	if a != b {
		t.Errorf("\n%s\n%s", a, b)
	}
	h1, _ := mine.Hostname()
	h2, _ := real.Hostname()
	if h1 != h2 || mine.Getpid() != real.Getpid() || mine.Getuid() != real.Getuid() || fmt.Sprint(mine.Args) != fmt.Sprint(real.Args) {
		t.Error("process")
	}
}

func TestPipe(t *testing.T) {
	r, w, err := mine.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() { fmt.Fprint(w, "through the pipe"); w.Close() }()
	data, err := mineio.ReadAll(r)
	if string(data) != "through the pipe" || err != nil {
		t.Error(string(data), err)
	}
}

func TestDirFS(t *testing.T) {
	dir := t.TempDir()
	real.MkdirAll(dir+"/a/b", 0755)
	real.WriteFile(dir+"/a/f.txt", []byte("f"), 0644)
	real.Symlink("f.txt", dir+"/a/l")
	x, y := "", ""
	m, r := mine.DirFS(dir), real.DirFS(dir)
	minefs.WalkDir(m, ".", func(p string, d minefs.DirEntry, err error) error {
		x += fmt.Sprintln(p, d, err)
		return nil
	})
	realfs.WalkDir(r, ".", func(p string, d realfs.DirEntry, err error) error {
		y += fmt.Sprintln(p, d, err)
		return nil
	})
	ms, _ := minefs.Sub(m, "a")
	rs, _ := realfs.Sub(r, "a")
	for _, n := range []string{"f.txt", "nope", "../x", "/", "b", "."} {
		d1, e1 := minefs.ReadFile(ms, n)
		d2, e2 := realfs.ReadFile(rs, n)
		_, e3 := minefs.Stat(ms, n)
		_, e4 := realfs.Stat(rs, n)
		_, e5 := m.Open(n)
		_, e6 := r.Open(n)
		_, e7 := minefs.ReadLink(ms, n)
		_, e8 := realfs.ReadLink(rs, n)
		_, e9 := minefs.ReadDir(ms, n)
		_, e0 := realfs.ReadDir(rs, n)
		x += fmt.Sprintln(string(d1), e1, e3, e5, e7, e9)
		y += fmt.Sprintln(string(d2), e2, e4, e6, e8, e0)
	}
	for _, p := range []string{"*", "a/*", "*/*.txt", "[", "nope/*"} {
		g1, e1 := minefs.Glob(m, p)
		g2, e2 := realfs.Glob(r, p)
		x += fmt.Sprintln(g1, e1)
		y += fmt.Sprintln(g2, e2)
	}
	if x != y {
		t.Errorf("\n%s\n%s", x, y)
	}
	for i := uint32(0); i < 1<<20; i++ {
		v := i * 0x9E3779B1
		if minefs.FileMode(v).String() != realfs.FileMode(v).String() {
			t.Fatal(v)
		}
	}
}
