// run

package main

import (
	"fmt"
	"html"
	"os"
	"strings"
	"text/tabwriter"
)

func main() {
	fmt.Println(html.EscapeString(`<a href="x">'&'</a>`))
	for _, s := range []string{"&lt;&gt;&amp;", "&aacute;&Aacute;", "&#225;&#xe1;&#XE1", "&#128;&#x9f;&#0;&#xd800;&#x110000;&#99999999999;", "&notit;&not;&notin;&ampx", "&", "&;", "&#;", "&#x;", "a&b", "&nosuch;", "&NotEqualTilde;", "&copy2024", "&AMP", "&frac12x", "plain", "&lt", "&ltx", "x &amp;amp; y", "&bne;"} {
		fmt.Printf("%q %q\n", s, html.UnescapeString(s))
	}
	input := "a\tbbb\tc\nlonger\tx\ty\n\nalone\nnew\tblock\tz\nno\ttab\n\t\tempty\tcells\n\tindented\nend\t"
	for _, c := range []struct {
		min, tab, pad int
		char          byte
		flags         uint
	}{
		{0, 8, 0, '\t', 0}, {5, 0, 1, ' ', 0}, {0, 8, 2, ' ', tabwriter.AlignRight}, {8, 8, 1, '\t', tabwriter.AlignRight}, {0, 4, 1, '.', tabwriter.Debug},
		{0, 8, 1, ' ', tabwriter.TabIndent}, {0, 8, 1, '-', tabwriter.DiscardEmptyColumns | tabwriter.Debug}, {0, 0, 1, ' ', tabwriter.AlignRight | tabwriter.Debug},
	} {
		w := tabwriter.NewWriter(os.Stdout, c.min, c.tab, c.pad, c.char, c.flags)
		fmt.Fprint(w, input)
		w.Flush()
		fmt.Println("|")
		fmt.Fprint(w, "v\vw\v\vx\vé\n\v\v\vyy\vz\n")
		fmt.Fprint(w, "page\tone\fpage two\tx\n")
		fmt.Println(w.Flush())
	}
	for _, flags := range []uint{0, tabwriter.FilterHTML, tabwriter.StripEscape, tabwriter.FilterHTML | tabwriter.StripEscape} {
		w := tabwriter.NewWriter(os.Stdout, 0, 8, 1, '.', flags)
		fmt.Fprintf(w, "<b>bold</b>\t&amp;x\t%s\n", "\xffesc\taped\xff")
		fmt.Fprintf(w, "plain\ty\tend\nzzzzzzzzzzzzzzzzz\tu\tv\n")
		fmt.Fprint(w, "<unclosed\t")
		w.Flush()
		fmt.Println()
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "NAME\tAGE\tCITY")
	for i, n := range strings.Fields("Ann Bartholomew Chi") {
		fmt.Fprintf(w, "%s\t%d\t%s\n", n, i*37, strings.Repeat("x", i))
	}
	w.Flush()
}
