package time_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	real "time"

	mine "vostd/time"
)

var zones = []string{"UTC", "Local", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/Sao_Paulo",
	"Africa/Monrovia", "Europe/Dublin", "Pacific/Apia", "America/St_Johns", "Asia/Gaza", "+2", "-3:30:15"}

func locations(t *testing.T) (ms []*mine.Location, rs []*real.Location) {
	for _, z := range zones {
		switch z {
		case "+2":
			ms, rs = append(ms, mine.FixedZone("", 7200)), append(rs, real.FixedZone("", 7200))
			continue
		case "-3:30:15":
			ms, rs = append(ms, mine.FixedZone("ODD", -12615)), append(rs, real.FixedZone("ODD", -12615))
			continue
		}
		m, err := mine.LoadLocation(z)
		r, err2 := real.LoadLocation(z)
		if err != nil || err2 != nil {
			if fmt.Sprint(err) != fmt.Sprint(err2) {
				t.Error(err, err2)
			}
			continue
		}
		ms, rs = append(ms, m), append(rs, r)
	}
	return
}

var layouts = []string{mine.Layout, mine.ANSIC, mine.UnixDate, mine.RubyDate, mine.RFC822, mine.RFC822Z, mine.RFC850, mine.RFC1123, mine.RFC1123Z,
	mine.RFC3339, mine.RFC3339Nano, mine.Kitchen, mine.Stamp, mine.StampMilli, mine.StampMicro, mine.StampNano, mine.DateTime,
	"2006-002 __2 _2006 Z0700 Z07 Z070000 Z07:00:00 -07 -070000 -07:00:00 .0 ,9 .000000000000 .99x", "Janet Mondays January Monday Jan Mon 1 2 3 4 5 pm PM",
	"06 05.000 5,999 .00001 January3", "", "xyz", "_2 _", "15h4m5s", "0607", "02-002-2", "2006,01.9"}

func randomSec(r *rand.Rand) int64 {
	switch r.Intn(6) {
	case 0:
		return r.Int63n(1<<40) - 1<<39
	case 1:
		return -62135596800 + r.Int63n(200000) - 100000
	case 2:
		return r.Int63n(1<<48) - 1<<47
	}
	return r.Int63n(5e9) - 1e9
}

func TestParts(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	ms, rs := locations(t)
	for i := 0; i < 60000; i++ {
		sec, nsec := randomSec(r), r.Int63n(1e9)
		if i%3 == 0 {
			nsec = nsec / 1e6 * 1e6
		}
		k := r.Intn(len(ms))
		a, b := mine.Unix(sec, nsec).In(ms[k]), real.Unix(sec, nsec).In(rs[k])
		x, y := describe(a), describeReal(b)
		if x != y {
			t.Fatalf("%d %v:\n%s\n%s", sec, rs[k], x, y)
		}
		l := layouts[r.Intn(len(layouts))]
		if f, g := a.Format(l), b.Format(l); f != g {
			t.Fatalf("%d %v %q:\n%s\n%s", sec, rs[k], l, f, g)
		}
		n := func() int { return r.Intn(200) - 100 }
		y1, m1, d1, h1, i1, s1, n1 := r.Intn(4000)-200, n(), n(), n(), n(), n(), n()*1e8
		a2 := mine.Date(y1, mine.Month(m1), d1, h1, i1, s1, n1, ms[k])
		b2 := real.Date(y1, real.Month(m1), d1, h1, i1, s1, n1, rs[k])
		if a2.String() != b2.String() {
			t.Fatal(y1, m1, d1, h1, i1, s1, n1, rs[k], a2, b2)
		}
		if p, q := a.AddDate(n(), 0, 0).String(), ""; p == q {
			t.Fatal()
		}
		q1, q2, q3 := n(), n(), n()
		if p, q := a.AddDate(q1, q2, q3).String(), b.AddDate(q1, q2, q3).String(); p != q {
			t.Fatal(a, q1, q2, q3, p, q)
		}
		if p, q := a.Sub(a2), b.Sub(b2); int64(p) != int64(q) {
			t.Fatal(a, a2, p, q)
		}
		d := r.Int63() >> r.Intn(63)
		if r.Intn(2) == 0 {
			d = -d
		}
		if p, q := a.Add(mine.Duration(d)).String(), b.Add(real.Duration(d)).String(); p != q {
			t.Fatal(a, d, p, q)
		}
		if p, q := a.Round(mine.Duration(d)).String(), b.Round(real.Duration(d)).String(); p != q {
			t.Fatal(a, d, p, q)
		}
		if p, q := a.Truncate(mine.Duration(d)).String(), b.Truncate(real.Duration(d)).String(); p != q {
			t.Fatal(a, d, p, q)
		}
	}
}

