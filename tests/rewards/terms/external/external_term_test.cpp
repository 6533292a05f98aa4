#include "rewards/terms/external/external_term.hpp"

#include <csignal>

#include "core/base/file.hpp"
#include "tests/rewards/terms/external/external_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

using external_test::ExternalScene;
const std::vector<float> kAllFallback(ExternalScene::kPages, -3.0F);

TEST_CASE("a program scores each page once, whatever the size of a batch") {
  ExternalScene scene;
  scene.python("for line in sys.stdin: say(answer(line))");
  for (const int batch : {1, 2, 64}) {
    scene.config.batch = batch;
    const auto term = scene.term();
    CHECK(scene.pages(*term) == ExternalScene::expected());
    CHECK(scene.pages(*term) == ExternalScene::expected());
    CHECK(term->counts().answered == 10);
    CHECK(term->counts().failed_attempts == 0);
  }
}

TEST_CASE("answers for slots are item-grained, and large numbers are cut") {
  ExternalScene scene;
  scene.config.clip = 2;
  scene.python(R"(
for line in sys.stdin:
    ask = json.loads(line)
    slots = sum(len(s["items"]) for s in ask["page"]["sections"].values())
    say({"id": ask["id"], "slots": [k - 0.5 for k in range(slots)] if slots < 3 else [-7, 0, 9]})
)");
  const auto scores = scene.term("by_slot")->score(scene.groups);
  CHECK(scores[1].name == "by_slot");
  CHECK(scores[1].slots == std::vector<float>{-0.5F, 0.5F});
  CHECK(scores[1].slots_raw == scores[1].slots);
  CHECK(scores[1].page == 0);
  CHECK(scores[1].figures.at("clipped") == 0);
  CHECK(scores[2].slots == std::vector<float>{-2, 0, 2});
  CHECK(scores[2].figures.at("clipped") == 1);
  CHECK(scores[2].figures.at("fallback") == 0);
}

TEST_CASE("answers may come in any order and after all lines were read") {
  ExternalScene scene;
  scene.python(R"(
lines = [sys.stdin.readline() for _ in range(5)]
for line in reversed(lines): say(answer(line))
sys.stdin.read()
)");
  CHECK(scene.pages(*scene.term()) == ExternalScene::expected());
}

TEST_CASE("of two answers for a page the first counts, also when the second comes with a later batch") {
  ExternalScene scene;
  scene.config.batch = 2;
  scene.python(R"(
for line in sys.stdin:
    a = answer(line)
    say(json.dumps(a) + "\n" + json.dumps({"id": a["id"], "page": 999}))
)");
  const auto term = scene.term();
  CHECK(scene.pages(*term) == ExternalScene::expected());
  CHECK(term->counts().ignored >= 3);
  CHECK(term->counts().failed_attempts == 0);
}

TEST_CASE("a program that hangs costs the deadline of each attempt and is killed") {
  ExternalScene scene;
  scene.config.deadline = 0.2;
  scene.config.startup = 0;
  scene.config.retries = 1;
  scene.shell("trap '' TERM; echo $$ > " + (scene.folder / "pid").string() + "; while :; do sleep 100; done");
  const auto begin = std::chrono::steady_clock::now();
  int pid = 0;
  {
    const auto term = scene.term();
    const auto scores = term->score(scene.groups);
    for (const TermScore& score : scores) {
      CHECK(score.page == -3);
      CHECK(score.figures.at("fallback") == 1);
    }
    CHECK(term->counts().failed_attempts == 2);
    CHECK(term->counts().unanswered == 5);
    pid = std::stoi(read_file(scene.folder / "pid"));
  }
  CHECK(external_test::ends_within(pid, 5));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE("the error of a program that dies names the term, the exit code and its last words") {
  ExternalScene scene;
  scene.config.fallback.reset();
  scene.config.retries = 1;
  scene.shell("read line; echo first >&2; echo 'no model at /nowhere' >&2; exit 3");
  const std::string text = test::error_text([&] { scene.pages(*scene.term("dying")); });
  INFO(text);
  CHECK(test::contains(text, "reward term 'dying'"));
  CHECK(test::contains(text, "exit code 3"));
  CHECK(test::contains(text, "first | no model at /nowhere"));
  CHECK(test::contains(text, "fallback"));
}

TEST_CASE("a program that dies after each two answers is started again and only asked for what is left") {
  ExternalScene scene;
  const std::string seen = (scene.folder / "seen").string();
  scene.python("seen = open('" + seen + R"(', "a")
for i, line in enumerate(sys.stdin):
    if i == 2: os._exit(1) if (os := __import__("os")) else None
    seen.write(line); seen.flush()
    say(answer(line))
)");
  const auto term = scene.term();
  CHECK(scene.pages(*term) == ExternalScene::expected());
  CHECK(term->counts().failed_attempts == 2);
  const std::string lines = read_file(seen);
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 5);
}

