#!/usr/bin/env python3
"""Checks a bundle of daybook: python3 verify.py BUNDLE.zip (or its unpacked folder).

It needs Python 3.8 or newer and its standard library; openssl, where it is
installed, checks the time stamps. Nothing is fetched and nothing is written but
temporary files. The format is docs/bundle-format.md (daybook-bundle/v1) of the
project; each part below names its standard.

The answer is one of three, and so is the exit status:
  ok (0)                 nothing is broken, and something that does not come from
                         the bundle speaks for it: an anchor, the fingerprint of
                         the key, or a time stamp under a root that you trust
  broken (4)             something in it does not fit
  cannot be checked (3)  all of it fits together, which whoever makes a bundle
                         can bring about; what would settle it is printed
Wrong use is 2; a file that cannot be read is 1.
"""
import argparse, base64, binascii, hashlib, json, os, re, shutil, ssl, stat, subprocess, sys, tempfile, zipfile
from datetime import datetime, timezone

MAX_FILES = 2000000
MAX_JSON = 256 << 20        # bytes of one file that is read as a whole
MAX_RATIO = 200             # unpacked to packed; what is larger is a bomb
MAX_PROBLEMS = 100
NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*\Z")
HEX64 = re.compile(r"[0-9a-f]{64}\Z")
FIELD = re.compile(r"[a-z0-9._]+\Z")
READING = re.compile(r"m[0-9]+\.(key|kind|direction|sender|text)\Z")  # what the table of messages shows
ALLOWED = re.compile(  # files beside those that bundle.json and the entries name
    r"(bagit\.txt|bag-info\.txt|(tag)?manifest-sha256\.txt|manifest-sha256\.note|data/(bundle\.json|report(-[0-9]+)?\.pdf|first-report\.pdf|timeline\.(csv|json)|custody\.csv|completeness\.json"
    r"|production-statement\.txt|certificate-902\.txt|VERIFY\.md|verify\.py|log/(checkpoint|leaves\.txt|key\.pem|key\.txt)))\Z")
NEEDED = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "manifest-sha256.note", "tagmanifest-sha256.txt",
          "data/bundle.json", "data/log/checkpoint", "data/log/key.pem", "data/log/key.txt", "data/completeness.json", "data/timeline.json")


class Bad(Exception):
    """Something that does not fit: where, and what."""

    def __init__(self, where, what):
        super().__init__(where, what)
        self.where, self.what = where, what


def plain(name):
    """A hostile name, as it can be shown."""
    return re.sub(r"[^A-Za-z0-9_./-]", "?", name)[:100]


def sha256(*parts):
    h = hashlib.sha256()
    for part in parts:
        h.update(part)
    return h.digest()


# ---- Files: a ZIP or a folder, hostile until shown otherwise -----------------------------------------------------------

class Files:
    """The files of a bundle by name, without the folder at the top of a ZIP."""

    def __init__(self, path):
        self.sizes, self.zip = {}, None
        if os.path.isdir(path):
            self.top, self.how = path, {}
            self.walk(path)
        else:
            self.open_zip(path)
        lower = {}
        for name in self.sizes:
            if not NAME.match(name) or len(name) > 200 or any(p in (".", "..") for p in name.split("/")):
                raise Bad("file", "a name in it is not one that a bundle has: %s" % plain(name))
            if lower.setdefault(name.lower(), name) != name:
                raise Bad("file", "two names differ in capitals alone: %s" % name)
        for name in self.sizes:
            at = name.rfind("/")
            while at > 0:
                if name[:at].lower() in lower:
                    raise Bad("file", "a name is a file and a folder: %s" % name[:at])
                at = name.rfind("/", 0, at)

    def walk(self, path):
        for folder, folders, names in os.walk(path):
            for name in folders + [n for n in names if n not in (".DS_Store", "Thumbs.db", "desktop.ini")]:
                full = os.path.join(folder, name)
                mode = os.lstat(full).st_mode
                relative = os.path.relpath(full, path).replace(os.sep, "/")
                if stat.S_ISLNK(mode) or not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
                    raise Bad("file", "it holds something that is neither a file nor a folder: %s" % plain(relative))
                if stat.S_ISREG(mode):
                    self.sizes[relative] = os.path.getsize(full)
                    self.how[relative] = full
            if len(self.sizes) > MAX_FILES:
                raise Bad("file", "it holds more files than a bundle has")

    def open_zip(self, path):
        packed = os.path.getsize(path)
        with open(path, "rb") as f:
            first = f.read(4)
            f.seek(max(0, packed - 22))
            last = f.read(22)
        # All programs that unpack must see the same files: nothing before the first, nothing after the end (APPNOTE 4.3.16).
        if first != b"PK\x03\x04" or last[:4] != b"PK\x05\x06" or last[20:] != b"\0\0":
            raise Bad("file", "it is not a whole ZIP file as a bundle is")
        try:
            self.zip = zipfile.ZipFile(path)
        except Exception:
            raise Bad("file", "it is not a whole ZIP file as a bundle is")
        top, total, self.how = None, 0, {}
        members = self.zip.infolist()
        if len(members) > MAX_FILES:
            raise Bad("file", "it holds more files than a bundle has")
        for m in members:
            name = m.orig_filename
            head, slash, rest = name.partition("/")
            top = head if top is None else top
            if head != top or not slash or head in ("", ".", "..") or not NAME.match(head):
                raise Bad("file", "a name in it is not one that a bundle has: %s" % plain(name))
            if name.endswith("/"):
                if m.file_size or (rest and (not NAME.match(rest[:-1]) or ".." in rest.split("/"))):
                    raise Bad("file", "a name in it is not one that a bundle has: %s" % plain(name))
                continue
            kind = m.external_attr >> 16
            if m.flag_bits & 0x41 or m.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) \
                    or (stat.S_IFMT(kind) and not stat.S_ISREG(kind)):
                raise Bad("file", "a file in it is of a form that a bundle does not have: %s" % plain(name))
            if rest in self.sizes:
                raise Bad("file", "a name is there twice: %s" % plain(rest))
            self.sizes[rest], self.how[rest] = m.file_size, m
            total += m.file_size
        if total > (64 << 20) + MAX_RATIO * packed:
            raise Bad("file", "unpacked it would be far larger than a bundle of its size is")

    def chunks(self, name):
        """Yields the bytes of a file; never more than its size says."""
        if name not in self.sizes:
            raise Bad(name, "it is missing")
        left = self.sizes[name]
        try:
            with (self.zip.open(self.how[name]) if self.zip else open(self.how[name], "rb")) as f:
                for chunk in iter(lambda: f.read(1 << 20), b""):
                    left -= len(chunk)
                    if left < 0:
                        raise Bad(name, "it is longer than it says")
                    yield chunk
        except Bad:
            raise
        except OSError:
            if self.zip is None:
                raise
            raise Bad(name, "it cannot be unpacked")
        except Exception:
            raise Bad(name, "it cannot be unpacked")
        if left:
            raise Bad(name, "it is shorter than it says")

    def read(self, name, limit=MAX_JSON):
        if self.sizes.get(name, 0) > limit:
            raise Bad(name, "it is larger than such a file is")
        return b"".join(self.chunks(name))

    def digest(self, name):
        h = hashlib.sha256()
        for chunk in self.chunks(name):
            h.update(chunk)
        return h.digest()

    def lines(self, name):
        """Yields the lines of a text file without LF; the last one ends with LF too."""
        rest = b""
        for chunk in self.chunks(name):
            parts = (rest + chunk).split(b"\n")
            rest = parts.pop()
            if len(rest) > 1 << 16:
                break
            for line in parts:
                yield line
        if rest:
            raise Bad(name, "it does not end with a line end")


