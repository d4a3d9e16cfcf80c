package web_test

import (
	"fmt"
	"strings"
	"time"

	"daybook"
)

// hostileTexts are what somebody may write, or call themselves, to run a script,
// turn a page around, hide or break it. All are made up.
var hostileTexts = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`'-alert(1)-'`,
	`javascript:alert(1)`,
	`<svg onload=alert(1)><style>*{display:none}</style>`,
	`</title></textarea></style></script><iframe src=https://evil.example></iframe>`,
	`{{.Frame}} ${alert(1)} {{constructor.constructor('alert(1)')()}}`,
	`<link rel=stylesheet href=https://evil.example/x.css><base href=https://evil.example>`,
	"photo\u202Egnp.exe",
	"\u2066\u202Eevil\u2069 \u200F\u200Bzero\u200Bwidth\uFEFF",
	"Z" + strings.Repeat("\u0310\u0335\u0489", 200) + "algo",
	"Ni\u0261htj\u0430r", // look-alikes
	strings.Repeat("W", 100_000),
	strings.Repeat("unbroken", 40),
	"\x00\x01\x1b[31mred\x7f",
	"line\nbreak\r\nand\u2028others\u2029",
	"\xff\xfe not UTF-8 \xc3",
	strings.Repeat("👨‍👩‍👧‍👦", 300),
	"\U000E0041\U000E0042 tags",
}

// hostile puts all of it into every field of Maya's case that comes from outside.
func (h *house) hostile() {
	h.t.Helper()
	var records []daybook.Record
	for i, text := range hostileTexts {
		from := person(fmt.Sprintf("https://evil.example/users/%d/%s", i, strings.ToValidUTF8(text, "?")), strings.ToValidUTF8(text, "?"), strings.ToValidUTF8(text, "?"))
		m := told{id: fmt.Sprint("h", i), from: from, at: at(11, 9, 10, i), text: strings.ToValidUTF8(text, "?"), lang: strings.ToValidUTF8(text[:min(len(text), 40)], "?"),
			media: []daybook.Media{{Native: text[:min(len(text), 100)], Type: strings.ToValidUTF8(text[:min(len(text), 100)], "?"), Description: strings.ToValidUTF8(text, "?"), State: daybook.MediaRefused, URL: strings.ToValidUTF8(text, "?")}}}
		records = append(records, h.item(m))
	}
	gap := daybook.NewRecord(daybook.RecordGap, daybook.Gap{Account: h.account.ID, Class: daybook.Late, From: at(11, 9, 11, 0), To: at(11, 9, 11, 0).Add(time.Hour), Cause: hostileTexts[1]})
	h.append(h.mayas, append(records, gap)...)
}
