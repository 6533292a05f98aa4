#include "rewards/terms/external/http_exchange.hpp"

#include <fstream>

#include <poll.h>
#include <unistd.h>

#include "rewards/terms/external/child_process.hpp"
#include "tests/rewards/terms/external/external_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

using external_test::ExternalScene;

/// A real HTTP server whose do_POST has this body; `self.count` counts requests from 1.
class PythonServer {
 public:
  explicit PythonServer(const std::string& body) {
    std::ofstream(folder_ / "server.py") << external_test::kHonest << R"(
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    number = 0
    def reply(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
    def do_POST(self):
        Handler.number += 1
        lines = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
)" << body << R"(
server = HTTPServer(("127.0.0.1", 0), Handler)
say(str(server.server_port))
server.serve_forever()
)";
    process_ =
        std::make_unique<ChildProcess>(std::vector<std::string>{"python3", (folder_ / "server.py").string()});
    std::string port;
    for (pollfd out{process_->output().get(), POLLIN, 0};
         !port.ends_with('\n') && ::poll(&out, 1, 20000) > 0;) {
      char byte = 0;
      if (::read(out.fd, &byte, 1) != 1) break;
      port += byte;
    }
    address_ = "http://127.0.0.1:" + port.substr(0, port.size() - 1) + "/reward";
  }
  ~PythonServer() { process_->end(0); }
  const std::string& address() const { return address_; }

 private:
  test::TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> process_;
  std::string address_;
};

constexpr const char* kReplyAll =
    "        self.reply(200, '\\n'.join(json.dumps(answer(l)) for l in lines))\n";

TEST_CASE("a server scores pages by POST") {
  const PythonServer server(kReplyAll);
  ExternalScene scene;
  scene.config.address = server.address();
  scene.config.batch = 2;
  const auto term = scene.term();
  CHECK(scene.pages(*term) == ExternalScene::expected());
  CHECK(scene.pages(*term) == ExternalScene::expected());
  CHECK(term->counts().failed_attempts == 0);
}

TEST_CASE("a server that is busy twice is asked again") {
  const PythonServer server(std::string("        if Handler.number <= 2: return self.reply(503, 'busy')\n") +
                            kReplyAll);
  ExternalScene scene;
  scene.config.address = server.address();
  const auto term = scene.term();
  CHECK(scene.pages(*term) == ExternalScene::expected());
  CHECK(term->counts().failed_attempts == 2);
}

TEST_CASE("a server that hangs, answers half, nonsense, or is not there gives an error in time") {
  const struct {
    const char *body, *text;
  } cases[] = {{"        time.sleep(30)\n", "Timeout"},
               {"        self.reply(200, json.dumps(answer(lines[0])))\n", "no answer for 4 pages"},
               {"        self.reply(200, '<html>hello</html>')\n", "no answer: '<html>hello</html>'"},
               {"        self.reply(404, 'nothing here')\n", "status 404: 'nothing here'"}};
  for (const auto& [body, expected] : cases) {
    const PythonServer server(body);
    ExternalScene scene;
    scene.config.address = server.address();
    scene.config.deadline = 0.5;
    scene.config.retries = 0;
    scene.config.fallback.reset();
    const std::string text = test::error_text([&] { scene.pages(*scene.term()); });
    INFO(text);
    CHECK(test::contains(text, expected));
  }
  ExternalScene scene;
  scene.config.address = "http://127.0.0.1:9/";
  scene.config.retries = 1;
  CHECK(scene.pages(*scene.term()) == std::vector<float>(5, -3.0F));
}

}  // namespace
}  // namespace pagewright