# ---- JSON (RFC 8259), strictly: no member twice, UTF-8, no numbers but whole ones ---------------------------------------

def unique(pairs):
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a member is there twice")
    return out


def refuse(word):
    raise ValueError(word + " is not JSON")


def check_depth(v, left=101):
    if isinstance(v, (dict, list)):
        if not left:
            raise ValueError("values nest too deep")
        for x in v.values() if isinstance(v, dict) else v:
            check_depth(x, left - 1)


def read_json(files, name, kind=dict):
    data = files.read(name)
    try:
        v = json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)
        check_depth(v)
        json.dumps(v, ensure_ascii=False).encode("utf-8")  # halves of surrogate pairs are no text
    except (ValueError, RecursionError):
        raise Bad(name, "it is not JSON as a bundle has it")
    if type(v) is not kind:
        raise Bad(name, "it is not JSON as a bundle has it")
    return v


def member(where, v, name, kind, *default):
    """Returns a member of a JSON object, of that type (int: from 0)."""
    out = v.get(name, *default)
    if type(out) is not kind or (kind is int and not 0 <= out < 1 << 63):
        raise Bad(where, "it has no fitting %s" % name)
    return out


def texts(where, v, name, *default):
    """Returns a member that is an object of strings."""
    out = member(where, v, name, dict, *default)
    if any(type(x) is not str for x in out.values()):
        raise Bad(where, "it has no fitting %s" % name)
    return out


def unhex(where, s, what):
    if type(s) is not str or not HEX64.match(s):
        raise Bad(where, "it has no fitting %s" % what)
    return bytes.fromhex(s)


def unbase64(where, s, length=None):
    try:
        out = base64.b64decode(s, validate=True)
    except (binascii.Error, ValueError):
        raise Bad(where, "it is not base64")
    if base64.b64encode(out) != (s if type(s) is bytes else s.encode()) or length not in (None, len(out)):
        raise Bad(where, "it is not base64 of the right length")
    return out


# ---- Merkle tree: RFC 9162 §2.1 (as RFC 6962) ---------------------------------------------------------------------------

def leaf_hash(leaf):
    return sha256(b"\0", leaf)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def root_from_path(leaf, index, size, path):
    """RFC 9162 §2.1.3.2; None if the path has another length than it must have."""
    if index >= size:
        return None
    fn, sn, r = index, size - 1, leaf_hash(leaf)
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


class Tree:
    """The roots over a growing list of leaves."""

    def __init__(self):
        self.size, self.edge = 0, []  # hashes of full subtrees, the largest first

    def add(self, leaf):
        h, n = leaf_hash(leaf), self.size
        while n & 1:
            h, n = node_hash(self.edge.pop(), h), n >> 1
        self.edge.append(h)
        self.size += 1

    def root(self):
        if not self.edge:
            return sha256()
        r = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            r = node_hash(left, r)
        return r


# ---- Ed25519: RFC 8032 §5.1.7, without cofactor --------------------------------------------------------------------------

P = 2 ** 255 - 19
Q = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point_add(a, b):  # extended coordinates, §5.1.4
    A, B = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    C, E = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = B - A, E - C, E + C, B + A
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_mul(s, a):
    out = (0, 1, 1, 0)
    while s:
        if s & 1:
            out = point_add(out, a)
        a, s = point_add(a, a), s >> 1
    return out


def point_decode(b):  # §5.1.3; None if it is no point
    y = int.from_bytes(b, "little")
    sign, y = y >> 255, (y & (1 << 255) - 1) % P
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P:
        return None
    if x & 1 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


