package pdf

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/language"
)

//go:embed fonts/*.gz
var fontFiles embed.FS

// Files of fonts/, without .ttf.gz.
const (
	sansFile  = "NotoSans-Regular"
	boldFile  = "NotoSans-Bold"
	monoFile  = "DejaVuSansMono"
	emojiFile = "Twemoji"
	hanFile   = "DroidSansFallbackFull"
)

// scriptFiles says which font writes a script.
var scriptFiles = map[language.Script]string{
	language.Adlam:               "NotoSansAdlam-Regular",
	language.Arabic:              "NotoSansArabic-Regular",
	language.Armenian:            "NotoSansArmenian-Regular",
	language.Bengali:             "NotoSansBengali-Regular",
	language.Bopomofo:            hanFile,
	language.Canadian_Aboriginal: "NotoSansCanadianAboriginal-Regular",
	language.Cherokee:            "NotoSansCherokee-Regular",
	language.Coptic:              "NotoSansCoptic-Regular",
	language.Devanagari:          "NotoSansDevanagari-Regular",
	language.Ethiopic:            "NotoSansEthiopic-Regular",
	language.Georgian:            "NotoSansGeorgian-Regular",
	language.Gujarati:            "NotoSansGujarati-Regular",
	language.Gurmukhi:            "NotoSansGurmukhi-Regular",
	language.Han:                 hanFile,
	language.Hangul:              "NanumSquareR",
	language.Hebrew:              "NotoSansHebrew-Regular",
	language.Hiragana:            hanFile,
	language.Javanese:            "NotoSansJavanese-Regular",
	language.Kannada:             "NotoSansKannada-Regular",
	language.Katakana:            hanFile,
	language.Khmer:               "NotoSansKhmer-Regular",
	language.Lao:                 "NotoSansLao-Regular",
	language.Lisu:                "NotoSansLisu-Regular",
	language.Malayalam:           "NotoSansMalayalam-Regular",
	language.Mongolian:           "NotoSansMongolian-Regular",
	language.Myanmar:             "NotoSansMyanmar-Regular",
	language.Nko:                 "NotoSansNKo-Regular",
	language.Ol_Chiki:            "NotoSansOlChiki-Regular",
	language.Oriya:               "NotoSansOriya-Regular",
	language.Runic:               "NotoSansRunic-Regular",
	language.Sinhala:             "NotoSansSinhala-Regular",
	language.Syriac:              "NotoSansSyriac-Regular",
	language.Tamil:               "NotoSansTamil-Regular",
	language.Telugu:              "NotoSansTelugu-Regular",
	language.Thaana:              "NotoSansThaana-Regular",
	language.Thai:                "NotoSansThai-Regular",
	language.Tibetan:             "NotoSerifTibetan-Regular",
	language.Tifinagh:            "NotoSansTifinagh-Regular",
	language.Yi:                  "NotoSansYi-Regular",
}

// commonBlocks are characters of several scripts that the font of one of them
// has.
var commonBlocks = []struct {
	from, to rune
	script   language.Script
}{
	{0x0589, 0x0589, language.Armenian},
	{0x0600, 0x06FF, language.Arabic},
	{0x0951, 0x0965, language.Devanagari},
	{0x0E3F, 0x0E3F, language.Thai},
	{0x10FB, 0x10FB, language.Georgian},
	{0x1802, 0x1805, language.Mongolian},
	{0x1CD0, 0x1CFF, language.Devanagari},
	{0x3000, 0x33FF, language.Han},
	{0xA830, 0xA839, language.Devanagari},
	{0xFD3E, 0xFDFF, language.Arabic},
	{0xFE30, 0xFE4F, language.Han},
	{0xFF00, 0xFFEF, language.Han},
}

// generalFiles are tried in this order for what the script's font does not
// have. DejaVu is last: its letters are bolder than those of the others.
var generalFiles = []string{sansFile, "NotoSansSymbols-Regular", "NotoSansSymbols2-Regular", "NotoSansMath-Regular", hanFile, "NanumSquareR", "DejaVuSans"}

// A face is a font that was read, with what of it a document has used.
type face struct {
	name    string
	font    *font.Face
	file    trueType
	colour  bool // drawn as coloured outlines
	upem    int
	ascent  int // in thousandths of an em
	descent int
	parts   []*part
}

// faces reads fonts when they are needed first: a report in Latin letters needs
// three of them.
type faces struct {
	byFile map[string]*face
	byRune map[rune]*face
	parts  []*part // all fonts of the document, in order of first use
	err    error
}

func newFaces() *faces {
	return &faces{byFile: map[string]*face{}, byRune: map[rune]*face{}}
}

// face returns a font by the name of its file.
func (f *faces) face(file string) *face {
	if known, ok := f.byFile[file]; ok {
		return known
	}
	read, err := readFace(file)
	if err != nil && f.err == nil {
		f.err = err
	}
	f.byFile[file] = read
	return read
}

// readFace reads a font. The face that comes with an error has no characters.
func readFace(file string) (*face, error) {
	bad := &face{name: file, font: font.NewFace(&font.Font{}), upem: 1000}
	zipped, err := fontFiles.ReadFile("fonts/" + file + ".ttf.gz")
	if err != nil {
		return bad, fmt.Errorf("read font %s: %w", file, err)
	}
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return bad, fmt.Errorf("read font %s: %w", file, err)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return bad, fmt.Errorf("read font %s: %w", file, err)
	}
	loader, err := opentype.NewLoader(bytes.NewReader(raw))
	if err != nil {
		return bad, fmt.Errorf("read font %s: %w", file, err)
	}
	parsed, err := font.NewFont(loader)
	if err != nil {
		return bad, fmt.Errorf("read font %s: %w", file, err)
	}
	tables, err := readTrueType(loader)
	if err != nil {
		return bad, fmt.Errorf("read font %s: %w", file, err)
	}
	a := &face{name: file, font: font.NewFace(parsed), file: tables, colour: file == emojiFile, upem: int(parsed.Upem())}
	if extents, ok := a.font.FontHExtents(); ok {
		a.ascent = inThousandths(int(extents.Ascender), a.upem)
		a.descent = inThousandths(-int(extents.Descender), a.upem)
	}
	return a, nil
}

