package browser

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Download presses an element that a file comes from, waits until all of it is
// there, and returns the name that it was saved under, and what is in it.
func (tab *Tab) Download(selector string) (name string, content []byte) {
	tab.t.Helper()
	dir := tab.t.TempDir()
	tab.call(func(ctx context.Context) error {
		info, err := chromedp.Call(ctx, target.GetTargetInfo, target.GetTargetInfoParams{})
		if err != nil {
			return err
		}
		_, err = chromedp.Call(ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
			Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: info.TargetInfo.BrowserContextID, DownloadPath: dir,
		})
		return err
	})
	tab.Click(selector)
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(20 * time.Millisecond) {
		found, err := os.ReadDir(dir)
		if err != nil {
			tab.t.Fatal(err)
		}
		if len(found) != 1 || strings.HasSuffix(found[0].Name(), ".crdownload") { // not all of it yet
			continue
		}
		name = found[0].Name()
		if content, err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			tab.t.Fatal(err)
		}
		if len(content) > 0 {
			return name, content
		}
	}
	at, text := tab.where()
	tab.t.Fatalf("nothing was saved by %s at %s:\n%s", selector, at, text)
	return "", nil
}
