"""Alters an unpacked bundle as somebody would who wants it to say something else.

python3 attack.py FOLDER ATTACK [--new-manifests]
"""
import glob
import hashlib
import json
import os
import sys

top, attack = sys.argv[1], sys.argv[2]
path = lambda name: os.path.join(top, *name.split("/"))


def read(name):
    with open(path(name), "rb") as f:
        return f.read()


def write(name, data):
    with open(path(name), "wb") as f:
        f.write(data)


def flip(name):
    data = bytearray(read(name))
    data[len(data) // 2] ^= 1
    write(name, bytes(data))


def edit(name, change):
    v = json.loads(read(name).decode())
    change(v)
    write(name, json.dumps(v, ensure_ascii=False).encode())


def first(pattern):
    found = sorted(glob.glob(os.path.join(top, pattern)))
    if not found:
        sys.exit("error: no file is like %s" % pattern)
    return os.path.relpath(found[0], top).replace(os.sep, "/")


def swap(name, i, j):
    lines = read(name).split(b"\n")
    lines[i], lines[j] = lines[j], lines[i]
    write(name, b"\n".join(lines))


def remove():
    raw = first("data/items/*/raw.bin")
    folder = os.path.dirname(raw)
    for name in os.listdir(path(folder)):
        os.remove(path(folder + "/" + name))
    os.rmdir(path(folder))
    n = int(os.path.basename(folder))
    edit("data/bundle.json", lambda v: v["items"].remove(n))


NOTE = "manifest-sha256.note"
item = os.path.dirname(first("data/items/*/raw.bin"))
ATTACKS = {
    "raw": lambda: flip(item + "/raw.bin"),
    "record": lambda: edit(item + "/record.json", lambda v: v["values"].update(platform="elsewhere")),
    "salt": lambda: edit(item + "/salts.json", lambda v: v["fields"].update(platform="0" * 64)),
    "media": lambda: flip(first("data/items/*/media/*")),
    "proof": lambda: swap(item + "/item.tlog-proof", 3, 4),
    "checkpoint": lambda: write("data/log/checkpoint", read("data/log/checkpoint").replace(b"\n2", b"\n3", 1)),
    "token": lambda: flip("data/log/example-tsa.tsr"),
    "leaf order": lambda: swap("data/log/leaves.txt", 1, 2),
    "removed item": remove,
    "report": lambda: write("data/report.pdf", read("data/first-report.pdf")),
    "first report": lambda: flip("data/first-report.pdf"),
    "timeline.csv": lambda: write("data/timeline.csv", read("data/timeline.csv").replace(b",in,", b",out,", 1)),
    "custody.csv": lambda: write("data/custody.csv", b"\n".join(read("data/custody.csv").split(b"\n")[:-2]) + b"\n"),
    "statement": lambda: write("data/production-statement.txt", read("data/production-statement.txt") + b"Nothing was left out.\n"),
    "statement gone": lambda: os.remove(path("data/production-statement.txt")),
    "program": lambda: write("data/verify.py", b"print('verify: ok')\n"),
    "file at the top": lambda: write("README.txt", b"look here"),
    "note gone": lambda: os.remove(path(NOTE)),
    "note of another": lambda: write(NOTE, read("../other/" + NOTE)),
    "checkpoint as note": lambda: write(NOTE, read("data/log/checkpoint")),
    "note as checkpoint": lambda: write("data/log/checkpoint", read(NOTE)),
    "added file": lambda: write(item + "/note.txt", b"look here"),
    "timeline": lambda: write("data/timeline.json", read("data/timeline.json").replace(b'"direction":"in"', b'"direction":"out"', 1)),
    "neighbour": lambda: edit("data/items/000020/record.json", lambda v: v["values"].update({"m0.sender": "https://elsewhere.example/users/nobody"})),
    "nothing": lambda: None,
}
ATTACKS[attack]()

if "--new-manifests" in sys.argv:
    lines, count, size = [], 0, 0
    for folder, _, names in os.walk(path("data")):
        for name in names:
            full = os.path.join(folder, name)
            relative = os.path.relpath(full, top).replace(os.sep, "/")
            data = read(relative)
            lines.append("%s  %s\n" % (hashlib.sha256(data).hexdigest(), relative))
            count, size = count + 1, size + len(data)
    write("manifest-sha256.txt", "".join(sorted(lines, key=lambda line: line[66:])).encode())
    info = [line for line in read("bag-info.txt").decode().splitlines() if not line.startswith("Payload-Oxum")]
    write("bag-info.txt", "\n".join(info + ["Payload-Oxum: %d.%d\n" % (size, count)]).encode())
    tags = sorted(name for name in os.listdir(top) if name not in ("data", "tagmanifest-sha256.txt"))
    write("tagmanifest-sha256.txt", "".join("%s  %s\n" % (hashlib.sha256(read(t)).hexdigest(), t) for t in tags).encode())
