#!/usr/bin/env python3
"""fetch_server.py DIR - the server of tests/faults/fetch.sh, on a free port of 127.0.0.1 that it
writes to DIR/port. It serves the wheels in DIR/files in the way that the file DIR/mode names, or only
the one that DIR/only names in that way and the others whole. It appends a line for each request of a
wheel to DIR/requests, its range or "all", and its name to DIR/names."""
import http.server, os, sys, threading, time

top = sys.argv[1]


def content(name):
    with open(os.path.join(top, name), "rb") as f:
        return f.read()


def log(name, line):
    with open(os.path.join(top, name), "a") as f:
        f.write(line + "\n")


def mode(name):
    only = os.path.join(top, "only")
    if os.path.exists(only) and content("only").decode().strip() != name:
        return "whole"
    return content("mode").decode().strip()


def wait_for_go():
    while not os.path.exists(os.path.join(top, "go")):
        time.sleep(0.02)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", length=True, **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        if length:
            self.send_header("Content-Length", str(len(body) if length is True else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def do_GET(self):
        name = os.path.basename(self.path)
        if not os.path.exists(os.path.join(top, "files", name)):
            return self.answer(404)
        how, data = mode(name), content("files/" + name)
        asked = self.headers.get("Range")
        log("names", name)
        log("requests", asked or "all")
        if how == "absent":
            return self.answer(404, b"no such file, in many words")
        if how == "loop":
            return self.answer(302, Location=self.path)
        if how == "other":  # of the same length
            data = bytes(len(data))
        if how == "endless":
            return self.answer(200, data + bytes(1000), length=False)
        if how == "cut":
            return self.answer(200, data[:len(data) // 2], length=len(data))
        if how == "short":
            return self.answer(200, data[:len(data) // 2], length=False)
        if how in ("half", "stall"):  # half now, the rest after DIR/go exists, or never
            self.answer(200, data[:len(data) // 2], length=len(data))
            if how == "stall":
                return threading.Event().wait()
            wait_for_go()
            self.wfile.write(data[len(data) // 2:])
            return
        if asked and how != "no ranges":
            start = int(asked[len("bytes="):-1])
            if start >= len(data):
                return self.answer(416, Content_Range="bytes */%d" % len(data))
            where = "bytes %d-%d/%d" % (start, len(data) - 1, len(data))
            return self.answer(206, data[start:], Content_Range=where)
        self.answer(200, data)


http.server.ThreadingHTTPServer.daemon_threads = True
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(top, "port.new"), "w") as f:
    f.write(str(server.server_port))
os.rename(os.path.join(top, "port.new"), os.path.join(top, "port"))
server.serve_forever()