def point_encode(a):
    z = pow(a[2], P - 2, P)
    x, y = a[0] * z % P, a[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(key, message, signature):
    a, s = point_decode(key), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or s >= Q:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    minus = (-a[0] % P, a[1], a[2], -a[3] % P)
    return point_encode(point_add(point_mul(s, BASE), point_mul(k, minus))) == signature[:32]


# ---- Signed notes: c2sp.org/signed-note, c2sp.org/tlog-checkpoint --------------------------------------------------------

class Key:
    """A note verifier key: NAME+HASH+BASE64(1, public key)."""

    def __init__(self, where, text):
        parts = text.split("+", 2)
        if len(parts) != 3 or not parts[0] or re.search(r"\s", parts[0]):
            raise Bad(where, "it is not a verifier key")
        raw = unbase64(where, parts[2], 33)
        self.name, self.hash, self.public = parts[0], sha256(parts[0].encode() + b"\n" + raw)[:4], raw[1:]
        if raw[0] != 1 or parts[1] != self.hash.hex():
            raise Bad(where, "it is not a verifier key")

    def fingerprint(self):
        return sha256(self.public).hex()


class Checkpoint:
    """Origin, size and root of a note; with a key, only if that key signed it."""

    def __init__(self, where, data, key=None):
        try:
            text, _, signatures = data.decode("utf-8").rpartition("\n\n")
        except UnicodeDecodeError:
            text = ""
        if not text or not signatures.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", text + signatures):
            raise Bad(where, "it is not a signed checkpoint")
        text += "\n"
        lines = text.split("\n")
        if len(lines) != 4 or not re.match(r"(0|[1-9][0-9]{0,17})\Z", lines[1], re.A):
            raise Bad(where, "it is not a signed checkpoint")
        self.origin, self.size, self.root = lines[0], int(lines[1]), unbase64(where, lines[2], 32)
        found = signatures.split("\n")[:-1]
        ours = 0
        for line in found:
            m = re.match("\u2014 ([^\\s+]+) ([A-Za-z0-9+/=]+)\\Z", line)
            if not m or len(found) > 100:
                raise Bad(where, "it is not a signed checkpoint")
            sig = unbase64(where, m.group(2))
            if key and not ours and m.group(1) == key.name and sig[:4] == key.hash:
                ours += 1
                if not ed25519_verify(key.public, text.encode(), sig[4:]):
                    raise Bad(where, "its signature is not valid")
        if key and (not ours or key.name != self.origin):
            raise Bad(where, "it is not signed by the key of its log")


# ---- Time stamps: RFC 3161 (in DER, X.690) ------------------------------------------------------------------------------

def der(data, at=0):
    """Returns tag, start and end of the content of the element at a place."""
    tag, n, at = data[at], data[at + 1], at + 2
    if n & 0x80:
        k = n & 0x7f
        if not 0 < k < 5:
            raise ValueError("length")
        n, at = int.from_bytes(data[at:at + k], "big"), at + k
    if tag & 0x1f == 0x1f or at + n > len(data):
        raise ValueError("length")
    return tag, at, at + n


def children(data, start, end):
    out = []
    while start < end:
        tag, a, b = der(data, start)
        out.append((tag, a, b, start))
        start = b
    return out


def token_says(token):
    """Returns the SHA-256 that a TimeStampResp is over, and its time; None if it is none. Its signature is not checked here."""
    def down(v, i, tag):
        x = children(token, v[1], v[2])[i]
        if x[0] != tag:
            raise ValueError("tag")
        return x
    try:
        content = down(down((0, 0, len(token)), 0, 0x30), 1, 0x30)         # timeStampToken, a ContentInfo
        signed = down(down(content, 1, 0xa0), 0, 0x30)                     # SignedData (RFC 5652 §5.1)
        octets = down(down(down(signed, 2, 0x30), 1, 0xa0), 0, 0x04)       # eContent
        info = down((0, octets[1], octets[2]), 0, 0x30)                    # TSTInfo
        imprint, when = down(info, 2, 0x30), down(info, 4, 0x18)
        algorithm, digest = down(down(imprint, 0, 0x30), 0, 0x06), down(imprint, 1, 0x04)
        m = re.match(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(\.[0-9]+)?Z\Z", token[when[1]:when[2]].decode("ascii"))
        at = datetime(*[int(x) for x in m.groups()[:6]], tzinfo=timezone.utc)
        if token[algorithm[1]:algorithm[2]].hex() != "608648016503040201":  # SHA-256
            raise ValueError("algorithm")
        return token[digest[1]:digest[2]], at
    except (ValueError, IndexError, AttributeError, OverflowError):
        return None


def root_fingerprint(pem):
    """The SHA-256 of the last certificate that is its own issuer, or of the last one."""
    found, last = None, None
    for m in re.finditer(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----", pem):
        try:
            cert = base64.b64decode(b"".join(m.group(1).split()))
            last = sha256(cert).hex()
            tbs = children(cert, *der(cert)[1:])[0]
            parts = [p for p in children(cert, tbs[1], tbs[2]) if p[0] != 0xa0]   # serial, algorithm, issuer, validity, holder
            if cert[parts[2][3]:parts[2][2]] == cert[parts[4][3]:parts[4][2]]:
                found = last
        except (ValueError, IndexError):
            continue
    return found or last or "none"


class Openssl:
    def __init__(self):
        self.program = shutil.which("openssl")

    def run(self, data, token, at, roots, chain, partial):
        """Asks openssl; True, False, or None if it does not say."""
        if not self.program:
            return None
        with tempfile.TemporaryDirectory() as d:
            names = {}
            for name, content in (("data", data), ("token", token), ("chain", chain)):
                names[name] = os.path.join(d, name)
                with open(names[name], "wb") as f:
                    f.write(content)
            args = [self.program, "ts", "-verify", "-data", names["data"], "-in", names["token"], "-untrusted", names["chain"]]
            args += ["-CAfile", names["chain"]] if partial else roots
            more = ["-attime", str(int(at.timestamp()))] + (["-partial_chain"] if partial else [])
            for extra in (more, []):
                try:
                    p = subprocess.run(args + extra, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
                except (OSError, subprocess.SubprocessError):
                    return None
                if b"Verification: OK" in p.stdout and p.returncode == 0:
                    return True
                if b"Verification: FAILED" in p.stdout:
                    return False if extra or not partial else None  # one that does not know the options says nothing of the past
            return None


# ---- The bundle ----------------------------------------------------------------------------------------------------------

class Check:
    def __init__(self, path, anchors, keys, roots):
        self.path, self.anchors, self.keys = path, anchors, keys
        self.roots = self.find_roots(roots)
        self.problems, self.remarks, self.speaks = [], [], []
        self.items, self.leaves, self.kept = {}, {}, {}   # number → record.json; number → leaf; name of a file → used
        self.shown = self.withheld = self.pending = self.erased = self.media_gone = self.added = self.left = 0
        self.digest, self.left_out, self.stamps, self.anchor_report = "", {}, [], []
        self.bundle = self.checkpoint = self.key = self.files = None
        self.kinds, self.earlier = [], {}                 # of all entries; size → name and root
        self.wanted, self.roots_at = {a["size"] for a in anchors}, {}

    @staticmethod
    def find_roots(file):
        if file != "system":
            return ["-CAfile", file] if file else []
        paths = ssl.get_default_verify_paths()
        out = []
        if paths.cafile and os.path.isfile(paths.cafile):
            out += ["-CAfile", paths.cafile]
        if paths.capath and os.path.isdir(paths.capath):
            out += ["-CApath", paths.capath]
        return out

    def broken(self, where, what):
        if len(self.problems) < MAX_PROBLEMS and (where, what) not in self.problems:
            self.problems.append((where, what))

    def guard(self, where, step, *args):
        """Runs one step; whatever a hostile file makes of it is that it does not fit."""
        try:
            step(*args)
            return True
        except Bad as e:
            self.broken(e.where, e.what)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError, MemoryError):
            self.broken(where, "it cannot be read as what it should be")
        return False

    def run(self):
        if not self.guard("file", self.open):
            return
        self.guard("bag", self.check_bag)
        if not self.guard("data/bundle.json", self.read_bundle) or not self.guard("data/log/checkpoint", self.check_log):
            return
        self.guard("manifest-sha256.note", self.check_signed)
        for n in self.bundle["items"]:
            if len(self.problems) < MAX_PROBLEMS:
                self.guard("entry %d" % n, self.check_item, n)
        for e in self.bundle["earlier"]:
            self.guard("data/bundle.json", self.read_earlier, e)
        self.guard("data/log/leaves.txt", self.check_leaves)
        self.guard("data/completeness.json", self.check_completeness)
        self.guard("time stamps", self.check_stamps)
        self.guard("data/timeline.json", self.check_timeline)
        self.guard("key", self.check_keys)
        for name in sorted(self.files.sizes):
            if name not in self.kept and not ALLOWED.match(name):
                self.broken(name, "nothing in the bundle speaks of this file")

    def open(self):
        if not os.path.isdir(self.path):
            h = hashlib.sha256()
            with open(self.path, "rb") as f:
                for chunk in iter(lambda: f.read(1 << 20), b""):
                    h.update(chunk)
            self.digest = h.hexdigest()
        self.files = Files(self.path)
        for name in NEEDED:
            if name not in self.files.sizes:
                self.broken(name, "it is missing")

    # BagIt 1.0: RFC 8493 §2
    def check_bag(self):
        if self.files.read("bagit.txt", 1 << 16) != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
            self.broken("bagit.txt", "it is not that of a bag")
        payload, tags = self.manifest("manifest-sha256.txt"), self.manifest("tagmanifest-sha256.txt")
        count = size = 0
        for name in sorted(self.files.sizes):
            if name == "tagmanifest-sha256.txt":
                continue
            in_payload = name.startswith("data/")
            count, size = count + in_payload, size + (self.files.sizes[name] if in_payload else 0)
            want = (payload if in_payload else tags).pop(name, None)
            if want is None:
                self.broken(name, "the manifest does not have it")
                continue
            if self.files.digest(name).hex() != want:
                self.broken(name, "its SHA-256 is not the one in the manifest")
        for name in sorted(payload) + sorted(tags):
            self.broken(name, "the manifest has it, and it is missing")
        oxum = re.findall(rb"^Payload-Oxum: (.*)$", self.files.read("bag-info.txt", 1 << 20), re.M)
        if oxum != [b"%d.%d" % (size, count)]:
            self.broken("bag-info.txt", "the Payload-Oxum is not the one of the payload")

    def manifest(self, name):
        out = {}
        for line in self.files.lines(name):
            m = re.match(rb"([0-9a-f]{64})  ([!-~]+)\Z", line)
            if not m or m.group(2).decode() in out:
                raise Bad(name, "it has a line that a manifest does not have")
            out[m.group(2).decode()] = m.group(1).decode()
        return out

    def read_bundle(self):
        where = "data/bundle.json"
        b = read_json(self.files, where)
        if member(where, b, "format", str) != "daybook-bundle/v1":
            raise Bad(where, "it is of a format that this program does not know")
        if member(where, b, "kind", str) not in ("complete", "selection"):
            raise Bad(where, "it has no fitting kind")
        for name, kind in (("origin", str), ("size", int), ("root", str), ("key", str), ("fingerprint", str), ("items", list)):
            member(where, b, name, kind)
        for name in ("time_stamps", "earlier"):
            b[name] = member(where, b, name, list, [])
            if any(type(x) is not dict for x in b[name]):
                raise Bad(where, "it has no fitting %s" % name)
        last = -1
        for n in b["items"]:
            if type(n) is not int or not last < n < b["size"]:
                raise Bad(where, "its items are not numbers of entries in ascending order")
            last = n
        self.bundle, self.here = b, set(b["items"])

    def check_log(self):
        b, where = self.bundle, "data/log/checkpoint"
        self.key = key = Key("data/bundle.json", b["key"])
        if self.files.read("data/log/key.txt", 1 << 16) != b["key"].encode() + b"\n":
            self.broken("data/log/key.txt", "it is not the key of bundle.json")
        if b["fingerprint"] != key.fingerprint():
            self.broken("data/bundle.json", "the fingerprint is not that of the key")
        # SubjectPublicKeyInfo of an Ed25519 key: RFC 8410 §4
        pem = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + key.public)
        if self.files.read("data/log/key.pem", 1 << 16) != b"-----BEGIN PUBLIC KEY-----\n" + pem + b"\n-----END PUBLIC KEY-----\n":
            self.broken("data/log/key.pem", "it is not the key of bundle.json")
        self.signed = self.files.read(where, 1 << 16)
        self.checkpoint = c = Checkpoint(where, self.signed)
        if (c.origin, c.size, c.root.hex()) != (b["origin"], b["size"], b["root"]):
            self.broken("data/bundle.json", "origin, size or root are not those of the checkpoint")
        Checkpoint(where, self.signed, key)
        self.roots_at[c.size] = c.root

    # The manifest, and with it every file: signed with the key of the checkpoint (c2sp.org/signed-note)
    def check_signed(self):
        where, c = "manifest-sha256.note", self.checkpoint
        signed, manifest = self.files.read(where, 1 << 16), self.files.digest("manifest-sha256.txt")
        text = ("daybook-bundle/v1\n%s\n%d\n%s\n" % (c.origin, c.size, base64.b64encode(manifest).decode())).encode()
        m = re.match(re.escape(text + ("\n\u2014 %s " % c.origin).encode()) + rb"([A-Za-z0-9+/]{91}=)\n\Z", signed)
        if not m:
            raise Bad(where, "it is not over the manifest of this bundle")
        sig = unbase64(where, m.group(1), 68)
        if sig[:4] != self.key.hash or not ed25519_verify(self.key.public, text, sig[4:]):
            raise Bad(where, "its signature is not valid")

    # One entry: its shown values, salts, record, commitment, leaf and inclusion proof (evidence-format.md)
    def check_item(self, n):
        where, folder = "entry %d" % n, "data/items/%06d/" % n
        raw = folder + "raw.bin"
        self.kept.update((folder + f, True) for f in ("record.json", "salts.json", "item.tlog-proof"))
        r, s = read_json(self.files, folder + "record.json"), read_json(self.files, folder + "salts.json")
        record, values, withheld = texts(where, r, "record"), texts(where, r, "values"), texts(where, r, "withheld", {})
        fields = texts(where, s, "fields")
        kind = member(where, r, "kind", str)
        if member(where, r, "index", int) != n or not re.match(r"[a-z]+\Z", kind):
            raise Bad(where, "record.json is of another entry")
        shown = set(values)
        if raw in self.files.sizes:
            self.kept[raw] = True
            shown.add("raw")
        if "raw" in values or shown & set(withheld) or shown | set(withheld) != set(record) or set(fields) != shown:
            raise Bad(where, "the fields that are shown, withheld, salted and recorded are not the same")
        for name in sorted(shown):
            value = self.files.read(raw) if name == "raw" else values[name].encode()
            digest = sha256(b"daybook/field/v1\n", unhex(where, fields[name], "salt"), name.encode(), b"\n", value)
            if record[name] != "sha256:" + digest.hex():
                self.broken(where, "the value or the salt of the field %s does not fit the record" % name)
        for name, digest in record.items():
            if not FIELD.match(name) or digest[:7] != "sha256:" or not HEX64.match(digest[7:]):
                raise Bad(where, "its record is not one")
        # JSON Canonicalization Scheme: RFC 8785; the names are ASCII
        canonical = "{" + ",".join('"%s":"%s"' % (k, record[k]) for k in sorted(record)) + "}"
        salt = unhex(where, s.get("leaf"), "salt of the leaf")
        if "seed" in s and withheld:  # all salts come from it; what it gives is compared when a store is made again
            self.broken(where, "a seed is shown, though a field is withheld")
        commitment = sha256(b"daybook/commit/v1\n", salt, canonical.encode()).hex()
        leaf = ("daybook-leaf/v1 %d %s sha256:%s" % (n, kind, commitment)).encode()
        self.check_proof(n, folder + "item.tlog-proof", leaf)
        self.check_media(n, folder, r, values)
        if kind == "import" and values.get("parts"):
            self.check_file(where, folder, r, values)
        self.items[n] = (kind, {f: v for f, v in values.items() if f == "entries" or READING.match(f)}, withheld)
        self.leaves[n] = leaf
        self.shown, self.withheld = self.shown + len(shown), self.withheld + len(withheld)

    # c2sp.org/tlog-proof@v1
    def check_proof(self, n, name, leaf):
        where, data = "entry %d" % n, self.files.read(name, 1 << 20)
        lines = data.split(b"\n")
        if lines[:2] != [b"c2sp.org/tlog-proof@v1", b"extra " + base64.b64encode(leaf)]:
            raise Bad(where, "the record and the salt of the leaf do not give the leaf of the proof")
        if lines[2:3] != [b"index %d" % n] or b"" not in lines[3:]:
            raise Bad(where, "its proof is not one")
        end = lines.index(b"", 3)
        path = [unbase64(where, line, 32) for line in lines[3:end]]
        if b"\n".join(lines[end + 1:]) != self.signed:
            raise Bad(where, "the checkpoint of its proof is not that of the bundle")
        if root_from_path(leaf, n, self.checkpoint.size, path) != self.checkpoint.root:
            raise Bad(where, "its proof does not lead to the root of the checkpoint")

    def check_media(self, n, folder, r, values):
        where, named = "entry %d" % n, []
        for m in member(where, r, "media", list, []):
            if type(m) is not dict:
                raise Bad(where, "it has no fitting media")
            file, digest = member(where, m, "file", str, ""), member(where, m, "sha256", str)
            left = member(where, m, "left_out", str, "")
            if left and file:
                raise Bad(where, "it has no fitting media")
            named.append(digest)
            if not file:
                self.media_gone, self.left = self.media_gone + (not left), self.left + bool(left)
                continue
            if not re.match(r"media/[0-9a-f]{16}\.[a-z0-9]{1,5}\Z", file) or file[6:22] != digest[:16] or folder + file in self.kept:
                raise Bad(where, "it has no fitting media")
            self.kept[folder + file] = True
            if self.files.digest(folder + file).hex() != digest:
                self.broken(folder + file, "its bytes are not those that the entry names")
        if sorted(named) != sorted({v for k, v in values.items() if k.startswith("blob.")}):
            self.broken(where, "the files in its media are not those that its fields blob.* name")

    # A file that was added: its pieces, joined in order, have the SHA-256 that the entry names
    def check_file(self, where, folder, r, values):
        try:
            parts, file, size = (json.loads(values.get(k, "")) for k in ("parts", "file", "size"))
            parts = [(p["sha256"].lower(), p["bytes"]) for p in parts]
            file = file.lower()
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
            raise Bad(where, "what it tells of a file is not what such an entry tells")
        lies, whole, n = {m["sha256"]: m.get("file", "") for m in r["media"]}, hashlib.sha256(), 0
        for digest, length in parts:
            if digest not in lies:
                raise Bad(where, "a piece of the file is none of its fields blob.*")
            if not lies[digest]:
                return
            name = folder + lies[digest]
            if self.files.sizes.get(name) != length:
                raise Bad(name, "it is not as long as the entry says")
            for chunk in self.files.chunks(name):
                whole.update(chunk)
            n += length
        if whole.hexdigest() != file or n != size:
            raise Bad(where, "its pieces are not the file that the entry names")
        self.added += 1

    def read_earlier(self, e):
        where = "data/bundle.json"
        if self.bundle["kind"] != "complete":
            raise Bad(where, "a selection has no earlier checkpoints")
        size = member(where, e, "size", int)
        name = "data/log/earlier/%06d.checkpoint" % size
        self.kept[name] = True
        c = Checkpoint(name, self.files.read(name, 1 << 16), self.key)
        if c.size != size or c.root.hex() != e.get("root") or name != e.get("checkpoint") or not 0 < size < self.checkpoint.size or size in self.earlier:
            raise Bad(name, "it is not the checkpoint that bundle.json names")
        self.earlier[size] = (name, c.root)

    # All leaves, in complete bundles
    def check_leaves(self):
        name, earlier = "data/log/leaves.txt", self.earlier
        if self.bundle["kind"] != "complete":
            if name in self.files.sizes:
                self.broken(name, "a selection does not have it")
            return
        tree = Tree()
        for line in self.files.lines(name):
            m = re.match(rb"daybook-leaf/v1 ([0-9]+) ([a-z]+) sha256:[0-9a-f]{64}\Z", line)
            if not m or m.group(1) != b"%d" % tree.size or tree.size >= self.checkpoint.size:
                raise Bad(name, "line %d is not the leaf of entry %d" % (tree.size + 1, tree.size))
            if self.leaves.get(tree.size, line) != line:
                self.broken(name, "the leaf of entry %d is not the one of its proof" % tree.size)
            tree.add(line)
            self.kinds.append(m.group(2).decode())
            if tree.size in self.wanted:
                self.roots_at[tree.size] = tree.root()
            if tree.size in earlier and earlier[tree.size][1] != tree.root():
                self.broken(earlier[tree.size][0], "the first %d entries are not those that it covers" % tree.size)
        if tree.size != self.checkpoint.size:
            raise Bad(name, "it has %d leaves, the checkpoint covers %d entries" % (tree.size, self.checkpoint.size))
        if tree.root() != self.checkpoint.root:
            raise Bad(name, "the leaves do not give the root of the checkpoint")

    # What is not here is said
    def check_completeness(self):
        where = "data/completeness.json"
        v = read_json(self.files, where)
        if member(where, v, "kind", str) != self.bundle["kind"]:
            self.broken(where, "its kind is not that of bundle.json")
        gone = {}
        for e in member(where, v, "erased", list, []):
            n, by = member(where, e, "entry", int), member(where, e, "said_by", int)
            gone[n] = by
            if n in self.here:
                self.broken(where, "entry %d is said to be erased, and is here" % n)
            if by in self.items and not self.erases(by, n):
                self.broken(where, "entry %d does not say that entry %d was erased" % (by, n))
            if by not in self.here and by < self.checkpoint.size and self.bundle["kind"] == "complete":
                self.broken(where, "the entry that says that entry %d was erased is not here" % n)
        self.erased = len(gone)
        said = member(where, v, "not_included", dict, {})
        if self.bundle["kind"] != "complete" or len(self.kinds) != self.checkpoint.size:
            return
        for n, kind in enumerate(self.kinds):
            if n not in self.here and n not in gone:
                self.left_out[kind] = self.left_out.get(kind, 0) + 1
        if {k: n for k, n in said.items() if n != 0} != self.left_out:
            self.broken(where, "entries are missing, and it does not say so (missing: %s)" % (
                ", ".join("%d of kind %s" % (n, k) for k, n in sorted(self.left_out.items())) or "none"))

    def erases(self, by, n):
        kind, values, _ = self.items[by]
        try:
            return kind == "erased" and n in json.loads(values.get("entries", "[]"))
        except (ValueError, TypeError, RecursionError):
            return False

    def check_stamps(self):
        openssl, where = Openssl(), "data/bundle.json"
        for e in self.bundle["earlier"]:
            if self.earlier.get(e.get("size")):
                name = self.earlier[e["size"]][0]
                for t in member(where, e, "time_stamps", list):
                    self.guard(name, self.check_stamp, openssl, name, name[:-len("checkpoint")], t)
        for t in self.bundle["time_stamps"]:
            self.guard("data/log/checkpoint", self.check_stamp, openssl, "data/log/checkpoint", "data/log/", t)

    def check_stamp(self, openssl, over, prefix, said):
        newest = over == "data/log/checkpoint"
        if type(said) is not dict or member("data/bundle.json", said, "state", str) != "stamped":
            self.pending += newest
            self.stamps.append({"authority": member("data/bundle.json", said, "authority", str), "state": "pending", "over": over})
            return
        token, chain = member("data/bundle.json", said, "token", str), member("data/bundle.json", said, "chain", str)
        if not re.match(re.escape(prefix) + r"[a-z0-9-]+\.tsr\Z", token) or chain != token[:-3] + "pem":
            raise Bad("data/bundle.json", "a time stamp has no fitting files")
        self.kept[token] = self.kept[chain] = True
        signed = self.files.read(over, 1 << 16)
        data, pem = self.files.read(token, 1 << 20), self.files.read(chain, 1 << 20)
        says = token_says(data)
        fits = says and says[0] == sha256(signed) and openssl.run(signed, data, says[1], [], pem, True)
        if not says or says[0] != sha256(signed) or fits is False:
            raise Bad(token, "it is not a time stamp over this checkpoint, or its signature does not fit")
        at = says[1]
        when = at.strftime("%Y-%m-%dT%H:%M:%S")
        if not re.match(re.escape(when) + r"(\.[0-9]+)?Z\Z", member("data/bundle.json", said, "at", str)):
            raise Bad(token, "its time is not the one in bundle.json")
        root = root_fingerprint(pem)
        trusted = openssl.run(signed, data, at, self.roots, pem, False) if self.roots else False
        state = "trusted" if trusted else "not trusted" if fits is not None or trusted is False else "not checked"
        self.stamps.append({"authority": member("data/bundle.json", said, "authority", str), "state": state, "over": over,
                            "at": when + "Z", "root": root})
        if trusted and newest:
            self.speaks.append("a time stamp of %sZ under a root that you trust: it was there by then, whoever made it" % when)

    # What the readable table says of the shown items
    def check_timeline(self):
        where = "data/timeline.json"
        told = set()
        for m in read_json(self.files, where, list):
            exhibit, entries, covered = member(where, m, "exhibit", int), member(where, m, "entries", list), member(where, m, "covered", dict, {})
            if exhibit not in entries or any(type(n) is not int or n not in self.here for n in entries):
                raise Bad(where, "exhibit %d is not an entry of the bundle" % exhibit)
            told.update(entries)
            if any(n not in self.items for n in entries):
                continue  # an entry that is broken: said above
            for name in ("key", "kind", "direction", "sender", "text"):
                field, value = re.compile(r"m[0-9]+\.%s\Z" % name), m.get(name, "")
                if name in covered:
                    fits = any(field.match(f) for n in entries for f in self.items[n][2])
                else:
                    fits = value == "" or any(v == value and field.match(f) for n in entries for f, v in self.items[n][1].items())
                if not fits:
                    self.broken(where, "exhibit %d: the %s is not the one in its entries" % (exhibit, name))
        for n, (kind, values, withheld) in self.items.items():
            if kind == "item" and n not in told and any(re.match(r"m[0-9]+\.key\Z", f) for f in list(values) + list(withheld)):
                self.broken(where, "entry %d shows a message, and it is not there" % n)

    def check_keys(self):
        key_spoken_for = False
        for key in self.keys:
            if key == self.key.fingerprint():
                key_spoken_for = True
                self.speaks.append("the fingerprint of the key that you gave")
            else:
                self.broken("key", "the fingerprint that you gave is not that of the key that signed")
        for a in self.anchors:
            where, root = "anchor: " + a["where"], self.roots_at.get(a["size"])
            report = {"where": a["where"], "size": a["size"], "root" if "origin" in a else "prefix": a["root"], "matches": False}
            self.anchor_report.append(report)
            if a.get("origin", self.checkpoint.origin) != self.checkpoint.origin:
                self.broken(where, "it is of another log than this bundle")
            elif root is not None and not root.hex().startswith(a["root"]):
                self.broken(where, "root differs: the first %d entries are not those that it covers" % a["size"])
            elif "signed" in a and not self.signed_by_same(a):
                self.broken(where, "it is not signed with the key of this bundle")
            elif root is None:
                self.remarks.append("the anchor over %d entries (%s) could not be compared: %s" % (
                    a["size"], a["where"], "the bundle covers %d" % self.checkpoint.size if a["size"] > self.checkpoint.size
                    else "a selection does not have all leaves"))
                if "signed" in a:
                    key_spoken_for = True
                    self.speaks.append("the key that signed it has also signed the checkpoint that you hold")
            else:
                report["matches"] = True
                key_spoken_for = key_spoken_for or "signed" in a
                if a["size"] == self.checkpoint.size or max(self.items, default=0) < a["size"] or "signed" in a:
                    self.speaks.append("an anchor over %d entries that you gave (%s)" % (a["size"], a["where"]))
                else:
                    self.remarks.append("the first %d entries are those of the anchor (%s); later ones are newer than it" % (a["size"], a["where"]))
        if self.speaks and not key_spoken_for:
            self.remarks.append("nothing that you gave speaks for the key: with one of their own, somebody could put other reports, "
                                "tables and drafts beside the same entries; --key settles it")

    def signed_by_same(self, anchor):
        try:
            return bool(Checkpoint("anchor", anchor["signed"], self.key))
        except Bad:
            return False

    def answer(self):
        return "broken" if self.problems else "ok" if self.speaks else "cannot be checked"

    def report(self):
        c = self.checkpoint
        return {
            "answer": self.answer(), "kind": self.bundle["kind"] if self.bundle else "", "origin": c.origin if c else "",
            "entries": c.size if c else 0, "covered": c.size if c else 0, "root": c.root.hex() if c else "",
            "fingerprint": self.key.fingerprint() if self.key else "", "items": len(self.items), "shown": self.shown,
            "withheld": self.withheld, "media_gone": self.media_gone, "files": self.added, "files_left_out": self.left, "erased": self.erased, "left_out": self.left_out, "pending_time_stamps": self.pending,
            "time_stamps": self.stamps, "anchors": self.anchor_report, "speaks": self.speaks, "remarks": self.remarks,
            "problems": [{"where": a, "what": b} for a, b in self.problems],
            "file_sha256": self.digest,
        }

    def print(self):
        r = self.report()
        print("verify: %s" % r["answer"])
        if r["entries"]:
            print("  a %s of the log %s" % ("complete bundle" if r["kind"] == "complete" else "selection", r["origin"]))
            print("  checkpoint over %d entries, root %s" % (r["entries"], r["root"]))
            print("  signed with the key that has the fingerprint %s" % r["fingerprint"])
            print("  %d entries are here, with %d fields that are shown and %d that are withheld" % (r["items"], r["shown"], r["withheld"]))
            if r["files"]:
                print("  files in it as they were added: %d" % r["files"])
            if r["files_left_out"]:
                print("  pieces of added files that are not in it, only what was read from them: %d" % r["files_left_out"])
            if r["kind"] == "complete":
                rest = "".join(", %d of kind %s" % (n, k) for k, n in sorted(r["left_out"].items()))
                print("  not here: %d erased on somebody's word%s" % (r["erased"], rest))
        for t in r["time_stamps"]:
            more = ", %s, root %s" % (t["at"], t["root"]) if "at" in t else ""
            print("  time stamp of %s over %s: %s%s" % (ascii(t["authority"])[1:-1], t["over"], t["state"], more))
        if not r["time_stamps"]:
            print("  no time stamps")
        for line in r["remarks"]:
            print("  " + line)
        if r["file_sha256"]:
            print("  SHA-256 of this file: %s" % r["file_sha256"])
        for line in r["speaks"]:
            print("  speaks for it: " + line)
        for p in r["problems"]:
            print("  %s: %s" % (p["where"], p["what"]))
        if r["answer"] == "ok":
            print("What this shows: the system held these bytes when the checkpoint was made, in this order, and they were not altered since.")
            print("It does not show that a platform or a sender told the truth, who the human was, or that nothing was left out before.")
            print("The same key signed the list of all files: the report and the tables are as whoever has that key made them from these entries.")
        if r["answer"] == "cannot be checked":
            print("All of it fits together, but whoever makes a bundle with a key of their own can bring that about. What would settle it:")
            print("  --key FINGERPRINT   the fingerprint of the key, from the organisation that keeps the log, by another way than this file")
            print("  --anchor FILE       a checkpoint that was held elsewhere since, or SIZE:ROOT from a mail or a printed report")
            print("  --roots FILE        root certificates of the time-stamp authority that you trust, from its own site")
            if any(t["state"] == "not checked" for t in r["time_stamps"]):
                print("openssl is not here, or too old. Where it is: openssl ts -verify -data data/log/checkpoint -in data/log/NAME.tsr")
                print("  -untrusted data/log/NAME.pem -CAfile ROOTS.pem")


def read_anchor(s):
    m = re.match(r"([0-9]{1,18})[ :]([0-9A-Fa-f ]+)( daybook/\S+)?\Z", s.strip())
    root = m and m.group(2).replace(" ", "").lower()
    if m and 16 <= len(root) <= 64:
        return {"where": "given by hand", "size": int(m.group(1)), "root": root}
    try:
        with open(s, "rb") as f:
            signed = f.read(1 << 16)
        c = Checkpoint("anchor", signed)
    except OSError as e:
        raise argparse.ArgumentTypeError("%s: it is neither a file that can be read nor SIZE:ROOT with at least 16 digits" % e.strerror)
    except Bad as e:
        raise argparse.ArgumentTypeError(e.what)
    return {"where": "checkpoint file", "size": c.size, "root": c.root.hex(), "origin": c.origin, "signed": signed}


def read_fingerprint(s):
    s = re.sub(r"^sha256:|[:\s]", "", s.lower())
    if not HEX64.match(s):
        raise argparse.ArgumentTypeError("a fingerprint has 64 hexadecimal digits")
    return s


def main(argv=None):
    parser = argparse.ArgumentParser(description="Checks a bundle of daybook. Exit status: 0 ok, 3 cannot be checked, 4 broken, 2 wrong use.")
    parser.add_argument("bundle", help="the ZIP file, or the folder that it was unpacked to")
    parser.add_argument("--anchor", action="append", default=[], type=read_anchor, help="a checkpoint file that was held elsewhere, or SIZE:ROOT")
    parser.add_argument("--key", action="append", default=[], type=read_fingerprint, help="the fingerprint of the key, from elsewhere")
    parser.add_argument("--roots", help="a PEM file with the roots of time-stamp authorities that you trust; system: those of this machine")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    args = parser.parse_args(argv)
    try:
        if args.roots and args.roots != "system":
            with open(args.roots, "rb"):
                pass
        if os.path.isfile(args.bundle):
            with open(args.bundle, "rb") as f:
                if f.read(21) == b"age-encryption.org/v1":
                    parser.error("the file is sealed for a receiver: open it with age first (age --decrypt -i KEY)")
        check = Check(args.bundle, args.anchor, args.key, args.roots)
        check.run()
    except OSError as e:
        print("error: %s: %s" % (e.filename or args.bundle, e.strerror or e), file=sys.stderr)
        return 1
    try:
        if args.json:
            print(json.dumps(check.report(), sort_keys=True))
        else:
            check.print()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return {"ok": 0, "cannot be checked": 3, "broken": 4}[check.answer()]


if __name__ == "__main__":
    sys.exit(main())