func describe(a mine.Time) string {
	y, w := a.ISOWeek()
	s, e := a.ZoneBounds()
	j, err := a.MarshalJSON()
	bin, err2 := a.MarshalBinary()
	var back mine.Time
	err3 := back.UnmarshalBinary(bin)
	return fmt.Sprint(a, a.Year(), a.Month(), a.Day(), a.Hour(), a.Minute(), a.Second(), a.Nanosecond(), a.YearDay(), a.Weekday(), y, w,
		a.IsDST(), a.Unix(), a.UnixMilli(), a.UnixMicro(), a.UnixNano(), s, e, string(j), err, bin, err2, back, err3, a.IsZero(), a.GoString())
}

func describeReal(a real.Time) string {
	y, w := a.ISOWeek()
	s, e := a.ZoneBounds()
	j, err := a.MarshalJSON()
	bin, err2 := a.MarshalBinary()
	var back real.Time
	err3 := back.UnmarshalBinary(bin)
	return fmt.Sprint(a, a.Year(), a.Month(), a.Day(), a.Hour(), a.Minute(), a.Second(), a.Nanosecond(), a.YearDay(), a.Weekday(), y, w,
		a.IsDST(), a.Unix(), a.UnixMilli(), a.UnixMicro(), a.UnixNano(), s, e, string(j), err, bin, err2, back, err3, a.IsZero(), a.GoString())
}

func TestParse(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	ms, rs := locations(t)
	check := func(l, v string) {
		a, e1 := mine.Parse(l, v)
		b, e2 := real.Parse(l, v)
		if a.GoString() != b.GoString() || fmt.Sprint(e1) != fmt.Sprint(e2) || a.String() != b.String() {
			t.Errorf("Parse(%q, %q):\n%#v %v\n%#v %v", l, v, a, e1, b, e2)
		}
		k := r.Intn(len(ms))
		a, e1 = mine.ParseInLocation(l, v, ms[k])
		b, e2 = real.ParseInLocation(l, v, rs[k])
		if a.String() != b.String() || fmt.Sprint(e1) != fmt.Sprint(e2) {
			t.Errorf("ParseInLocation(%q, %q, %v):\n%#v %v\n%#v %v", l, v, rs[k], a, e1, b, e2)
		}
	}
	const alphabet = "0123456789:.,-+ TZaJPM_"
	for i := 0; i < 60000 && !t.Failed(); i++ {
		k := r.Intn(len(ms))
		b := real.Unix(r.Int63n(1<<33), r.Int63n(1e9)).In(rs[k])
		l := layouts[r.Intn(len(layouts))]
		if r.Intn(4) == 0 {
			l = mutate(r, l, alphabet)
		}
		v := b.Format(l)
		for j := r.Intn(3); j > 0; j-- {
			v = mutate(r, v, alphabet)
		}
		check(l, v)
	}
	for _, z := range []string{"GMT+3", "GMT-24", "GMT", "CEST", "WITA", "XXXX", "ABCDE", "ABCDT", "+05", "-99", "MeST", "ChST", "ABCDEF", "AB", "utc", "UTC+1", "CET"} {
		check("2006-01-02 MST", "2020-07-01 "+z)
		check("2006-01-02 MST -0700", "2020-07-01 "+z+" +0200")
	}
	for _, v := range []string{"2020-366", "2021-366", "2020-000", "2020-060", "2021-060"} {
		check("2006-002", v)
		check("2006-002 1 2", v+" 2 29")
		check("2006-002 1 2", v+" 3 1")
	}
}

func mutate(r *rand.Rand, s, alphabet string) string {
	b := []byte(s)
	i := 0
	if len(b) > 0 {
		i = r.Intn(len(b))
	}
	c := alphabet[r.Intn(len(alphabet))]
	switch r.Intn(3) {
	case 0:
		if len(b) > 0 {
			b[i] = c
		}
	case 1:
		b = append(b[:i], append([]byte{c}, b[i:]...)...)
	case 2:
		if len(b) > 0 {
			b = append(b[:i], b[i+1:]...)
		}
	}
	return string(b)
}

