package fakex

import (
	"archive/zip"
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"time"
)

// archivePart is the largest part of an archive, as X says in it.
const archivePart = "53687091200"

// Archive makes what X gives a person who asks for an archive of their account:
// a ZIP file with their conversations, their own posts, whom they block, and what
// they told X of themselves. What others posted about them is not in it, nor are
// the names of those who wrote to them.
func (s *Server) Archive(p *Person) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := archiveWriter{s: s, p: p}
	w.zip = zip.NewWriter(&w.out)
	w.add("account", "account", []any{object{{"account", object{
		{"email", p.username + "@post.example"}, {"createdVia", "web"}, {"username", p.username}, {"accountId", p.ID},
		{"createdAt", stamp(p.created)}, {"accountDisplayName", p.name},
	}}}}, "")
	direct, headers, groups := w.conversations()
	w.add("direct-messages", "directMessages", direct, "data/direct_messages_media")
	w.add("direct-message-headers", "directMessageHeaders", headers, "")
	w.add("direct-messages-group", "directMessagesGroup", groups, "data/direct_messages_group_media")
	w.add("tweets", "tweets", w.posts(), "data/tweets_media")
	w.add("block", "block", relations(p.blocks, "blocking"), "")
	w.add("mute", "mute", relations(p.mutes, "muting"), "")
	w.add("ip-audit", "ipAudit", []any{object{{"ipAudit", object{{"accountId", p.ID}, {"createdAt", stamp(s.time().Add(-time.Hour))}, {"loginIp", "203.0.113.77"}}}}}, "")
	w.put("data/manifest.js", "window.__THAR_CONFIG = ", object{
		{"userInfo", object{{"accountId", p.ID}, {"userName", p.username}, {"displayName", p.name}}},
		{"archiveInfo", object{{"sizeBytes", strconv.Itoa(w.out.Len())}, {"generationDate", stamp(s.time())}, {"isPartialArchive", false}, {"maxPartSizeBytes", archivePart}}},
		{"readmeInfo", object{{"fileName", "data/README.txt"}, {"directory", "data/"}, {"name", "README.txt"}}},
		{"dataTypes", w.types},
	})
	w.write("data/README.txt", []byte("What the files of this archive hold.\n"))
	w.write("Your archive.html", []byte("<!DOCTYPE html>\n"))
	if err := w.zip.Close(); err != nil {
		panic("fakex: " + err.Error()) // a buffer takes everything
	}
	return w.out.Bytes()
}

type archiveWriter struct {
	s     *Server
	p     *Person
	out   bytes.Buffer
	zip   *zip.Writer
	types object
}

// add writes the file of one data type, and notes it for the manifest.
func (w *archiveWriter) add(file, kind string, list []any, folder string) {
	if list == nil {
		list = []any{}
	}
	global := "YTD." + string(bytes.ReplaceAll([]byte(file), []byte("-"), []byte("_"))) + ".part0"
	name := "data/" + file + ".js"
	w.put(name, "window."+global+" = ", list)
	told := object{}
	if folder != "" {
		told = append(told, member{"mediaDirectory", folder})
	}
	told = append(told, member{"files", []any{object{{"fileName", name}, {"globalName", global}, {"count", strconv.Itoa(len(list))}}}})
	w.types = append(w.types, member{kind, told})
}

func (w *archiveWriter) put(name, before string, v any) {
	b, err := encode(v)
	if err != nil {
		panic("fakex: " + err.Error()) // texts and numbers
	}
	w.write(name, append([]byte(before), b...))
}

func (w *archiveWriter) write(name string, b []byte) {
	f, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.s.time()})
	if err == nil {
		_, err = f.Write(b)
	}
	if err != nil {
		panic("fakex: " + err.Error()) // a buffer takes everything
	}
}