TEST_CASE("a flood on standard error does not keep answers from coming") {
  ExternalScene scene;
  scene.python(R"(
import threading
def flood():
    while True: sys.stderr.write("x" * 1000 + "\n")
threading.Thread(target=flood, daemon=True).start()
for line in sys.stdin: say(answer(line))
)");
  CHECK(scene.pages(*scene.term()) == ExternalScene::expected());
}

TEST_CASE("an answer after the deadline never counts for another page") {
  ExternalScene scene;
  scene.config.deadline = 0.5;
  scene.config.startup = 0;
  scene.config.retries = 0;
  scene.config.breaker = 100;
  // The first process is late, the next one is quick.
  scene.python("import os\nmark = '" + (scene.folder / "mark").string() + R"('
late = not os.path.exists(mark)
open(mark, "w").close()
for line in sys.stdin:
    if late: time.sleep(2)
    say(answer(line) if not late else {"id": json.loads(line)["id"], "page": 77})
)");
  const auto term = scene.term();
  CHECK(scene.pages(*term) == kAllFallback);
  // The second process needs its time to start, so that its first batches may be late as well.
  std::vector<float> last;
  for (int tries = 0; tries < 20 && last != ExternalScene::expected(); ++tries) {
    last = scene.pages(*term);
    for (std::size_t p = 0; p < last.size(); ++p)
      CHECK((last[p] == -3.0F || last[p] == ExternalScene::expected()[p]));
  }
  CHECK(last == ExternalScene::expected());
}

TEST_CASE("a page with an answer of no use gets the fallback, and the pages beside it their own answers") {
  const std::string answers[] = {R"({"id": %d, "page": NaN})",    R"({"page": -Infinity, "id": %d})",
                                 R"({"id": %d, "page": "much"})", R"({"id": %d, "page": null})",
                                 R"({"id": %d, "page": 1e300})",  R"({"id": %d})",
                                 R"({"id": %d, "slots": [1]})",   R"({"id": %d, "slots": [1, NaN, 2]})"};
  for (const std::string& answer : answers) {
    ExternalScene scene;
    scene.config.batch = 2;
    scene.python("for line in sys.stdin:\n    a = answer(line)\n    say(a if a['page'] != 307 else '" +
                 answer + "' % a['id'])\n");
    const auto term = scene.term();
    std::vector<float> expected = ExternalScene::expected();
    expected[2] = -3;
    INFO(answer);
    CHECK(scene.pages(*term) == expected);
    CHECK(term->counts().unusable == 1);
    CHECK(term->counts().failed_attempts == 0);
  }
}

TEST_CASE("lines that are no answers end the attempt and are quoted") {
  const std::string lines[] = {
      "loading the model ...",     "[1, 2]",         "{\"page\": 1}", "{\"id\": 12345, \"page\": 1}",
      "{\"id\": -1, \"page\": 1}", "\\377\\000\\001"};
  for (const std::string& line : lines) {
    ExternalScene scene;
    scene.config.fallback.reset();
    scene.config.retries = 0;
    scene.shell("printf '" + line + "\\n'; cat > /dev/null");
    const std::string text = test::error_text([&] { scene.pages(*scene.term()); });
    INFO(text);
    CHECK((test::contains(text, "no answer:") || test::contains(text, "without the id") ||
           test::contains(text, "no page has")));
    CHECK(test::contains(text, "'"));
  }
}