// inThousandths turns a font's units into thousandths of an em.
func inThousandths(v, upem int) int { return int(divide(int64(v)*1000, int64(upem))) }

// has reports whether the font has a character.
func (a *face) has(r rune) bool {
	_, ok := a.font.NominalGlyph(r)
	return ok
}

// forRune returns the font for a single character, nil if none has it.
func (f *faces) forRune(r rune) *face {
	if known, ok := f.byRune[r]; ok {
		return known
	}
	found := f.find(r)
	f.byRune[r] = found
	return found
}

func (f *faces) find(r rune) *face {
	if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs, unicode.Cf) {
		return nil // nothing is assigned there, so nothing needs to be looked at
	}
	if a := f.face(sansFile); a.has(r) {
		return a
	}
	if file, ok := scriptFiles[homeScript(r)]; ok {
		if a := f.face(file); a.has(r) {
			return a
		}
	}
	for _, file := range generalFiles {
		if a := f.face(file); a.has(r) {
			return a
		}
	}
	if a := f.face(emojiFile); a.has(r) {
		return a
	}
	return nil
}

// homeScript returns the script of a character, or, if several share it, the one
// whose font has it.
func homeScript(r rune) language.Script {
	script := language.LookupScript(r)
	if script.Strong() {
		return script
	}
	for _, b := range commonBlocks {
		if b.from <= r && r <= b.to {
			return b.script
		}
	}
	return script
}

// forCluster returns the font for what readers see as one character, nil if no
// font has all of it. before is the font of what stands before it, or nil.
func (f *faces) forCluster(c []rune, before *face) *face {
	if wantsColour(c) {
		if a := f.face(emojiFile); a.has(c[0]) {
			return a
		}
	}
	if before != nil && !before.colour && unicode.IsSpace(c[0]) && before.hasAll(c) {
		return before // a space does not change the font
	}
	for _, r := range c { // the font of any of its characters may have them all
		if a := f.forRune(r); a != nil && a.hasAll(c) {
			return a
		}
	}
	if file, ok := scriptFiles[homeScript(c[0])]; ok {
		if a := f.face(file); a.hasAll(c) {
			return a
		}
	}
	return nil
}

func (a *face) hasAll(c []rune) bool {
	for _, r := range c {
		if !a.has(r) && !unseen(r) {
			return false
		}
	}
	return true
}

// wantsColour reports whether a cluster is shown as a coloured picture (UTS #51).
func wantsColour(c []rune) bool {
	colour := emojiByItself(c[0])
	for _, r := range c[1:] {
		switch r {
		case 0xFE0F, 0x20E3:
			colour = true
		case 0xFE0E:
			colour = false
		}
	}
	return colour
}

// emojiByItself reports whether a character is a picture without a variation
// selector (Emoji_Presentation), if the emoji font has it.
func emojiByItself(r rune) bool {
	if r >= 0x1F000 {
		return r <= 0x1FAFF
	}
	return r >= 0x231A && unicode.Is(pictures, r)
}

var pictures = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x231A, Hi: 0x231B, Stride: 1}, {Lo: 0x23E9, Hi: 0x23EC, Stride: 1}, {Lo: 0x23F0, Hi: 0x23F3, Stride: 3},
	{Lo: 0x25FD, Hi: 0x25FE, Stride: 1}, {Lo: 0x2614, Hi: 0x2615, Stride: 1}, {Lo: 0x2648, Hi: 0x2653, Stride: 1},
	{Lo: 0x267F, Hi: 0x2693, Stride: 0x14}, {Lo: 0x26A1, Hi: 0x26A1, Stride: 1}, {Lo: 0x26AA, Hi: 0x26AB, Stride: 1},
	{Lo: 0x26BD, Hi: 0x26BE, Stride: 1}, {Lo: 0x26C4, Hi: 0x26C5, Stride: 1}, {Lo: 0x26CE, Hi: 0x26D4, Stride: 6},
	{Lo: 0x26EA, Hi: 0x26EA, Stride: 1}, {Lo: 0x26F2, Hi: 0x26F3, Stride: 1}, {Lo: 0x26F5, Hi: 0x26FA, Stride: 5},
	{Lo: 0x26FD, Hi: 0x26FD, Stride: 1}, {Lo: 0x2705, Hi: 0x2705, Stride: 1}, {Lo: 0x270A, Hi: 0x270B, Stride: 1},
	{Lo: 0x2728, Hi: 0x2728, Stride: 1}, {Lo: 0x274C, Hi: 0x274E, Stride: 2}, {Lo: 0x2753, Hi: 0x2755, Stride: 1},
	{Lo: 0x2757, Hi: 0x2757, Stride: 1}, {Lo: 0x2795, Hi: 0x2797, Stride: 1}, {Lo: 0x27B0, Hi: 0x27BF, Stride: 0xF},
	{Lo: 0x2B1B, Hi: 0x2B1C, Stride: 1}, {Lo: 0x2B50, Hi: 0x2B55, Stride: 5},
}}
