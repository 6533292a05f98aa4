"""An HTTP front for a page policy: python3 serve.py PORT LOG.jsonl pagewright generate CONFIG.yaml [OPTION]...

POST a request (docs/page-language.md) to any path; the answer is its page, which is also a line of LOG.jsonl."""
import http.server, json, queue, subprocess, sys, threading

log, lock, waiting = open(sys.argv[2], "a"), threading.Lock(), queue.Queue()
policy = subprocess.Popen(sys.argv[3:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

def hand_out():  # answers come in the order of the requests
    for line in policy.stdout:
        waiting.get().put(line)

class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body, mine = self.rfile.read(int(self.headers.get("Content-Length", 0))), queue.Queue()
        with lock:  # json.dumps(json.loads()) makes one line of what may be several
            try:
                policy.stdin.write(json.dumps(json.loads(body)) + "\n")
                policy.stdin.flush()
                waiting.put(mine)
            except ValueError as problem:
                mine.put(json.dumps({"error": f"not valid JSON: {problem}"}))
        answer = mine.get(timeout=60)
        good = not answer.startswith('{"error"')
        if good:
            print(answer, end="", file=log, flush=True)
        self.send_response(200 if good else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_): pass

threading.Thread(target=hand_out, daemon=True).start()
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Front)
threading.Thread(target=lambda: (policy.wait(), server.shutdown())).start()
print("serving on port", server.server_address[1], flush=True)
server.serve_forever()
sys.exit(f"the policy's process ended with {policy.returncode}")