TEST_CASE("an endless line, and endless lines, end with the attempt") {
  for (const char* const program : {"yes x | tr -d '\\n'", "yes '{\"id\":0,\"page\":1}'", "yes"}) {
    ExternalScene scene;
    scene.config.deadline = 1;
    scene.config.startup = 0;
    scene.config.retries = 0;
    scene.shell(program);
    const auto term = scene.term();
    const auto pages = scene.pages(*term);
    CHECK(pages.back() == -3);
    CHECK(term->counts().failed_attempts == 1);
  }
}

TEST_CASE("a program that closes its input fails the batch, and SIGPIPE does not end this process") {
  ExternalScene scene;
  scene.config.retries = 1;
  scene.config.deadline = 1;
  scene.config.startup = 0;
  // More than a pipe holds.
  scene.requests[0].query = std::string(200'000, 'q');
  scene.shell("exec 0<&-; sleep 100");
  const auto handler = std::signal(SIGPIPE, SIG_DFL);
  const auto term = scene.term();
  CHECK(scene.pages(*term) == kAllFallback);
  CHECK(term->counts().failed_attempts == 2);
  std::signal(SIGPIPE, handler);
}

TEST_CASE("requests larger than a pipe reach a program that answers only at the end") {
  ExternalScene scene;
  scene.requests[0].query = std::string(300'000, 'q');
  scene.python(R"(
lines = [sys.stdin.readline() for _ in range(5)]
print(json.dumps({"id": -5}) * 0 + "\n".join(json.dumps(answer(l)) for l in lines), flush=True)
sys.stdin.read()
)");
  CHECK(scene.pages(*scene.term()) == ExternalScene::expected());
}

TEST_CASE("after failures in a row a program is left alone for a while, then tried once") {
  ExternalScene scene;
  const std::string starts = (scene.folder / "starts").string();
  scene.config.batch = 1;
  scene.config.retries = 1;
  scene.config.breaker = 2;
  scene.config.pause = 4;
  scene.shell("echo x >> " + starts + "; read line; exit 1");
  const auto term = scene.term();
  // Five batches: two fail with two attempts each, three are skipped.
  CHECK(scene.pages(*term) == kAllFallback);
  CHECK(term->counts().failed_attempts == 4);
  CHECK(term->counts().skipped == 3);
  // The fourth is skipped; the next is the trial, of one attempt; three more are skipped.
  CHECK(scene.pages(*term) == kAllFallback);
  CHECK(term->counts().failed_attempts == 5);
  CHECK(term->counts().skipped == 7);
  CHECK(read_file(starts).size() == 10);
}

TEST_CASE("a program that cannot be started is an error at once, even with a fallback") {
  ExternalScene scene;
  scene.config.program = {"no-such-program-here"};
  const std::string text = test::error_text([&] { scene.term("absent"); });
  CHECK(test::contains(text, "reward term 'absent'"));
  CHECK(test::contains(text, "no-such-program-here: No such file"));
}

TEST_CASE("the example of the documentation is a reward") {
  ExternalScene scene;
  scene.config.program = {"python3", std::string(PAGEWRIGHT_SOURCE_DIR) + "/docs/external_reward.py"};
  for (std::size_t i = 0; i < 4; ++i) scene.requests[0].candidates[i].brand = i < 2 ? "a" : "b";
  const auto term = scene.term();
  const auto pages = scene.pages(*term);
  // Distinct brands over slots; no brand is one brand.
  CHECK(pages[1] == Approx(1.0));
  CHECK(pages[2] == Approx(2.0 / 3));
  CHECK(pages[3] == Approx(0.5));
}

}  // namespace
}  // namespace pagewright
