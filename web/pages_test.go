package web_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// readable returns the text of a page's main part, with single spaces.
func readable(t testing.TB, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		if n.Type == html.ElementNode {
			switch n.Data {
			case "p", "li", "h1", "h2", "h3", "td", "th", "dd", "dt", "summary", "option", "button", "label", "div", "section":
				b.WriteByte(' ')
			}
		}
	}
	var find func(n *html.Node) *html.Node
	find = func(n *html.Node) *html.Node {
		if n.Type == html.ElementNode && n.Data == "main" {
			return n
		}
		for c := range n.ChildNodes() {
			if m := find(c); m != nil {
				return m
			}
		}
		return nil
	}
	if m := find(root); m != nil {
		root = m
	}
	walk(root)
	return strings.Join(strings.Fields(b.String()), " ")
}