func TestDuration(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	for i := 0; i < 300000; i++ {
		d := r.Int63() >> r.Intn(63)
		switch r.Intn(8) {
		case 0:
			d = -d
		case 1:
			d -= d % 1e9
		case 2:
			d -= d % 1e6
		case 3:
			d = -1<<63 + r.Int63n(5)
		}
		m := r.Int63()>>r.Intn(63) - 3
		a, b := mine.Duration(d), real.Duration(d)
		x := fmt.Sprint(a, a.Seconds(), a.Minutes(), a.Hours(), a.Milliseconds(), a.Microseconds(), a.Abs(), a.Round(mine.Duration(m)), a.Truncate(mine.Duration(m)))
		y := fmt.Sprint(b, b.Seconds(), b.Minutes(), b.Hours(), b.Milliseconds(), b.Microseconds(), b.Abs(), b.Round(real.Duration(m)), b.Truncate(real.Duration(m)))
		if x != y {
			t.Fatalf("%d %d\n%s\n%s", d, m, x, y)
		}
		s := b.String()
		for j := r.Intn(3); j > 0; j-- {
			s = mutate(r, s, "0123456789.-+nuµmshx\"")
		}
		c, e1 := mine.ParseDuration(s)
		e, e2 := real.ParseDuration(s)
		if int64(c) != int64(e) || fmt.Sprint(e1) != fmt.Sprint(e2) {
			t.Fatalf("%q: %d %v, want %d %v", s, c, e1, e, e2)
		}
	}
	for _, s := range []string{"", "0", "-0", "+", ".", "1", "1.s", ".s", "9223372036854775807ns", "9223372036854775808ns", "-9223372036854775808ns", "1e3s",
		"0.9223372036854775807h", "9223372036854775.807us", "9223372036.854775808s", "-9223372036.854775808s", "0.100000000000000000000h", "0.3333333333333333333h", "3000000h", "1\xffs", "1\ufffds", "1\"\\s"} {
		c, e1 := mine.ParseDuration(s)
		e, e2 := real.ParseDuration(s)
		if int64(c) != int64(e) || fmt.Sprint(e1) != fmt.Sprint(e2) {
			t.Errorf("%q: %d %v, want %d %v", s, c, e1, e, e2)
		}
	}
}

func TestNames(t *testing.T) {
	for i := -3; i < 16; i++ {
		if mine.Month(i).String() != real.Month(i).String() || mine.Weekday(i).String() != real.Weekday(i).String() {
			t.Error(i, mine.Month(i), mine.Weekday(i))
		}
	}
	for _, n := range []string{"../x", "/etc", "a/../b", "Nowhere/City", "\\x", ".hidden", "Europe/"} {
		_, e1 := mine.LoadLocation(n)
		_, e2 := real.LoadLocation(n)
		if fmt.Sprint(e1) != fmt.Sprint(e2) {
			t.Errorf("%q: %v, want %v", n, e1, e2)
		}
	}
}

func TestMonotonic(t *testing.T) {
	a := mine.Now()
	if s := a.String(); !strings.Contains(s, " m=+") {
		t.Error(s)
	}
	mine.Sleep(20 * mine.Millisecond)
	b := mine.Now()
	if d := b.Sub(a); d < 20*mine.Millisecond || d > mine.Second {
		t.Error(d)
	}
	if !a.Before(b) || a.Equal(b) || a.Add(mine.Hour).Sub(a) != mine.Hour || mine.Since(a) < b.Sub(a) || mine.Until(a) > 0 {
		t.Error(a, b)
	}
	if strings.Contains(a.Round(0).String(), "m=") || a.Round(0).Sub(a) != 0 {
		t.Error(a.Round(0))
	}
}

func TestTimers(t *testing.T) {
	const ms = mine.Millisecond
	x := mine.NewTimer(20 * ms)
	if !x.Stop() || x.Stop() || x.Reset(10*ms) {
		t.Error("Stop")
	}
	if now := <-x.C; mine.Since(now) > mine.Second {
		t.Error("stale", now)
	}
	x.Reset(ms)
	mine.Sleep(20 * ms)
	if !x.Reset(50 * ms) { // fired, but not received: still active
		t.Error("Reset")
	}
	select {
	case <-x.C:
		t.Error("stale value")
	case <-mine.After(5 * ms):
	}
	<-x.C
	n := make(chan int, 3)
	f := mine.AfterFunc(5*ms, func() { n <- 1 })
	<-n
	if f.Stop() || f.C != nil {
		t.Error("AfterFunc")
	}
	k := mine.NewTicker(5 * ms)
	<-k.C
	<-k.C
	k.Stop()
	mine.Sleep(12 * ms)
	select {
	case <-k.C:
		t.Error("tick after Stop")
	default:
	}
	k.Reset(3 * ms)
	<-k.C
	if mine.Tick(0) != nil {
		t.Error("Tick")
	}
	for want, f := range map[string]func(){
		"non-positive interval for NewTicker":        func() { mine.NewTicker(0) },
		"non-positive interval for Ticker.Reset":     func() { k.Reset(-1) },
		"time: Reset called on uninitialized Ticker": func() { new(mine.Ticker).Reset(1) },
		"time: Reset called on uninitialized Timer":  func() { new(mine.Timer).Reset(1) },
		"time: Stop called on uninitialized Timer":   func() { new(mine.Timer).Stop() },
		"time: missing Location in call to Date":     func() { mine.Date(1, 1, 1, 1, 1, 1, 1, nil) },
		"time: missing Location in call to Time.In":  func() { mine.Now().In(nil) },
	} {
		func() {
			defer func() {
				if r := recover(); r != want {
					t.Error(r, "want", want)
				}
			}()
			f()
		}()
	}
}
