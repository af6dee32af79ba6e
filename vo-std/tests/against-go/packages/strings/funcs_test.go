package strings_test

import (
	real "strings"
	"testing"

	"vostd/internal/texts"
	mine "vostd/strings"
)

func TestFuncs(t *testing.T) {
	texts.Compare(t, []texts.Pair{
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
	})
}
