package twitter

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook"
)

// An answer of v2 keeps what was asked for in "data", and what that refers to,
// each once, in "includes": the author's profile, the attachments, the post that
// is answered. An item has to be readable alone, so a capture holds both:
//
//	{"data":…,"includes":{"users":[…],"media":[…],"tweets":[…]}}
//
// Each part is cut from the answer byte for byte, and the names of the lists are
// those of the answer; the brackets between them are all that is put in. Member
// and Offset say where the part under "data" stood. Of what is included a capture
// holds the profile of whoever wrote the item or comes or goes with it, its
// attachments, and of the posts that it is about the person's own alone: what
// others wrote to others, and who they are, is not kept.

// A part is one JSON value in an answer: its bytes as they came, and where they
// stand.
type part struct {
	raw    []byte
	offset int64
	member string // JSON pointer
	list   string // of "includes": the name of the list that it stood in
	id     string // "id" or, of attachments, "media_key"; "" if there is none
}

// A v2Answer is the body of an answer, taken apart.
type v2Answer struct {
	data, users, media, posts, errors []part
	hasData, hasMeta                  bool
	next                              string // meta.next_token
}

// lenient takes what servers of this world send: a member twice, and bytes that
// are not UTF-8. The bytes are kept as they are in any case.
func lenient() json.Options {
	return json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// splitV2 takes an answer apart; ok is false if the body is anything but one
// whole answer.
func splitV2(body []byte) (a v2Answer, ok bool) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), lenient())
	ok = eachMember(d, func(name string) bool {
		switch name {
		case "data":
			a.hasData = true
			if d.PeekKind() == '{' {
				return readOne(d, body, "/data", &a.data)
			}
			return readList(d, body, "/data", "", &a.data)
		case "errors":
			return readList(d, body, "/errors", "", &a.errors)
		case "meta":
			a.hasMeta = true
			var meta struct {
				Next string `json:"next_token"`
			}
			if json.UnmarshalDecode(d, &meta) != nil {
				return false
			}
			a.next = meta.Next
			return true
		case "includes":
			return eachMember(d, func(name string) bool {
				at := "/includes/" + name
				switch name {
				case "users":
					return readList(d, body, at, name, &a.users)
				case "media":
					return readList(d, body, at, name, &a.media)
				case "tweets", "posts":
					return readList(d, body, at, name, &a.posts)
				}
				return d.SkipValue() == nil
			})
		}
		return d.SkipValue() == nil
	})
	if !ok {
		return v2Answer{}, false
	}
	_, err := d.ReadToken()
	return a, errors.Is(err, io.EOF)
}

// eachMember reads an object and hands each name to read, which reads the value.
func eachMember(d *jsontext.Decoder, read func(name string) bool) bool {
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return false
	}
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil || !read(t.String()) {
			return false
		}
	}
	t, err := d.ReadToken()
	return err == nil && t.Kind() == '}'
}

func readList(d *jsontext.Decoder, body []byte, pointer, list string, parts *[]part) bool {
	if d.PeekKind() == 'n' {
		return d.SkipValue() == nil
	}
	if t, err := d.ReadToken(); err != nil || t.Kind() != '[' {
		return false
	}
	for n := 0; d.PeekKind() != ']'; n++ {
		if !readOne(d, body, pointer+"/"+strconv.Itoa(n), parts) {
			return false
		}
		(*parts)[len(*parts)-1].list = list
	}
	_, err := d.ReadToken()
	return err == nil
}

// readOne reads one value. Its bytes end where the decoder stands.
func readOne(d *jsontext.Decoder, body []byte, pointer string, parts *[]part) bool {
	v, err := d.ReadValue()
	if err != nil {
		return false
	}
	end := d.InputOffset()
	start := end - int64(len(v))
	p := part{raw: body[start:end:end], offset: start, member: pointer}
	var named struct {
		ID  number `json:"id"`
		Key string `json:"media_key"`
	}
	// A part without an identifier is known by its place alone.
	if err := json.Unmarshal(p.raw, &named, lenient()); err == nil {
		if p.id = string(named.ID); p.id == "" {
			p.id = named.Key
		}
	}
	*parts = append(*parts, p)
	return true
}

// nativeID is what a part is kept under: its identifier, else its digest.
func (p part) nativeID() string {
	if p.id != "" {
		return p.id
	}
	return "sha256:" + daybook.DigestOf(p.raw).String()
}

// A number is an identifier: text in v2 and in archives, a number in places.
type number string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *number) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '"', '0':
		t, err := d.ReadToken()
		if err != nil {
			return err
		}
		*n = number(t.String())
		return nil
	case 'n':
		*n = ""
		return d.SkipValue()
	}
	var s string
	return json.UnmarshalDecode(d, &s) // says what is wrong
}

// refers is what a post or an event of direct messages refers to.
type refers struct {
	Author       number   `json:"author_id"`
	Sender       number   `json:"sender_id"`
	Participants []number `json:"participant_ids"`
	EditTweets   []number `json:"edit_history_tweet_ids"`
	EditPosts    []number `json:"edit_history_post_ids"`
	Tweets       []v2Ref  `json:"referenced_tweets"`
	Posts        []v2Ref  `json:"referenced_posts"`
	Attachments  struct {
		Keys []string `json:"media_keys"`
	} `json:"attachments"`
}

type v2Ref struct {
	Type string `json:"type"`
	ID   number `json:"id"`
}

func readRefers(raw []byte) (r refers) {
	// A part of another form refers to nothing; Parse says that it is so.
	if err := json.Unmarshal(raw, &r, lenient()); err != nil {
		return refers{}
	}
	return r
}

// versions are the identifiers of a post's versions, the first one first.
func (r *refers) versions() []number {
	if len(r.EditPosts) > 0 {
		return r.EditPosts
	}
	return r.EditTweets
}

// references are the posts that a post is about.
func (r *refers) references() []v2Ref {
	if len(r.Posts) > 0 {
		return r.Posts
	}
	return r.Tweets
}

// envelope makes the bytes of a capture out of an item and what it refers to.
// self is the number of the person whose account it is.
func (a *v2Answer) envelope(it part, self string) []byte {
	r := readRefers(it.raw)
	users := append([]number{r.Author, r.Sender}, r.Participants...)
	var lists []part
	for _, u := range a.users {
		if u.id != "" && slices.Contains(users, number(u.id)) {
			lists = append(lists, u)
		}
	}
	for _, m := range a.media {
		if slices.Contains(r.Attachments.Keys, m.id) {
			lists = append(lists, m)
		}
	}
	for _, p := range a.posts {
		if string(readRefers(p.raw).Author) == self && slices.ContainsFunc(r.references(), func(ref v2Ref) bool { return string(ref.ID) == p.id }) {
			lists = append(lists, p)
		}
	}
	b := append([]byte(`{"data":`), it.raw...)
	open := ""
	for _, p := range lists {
		switch {
		case p.list == open:
			b = append(b, ',')
		case open == "":
			b = append(b, `,"includes":{"`+p.list+`":[`...)
		default:
			b = append(b, `],"`+p.list+`":[`...)
		}
		open = p.list
		b = append(b, p.raw...)
	}
	if open != "" {
		b = append(b, "]}"...)
	}
	return append(b, '}')
}
