package mastodon

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/unicode/norm"
)

// statusText is what a status says, as plain text in NFC: the warning in front
// of it as a line of its own, then the content.
func statusText(warning, content string) string {
	text := Text(content)
	if warning = strings.TrimSpace(warning); warning != "" {
		text = warning + "\n" + text
	}
	return norm.NFC.String(text)
}

// Text turns HTML into plain text. Paragraphs are parted by an empty line,
// other blocks and <br> by a line break. The parts of a link that Mastodon
// hides are joined with the others, so that the address is whole. Scripts and
// styles are left out. It reads tokens and builds no tree: nesting costs
// nothing.
func Text(content string) string {
	var (
		b    strings.Builder
		z    = html.NewTokenizer(strings.NewReader(content))
		skip = 0 // inside elements whose text is not shown
		pre  = 0
		// breaks are line breaks that are due before the next text.
		breaks = 0
		space  = false // white space is due before the next text
	)
	b.Grow(len(content))
	write := func(s string) {
		if b.Len() > 0 {
			for ; breaks > 0; breaks-- {
				b.WriteByte('\n')
				space = false
			}
			if space {
				b.WriteByte(' ')
			}
		}
		breaks, space = 0, false
		b.WriteString(s)
	}
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if skip > 0 {
				continue
			}
			text := string(z.Text())
			if pre > 0 {
				write(text)
				continue
			}
			words(text, &space, write)
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			tag, start := atom.Lookup(name), kind == html.StartTagToken
			switch tag {
			case atom.Br:
				breaks, space = breaks+1, false
			case atom.P:
				breaks, space = max(breaks, 2), false
			case atom.Div, atom.Li, atom.Ul, atom.Ol, atom.Blockquote, atom.H1, atom.H2, atom.H3,
				atom.H4, atom.H5, atom.H6, atom.Tr, atom.Hr, atom.Pre, atom.Table, atom.Dt, atom.Dd:
				breaks, space = max(breaks, 1), false
			}
			switch tag {
			case atom.Script, atom.Style:
				skip = depth(skip, kind)
			case atom.Pre:
				pre = depth(pre, kind)
			case atom.Img:
				if alt := attribute(z, "alt"); start && alt != "" && skip == 0 {
					write(alt)
				}
			}
		}
	}
}

func depth(n int, kind html.TokenType) int {
	switch {
	case kind == html.StartTagToken:
		return n + 1
	case kind == html.EndTagToken && n > 0:
		return n - 1
	}
	return n
}

// words writes text with its white space collapsed, as a browser shows it.
func words(text string, space *bool, write func(string)) {
	start, i := 0, 0 // text[start:i] is to be written
	for ; i < len(text); i++ {
		if !white(text[i]) {
			continue
		}
		if text[i] == ' ' && i > start && i+1 < len(text) && !white(text[i+1]) {
			continue // one blank between two words stays where it is
		}
		if i > start {
			write(text[start:i])
		}
		*space = true
		start = i + 1
	}
	if i > start {
		write(text[start:i])
	}
}

func white(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

func attribute(z *html.Tokenizer, name string) string {
	for {
		key, value, more := z.TagAttr()
		if string(key) == name {
			return string(value)
		}
		if !more {
			return ""
		}
	}
}
