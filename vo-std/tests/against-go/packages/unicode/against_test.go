package unicode_test

import (
	"testing"
	gounicode "unicode"

	"vostd/unicode"
)

func TestFunctions(t *testing.T) {
	predicates := []struct {
		name string
		f, g func(rune) bool
	}{
		{"IsLetter", unicode.IsLetter, gounicode.IsLetter},
		{"IsUpper", unicode.IsUpper, gounicode.IsUpper},
		{"IsLower", unicode.IsLower, gounicode.IsLower},
		{"IsTitle", unicode.IsTitle, gounicode.IsTitle},
		{"IsDigit", unicode.IsDigit, gounicode.IsDigit},
		{"IsNumber", unicode.IsNumber, gounicode.IsNumber},
		{"IsSpace", unicode.IsSpace, gounicode.IsSpace},
		{"IsControl", unicode.IsControl, gounicode.IsControl},
		{"IsPunct", unicode.IsPunct, gounicode.IsPunct},
		{"IsSymbol", unicode.IsSymbol, gounicode.IsSymbol},
		{"IsMark", unicode.IsMark, gounicode.IsMark},
		{"IsGraphic", unicode.IsGraphic, gounicode.IsGraphic},
		{"IsPrint", unicode.IsPrint, gounicode.IsPrint},
	}
	maps := []struct {
		name string
		f, g func(rune) rune
	}{
		{"ToUpper", unicode.ToUpper, gounicode.ToUpper},
		{"ToLower", unicode.ToLower, gounicode.ToLower},
		{"ToTitle", unicode.ToTitle, gounicode.ToTitle},
		{"SimpleFold", unicode.SimpleFold, gounicode.SimpleFold},
		{"TurkishCase.ToUpper", unicode.TurkishCase.ToUpper, gounicode.TurkishCase.ToUpper},
		{"TurkishCase.ToLower", unicode.TurkishCase.ToLower, gounicode.TurkishCase.ToLower},
		{"TurkishCase.ToTitle", unicode.AzeriCase.ToTitle, gounicode.AzeriCase.ToTitle},
	}
	check := func(r rune) {
		for _, p := range predicates {
			if p.f(r) != p.g(r) {
				t.Errorf("%s(%U) = %v", p.name, r, p.f(r))
			}
		}
		for _, m := range maps {
			if m.f(r) != m.g(r) {
				t.Errorf("%s(%U) = %U, want %U", m.name, r, m.f(r), m.g(r))
			}
		}
		for c := -1; c < 5; c++ {
			if unicode.To(c, r) != gounicode.To(c, r) {
				t.Errorf("To(%d, %U)", c, r)
			}
		}
	}
	for r := rune(-10); r <= unicode.MaxRune+10; r++ {
		check(r)
	}
	for _, r := range []rune{-1 << 31, 1<<31 - 1, 1 << 24} {
		check(r)
	}
}

func sameTables(t *testing.T, kind string, a map[string]*unicode.RangeTable, b map[string]*gounicode.RangeTable) {
	if len(a) != len(b) {
		t.Errorf("%s: %d tables, want %d", kind, len(a), len(b))
	}
	for name, table := range b {
		mine := a[name]
		if mine == nil {
			t.Errorf("no %s %s", kind, name)
			continue
		}
		for r := rune(0); r <= unicode.MaxRune+1; r += 1 + r>>17 {
			if unicode.Is(mine, r) != gounicode.Is(table, r) {
				t.Errorf("%s %s: %U", kind, name, r)
				break
			}
		}
		// What its ranges say.
		ranges := &unicode.RangeTable{R16: mine.R16, R32: mine.R32, LatinOffset: mine.LatinOffset}
		for r := rune(0); r <= unicode.MaxRune+1; r += 1 + r>>17 {
			if unicode.Is(ranges, r) != gounicode.Is(table, r) {
				t.Errorf("ranges of %s %s: %U", kind, name, r)
				break
			}
		}
		if latin := mine.LatinOffset; latin > 0 && mine.R16[latin-1].Hi > 0xFF || latin < len(mine.R16) && mine.R16[latin].Hi <= 0xFF {
			t.Errorf("LatinOffset of %s %s", kind, name)
		}
		// A table of ranges, as programs make them.
		own := &unicode.RangeTable{LatinOffset: table.LatinOffset}
		for _, x := range table.R16 {
			own.R16 = append(own.R16, unicode.Range16(x))
		}
		for _, x := range table.R32 {
			own.R32 = append(own.R32, unicode.Range32(x))
		}
		for r := rune(0); r <= unicode.MaxRune+1; r += 1 + r>>12 {
			if unicode.In(r, own) != gounicode.Is(table, r) {
				t.Errorf("own %s %s: %U", kind, name, r)
				break
			}
		}
	}
}

func TestTables(t *testing.T) {
	sameTables(t, "category", unicode.Categories, gounicode.Categories)
	sameTables(t, "script", unicode.Scripts, gounicode.Scripts)
	sameTables(t, "property", unicode.Properties, gounicode.Properties)
	sameTables(t, "fold category", unicode.FoldCategory, gounicode.FoldCategory)
	sameTables(t, "fold script", unicode.FoldScript, gounicode.FoldScript)
	if len(unicode.CaseRanges) != len(gounicode.CaseRanges) {
		t.Fatal("CaseRanges")
	}
	for i, c := range gounicode.CaseRanges {
		if d := unicode.CaseRanges[i]; d.Lo != c.Lo || d.Hi != c.Hi || d.Delta[0] != c.Delta[0] || d.Delta[1] != c.Delta[1] || d.Delta[2] != c.Delta[2] {
			t.Errorf("CaseRanges[%d] = %v, want %v", i, d, c)
		}
	}
	for k, v := range gounicode.CategoryAliases {
		if unicode.CategoryAliases[k] != v {
			t.Errorf("alias %s", k)
		}
	}
	if !unicode.Is(unicode.Han, '世') || unicode.In('a', unicode.Digit, unicode.Space) || unicode.Version != gounicode.Version {
		t.Error("names")
	}
}
