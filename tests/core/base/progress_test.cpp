#include "core/base/progress.hpp"

#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/base/unicode_width.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// A display that writes down what it is told, with a clock of its own.
struct WrittenDisplay {
  double now = 100;
  std::vector<std::string> bars, lines;
  int finished = 0;

  Progress::Display display(bool terminal) {
    Progress::Display display;
    display.terminal = terminal;
    display.columns = 80;
    display.seconds = [this] { return now; };
    display.redraw = [this](std::string_view text) { bars.emplace_back(text); };
    display.finish = [this] { ++finished; };
    display.print_line = [this](std::string_view text) { lines.emplace_back(text); };
    return display;
  }
};

using ProgressLines = std::vector<std::string>;

}  // namespace

TEST_CASE("a batch log gets a line at every tenth of the way") {
  WrittenDisplay written;
  {
    Progress progress("training", 40, written.display(false));
    for (int i = 0; i < 40; ++i) {
      written.now += 0.5;
      progress.advance(1, i == 39 ? "loss 0.1" : "loss 0.5");
    }
  }
  REQUIRE(written.lines.size() == 10);
  CHECK(written.lines[0] == "training:  10 % 4/40, 2.0/s, 2 s, 18 s left, loss 0.5");
  CHECK(written.lines[4] == "training:  50 % 20/40, 2.0/s, 10 s, 10 s left, loss 0.5");
  CHECK(written.lines[9] == "training: 100 % 40/40, 2.0/s, 20 s, loss 0.1");
  CHECK(written.bars.empty());
  CHECK(written.finished == 0);
}

TEST_CASE("a batch log gets a line every 30 seconds") {
  WrittenDisplay written;
  Progress progress("reading", 1'000'000, written.display(false));
  for (int i = 0; i < 65; ++i) {
    written.now += 1;
    progress.advance(100);
  }
  CHECK(written.lines == ProgressLines{"reading:   0 % 3000/1000000, 100/s, 30 s, 2 h 46 min left",
                                       "reading:   0 % 6000/1000000, 100/s, 1 min 00 s, 2 h 45 min left"});
}

TEST_CASE("work that ends early says how far it came") {
  WrittenDisplay written;
  {
    Progress progress("reading", 10, written.display(false));
    written.now += 4;
    progress.advance(1);
    written.now += 4;
    progress.advance(0);
  }
  CHECK(written.lines == ProgressLines{"reading:  10 % 1/10, 4.0 s each, 4 s, 36 s left"});
  {
    Progress progress("writing", 100, written.display(false));
    written.now += 2;
    progress.advance(5);
  }
  CHECK(written.lines.back() == "writing:   5 % 5/100, 2.5/s, 2 s, 38 s left");
}

TEST_CASE("work of unknown length shows count and rate") {
  WrittenDisplay written;
  {
    Progress progress("lines", 0, written.display(false));
    written.now += 2;
    progress.advance(500);
  }
  CHECK(written.lines == ProgressLines{"lines: 500, 250/s, 2 s"});
}

TEST_CASE("a terminal gets a bar that fits its width and is drawn at most ten times a second") {
  WrittenDisplay written;
  {
    Progress progress("training", 1000, written.display(true));
    for (int i = 0; i < 1000; ++i) {
      written.now += 1.0 / 64;
      progress.advance(
          1, i < 500 ? "" : "a note that is so long that there is no room for the bar on this terminal");
    }
  }
  CHECK(written.bars.size() > 50);
  CHECK(written.bars.size() <= 157);
  CHECK(written.finished == 1);
  CHECK(written.lines.empty());
  for (const auto& bar : written.bars) CHECK(display_width(bar) < 80);
  const std::string early = written.bars[written.bars.size() / 4];
  CHECK(early.starts_with("training [#"));
  CHECK(early.find(" s left") != std::string::npos);
  CHECK(written.bars.back().starts_with("training  100 % 1000/1000, 64.0/s, 16 s, a note"));
}

TEST_CASE("nothing is shown on ranks that stay silent") {
  WrittenDisplay written;
  Progress::set_shown(false);
  {
    Progress progress("training", 2, written.display(true));
    written.now += 1;
    progress.advance(2);
  }
  Progress::set_shown(true);
  CHECK(written.bars.empty());
  CHECK(written.finished == 0);
}

TEST_CASE("a display that fails does not stop the work") {
  WrittenDisplay written;
  auto display = written.display(false);
  display.print_line = [](std::string_view) { throw std::runtime_error("no terminal"); };
  Progress progress("training", 2, display);
  progress.advance(2);
  SUCCEED("nothing was thrown");
}

TEST_CASE("threads may advance together") {
  WrittenDisplay written;
  {
    Progress progress("training", 4000, written.display(false));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) progress.advance();
      });
    for (auto& thread : threads) thread.join();
  }
  CHECK(written.lines.size() == 10);
  CHECK(written.lines.back().starts_with("training: 100 % 4000/4000"));
}

TEST_CASE("durations are read at a glance") {
  CHECK(duration_text(0) == "0 ms");
  CHECK(duration_text(0.85) == "850 ms");
  CHECK(duration_text(0.9999) == "1 s");
  CHECK(duration_text(12.4) == "12 s");
  CHECK(duration_text(59.7) == "1 min 00 s");
  CHECK(duration_text(185) == "3 min 05 s");
  CHECK(duration_text(7810) == "2 h 10 min");
  CHECK(duration_text(-1) == "?");
}

}  // namespace pagewright
