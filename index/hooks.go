package index

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	api "github.com/blevesearch/bleve_index_api"
)

// hooks is the one thing here that belongs to the process instead of an Index:
// bleve encrypts its files through two function variables of its API package,
// so there can be only one pair. It knows the key of every folder that is open.
// A folder that it does not know gets an error, so bleve can neither write nor
// read anything there: nothing is ever written in the clear.
var hooks struct {
	install sync.Once

	mu   sync.RWMutex
	keys map[string]*[32]byte // by the folder that bleve was given
}

// InstallHooks makes bleve seal every file that it writes in this process. Open
// calls it; to call it again changes nothing.
//
// bleve hands over a file in pieces (a term's postings, a chunk of positions, a
// dictionary) and reads each by itself; there are dozens per document. Each
// piece is AES-256-GCM. A segment is written once, so it has a key of its own,
// derived from its folder's key and a random salt, which bleve keeps beside the
// file as the "writer id", and the nonce is the count of pieces: it does not
// repeat, and needs 4 bytes where a random one needs 12 and a system call. The
// other files are small, and bleve rewrites some of their values but not all
// under a new writer id: they share one id, and have random nonces.
func InstallHooks() {
	hooks.install.Do(func() {
		hooks.keys = map[string]*[32]byte{}
		api.WriterHook = func(path []byte) (string, func([]byte) []byte, error) {
			key, err := folderKey(path)
			if err != nil {
				return "", nil, err
			}
			if filepath.Ext(string(path)) != ".zap" {
				return sharedID, (&sealer{aead: fileAEAD(key, sharedID), random: true}).seal, nil
			}
			var salt [16]byte
			rand.Read(salt[:])
			id := hex.EncodeToString(salt[:])
			return id, (&sealer{aead: fileAEAD(key, id)}).seal, nil
		}
		api.ReaderHook = func(id string, path []byte) (func([]byte) ([]byte, error), error) {
			if id == "" { // a segment in memory, which no writer has touched
				return func(b []byte) ([]byte, error) { return b, nil }, nil
			}
			key, err := folderKey(path)
			if err != nil {
				return nil, err
			}
			front := countSize
			if id == sharedID {
				front = nonceSize
			}
			return opener{fileAEAD(key, id), front}.open, nil
		}
	})
}

// setFolderKey lets bleve read and write in a folder; nil takes that back.
func setFolderKey(folder string, key *[32]byte) {
	hooks.mu.Lock()
	defer hooks.mu.Unlock()
	if key == nil {
		delete(hooks.keys, folder)
		return
	}
	hooks.keys[folder] = key
}

// folderKey finds the key for a file of bleve: <folder>/index_meta.json,
// <folder>/store/root.bolt or <folder>/store/<number>.zap.
func folderKey(path []byte) (*[32]byte, error) {
	folder := filepath.Dir(string(path))
	if filepath.Base(folder) == "store" {
		folder = filepath.Dir(folder)
	}
	hooks.mu.RLock()
	defer hooks.mu.RUnlock()
	if key := hooks.keys[folder]; key != nil {
		return key, nil
	}
	return nil, errors.New("index: no key is set for this folder")
}

func fileAEAD(folder *[32]byte, id string) cipher.AEAD {
	mac := hmac.New(sha256.New, folder[:])
	mac.Write([]byte("daybook/index/file/v1\n" + id))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		panic("index: aes: " + err.Error()) // only for keys of another length
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("index: gcm: " + err.Error())
	}
	return aead
}

const (
	sharedID  = "shared" // the writer id of files that are no segments
	nonceSize = 12       // bytes in front of a piece of such a file
	countSize = 4        // bytes in front of a piece of a segment: the end of its nonce; the rest is zero
	tagSize   = 16
	slabSize  = 64 << 10
)

// A sealer seals the pieces of one file.
type sealer struct {
	aead   cipher.AEAD
	random bool

	mu    sync.Mutex
	count uint32
	nonce [nonceSize]byte
	slab  []byte // small pieces are cut from one allocation
}

func (s *sealer) seal(plain []byte) []byte {
	if len(plain) == 0 {
		return plain // bleve writes and reads empty pieces without asking
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	front := countSize
	if s.random {
		front = nonceSize
		rand.Read(s.nonce[:])
	} else {
		if s.count++; s.count == 0 {
			panic("index: more than 4,294,967,295 pieces in one file")
		}
		binary.BigEndian.PutUint32(s.nonce[nonceSize-countSize:], s.count)
	}
	out := s.take(front + len(plain) + tagSize)
	copy(out, s.nonce[nonceSize-front:])
	s.aead.Seal(out[:front], s.nonce[:], plain, nil)
	return out
}

// take returns n bytes that nobody else holds.
func (s *sealer) take(n int) []byte {
	if n > slabSize/8 {
		return make([]byte, n)
	}
	if len(s.slab) < n {
		s.slab = make([]byte, slabSize)
	}
	out := s.slab[:n:n]
	s.slab = s.slab[n:]
	return out
}

// An opener opens the pieces of one file; bleve calls it from several
// goroutines.
type opener struct {
	aead  cipher.AEAD
	front int // bytes of nonce in front of a piece
}

func (o opener) open(sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return sealed, nil
	}
	if len(sealed) < o.front+tagSize {
		return nil, errors.New("index: a sealed piece is cut short")
	}
	// One allocation for both: the nonce in front, the plain bytes behind it.
	buf := make([]byte, nonceSize+len(sealed)-o.front-tagSize)
	nonce := buf[:nonceSize:nonceSize]
	copy(nonce[nonceSize-o.front:], sealed[:o.front])
	plain, err := o.aead.Open(buf[nonceSize:nonceSize], nonce, sealed[o.front:], nil)
	if err != nil {
		return nil, fmt.Errorf("index: a sealed piece does not open: %w", err)
	}
	return plain, nil
}