// conversations are those of two, what was sent in them without its text, and
// those of several; each with the newest first.
func (w *archiveWriter) conversations() (direct, headers, groups []any) {
	found := map[string][]*Message{}
	var order []string
	for _, m := range slices.Backward(w.s.messages) {
		if !w.p.has(m) || m.kind != created && m.kind != joined && m.kind != left {
			continue
		}
		if found[m.conversation] == nil {
			order = append(order, m.conversation)
		}
		found[m.conversation] = append(found[m.conversation], m)
	}
	for _, id := range order {
		var events, heads []any
		for _, m := range found[id] {
			events = append(events, w.event(m))
			if m.kind == created {
				heads = append(heads, object{{"messageCreate", object{{"id", m.ID}, {"senderId", m.Sender.ID}, {"recipientId", recipient(m)}, {"createdAt", stamp(m.at)}}}})
			}
		}
		talk := func(messages []any) any {
			return object{{"dmConversation", object{{"conversationId", id}, {"messages", messages}}}}
		}
		if found[id][0].group != nil {
			groups = append(groups, talk(events))
			continue
		}
		direct, headers = append(direct, talk(events)), append(headers, talk(heads))
	}
	return direct, headers, groups
}

func recipient(m *Message) string {
	if m.to == nil {
		return ""
	}
	return m.to.ID
}

// event is one thing in a conversation. Its files go beside it.
func (w *archiveWriter) event(m *Message) any {
	ids := make([]string, len(m.participants))
	for i, p := range m.participants {
		ids[i] = p.ID
	}
	switch m.kind {
	case joined:
		return object{{"participantsJoin", object{{"initiatingUserId", m.Sender.ID}, {"userIds", ids}, {"createdAt", stamp(m.at)}}}}
	case left:
		return object{{"participantsLeave", object{{"userIds", ids}, {"createdAt", stamp(m.at)}}}}
	}
	folder := "data/direct_messages_media/"
	if m.group != nil {
		folder = "data/direct_messages_group_media/"
	}
	files := []string{}
	for _, x := range m.media {
		address := m.address(x)
		files = append(files, address)
		if !x.removed {
			w.write(folder+m.ID+"-"+path.Base(address), x.bytes)
		}
	}
	text := m.shown()
	urls := []any{}
	for _, l := range text.links {
		if l.media == nil {
			urls = append(urls, object{{"url", l.short}, {"expanded", l.long}, {"display", l.display}})
		}
	}
	o := object{}
	if m.to != nil {
		o = append(o, member{"recipientId", m.to.ID})
	}
	return object{{"messageCreate", append(o, object{
		{"reactions", []any{}}, {"urls", urls}, {"text", text.text}, {"mediaUrls", files}, {"senderId", m.Sender.ID}, {"id", m.ID},
		{"createdAt", stamp(m.at)}, {"editHistory", []any{}},
	}...)}}
}

// posts are those of the person, the newest version of each.
func (w *archiveWriter) posts() (out []any) {
	for _, x := range slices.Backward(w.s.posts) {
		if x.Author != w.p || x.gone || !x.newest() {
			continue
		}
		text := x.shows("")
		mentions := []any{}
		for _, q := range x.mentions {
			mentions = append(mentions, object{{"name", q.name}, {"screen_name", q.username}, {"indices", []string{"0", "0"}}, {"id_str", q.ID}, {"id", q.ID}})
		}
		urls := []any{}
		for _, l := range text.links {
			urls = append(urls, object{{"url", l.short}, {"expanded_url", l.long}, {"display_url", l.display}, {"indices", []string{fmt.Sprint(l.start), fmt.Sprint(l.end)}}})
		}
		post := object{
			{"id_str", x.ID}, {"id", x.ID}, {"full_text", text.text}, {"created_at", oldTime(x.at)}, {"lang", x.lang}, {"favorited", false}, {"retweeted", false},
			{"entities", object{{"user_mentions", mentions}, {"urls", urls}, {"hashtags", []any{}}}},
		}
		if x.inReplyTo != nil {
			post = append(post, object{{"in_reply_to_status_id_str", x.inReplyTo.ID}, {"in_reply_to_user_id_str", x.inReplyTo.Author.ID}, {"in_reply_to_screen_name", x.inReplyTo.Author.username}}...)
		}
		out = append(out, object{{"tweet", post}})
	}
	return out
}

func relations(all []relation, kind string) (out []any) {
	for _, r := range all {
		out = append(out, object{{kind, object{{"accountId", r.to.ID}, {"userLink", "https://twitter.com/intent/user?user_id=" + r.to.ID}}}})
	}
	return out
}
