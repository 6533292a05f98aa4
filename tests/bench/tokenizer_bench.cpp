// tokenizer_bench TOKENIZER TEXT [SECONDS]: how fast a text file is encoded on one thread, as a whole and
// line by line, and its ids decoded; the best of five rounds of processor time, in a table and JSON.
// tokenizer_bench.py runs it beside Python's `tokenizers`.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>

#include "core/base/file.hpp"
#include "core/text/tokenizer.hpp"

namespace pagewright {
namespace {

/// Processor time, so that what else runs on the machine matters little.
double seconds_since(std::clock_t begin) {
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

/// Seconds a call takes: the best of five rounds.
double best_seconds(double seconds, const std::function<void()>& work) {
  work();
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    const std::clock_t begin = std::clock();
    int calls = 0;
    do {
      work();
      ++calls;
    } while (seconds_since(begin) < seconds / 5);
    best = std::min(best, seconds_since(begin) / calls);
  }
  return best;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

void report(const char* what, double seconds, std::size_t bytes, std::size_t ids) {
  std::printf("  %-8s %8.2f MB/s  %8.2f million ids/s\n", what, static_cast<double>(bytes) / seconds / 1e6,
              static_cast<double>(ids) / seconds / 1e6);
  std::printf("{\"what\": \"%s\", \"mb_per_s\": %.3f, \"ids_per_s\": %.0f}\n", what,
              static_cast<double>(bytes) / seconds / 1e6, static_cast<double>(ids) / seconds);
}

void bench_tokenizer(const char* path, const char* file, double seconds) {
  const std::clock_t begin = std::clock();
  const Tokenizer tokenizer = Tokenizer::read(path);
  const double load = seconds_since(begin);
  std::printf("  %-8s %8.3f s\n{\"what\": \"load\", \"seconds\": %.4f}\n", "load", load, load);
  const std::string text = read_file(file);
  const std::vector<std::string> lines = lines_of(text);
  std::vector<std::int32_t> ids;
  report("whole", best_seconds(seconds, [&] { ids = tokenizer.encode(text); }), text.size(), ids.size());
  std::size_t count = 0;
  const double line_seconds = best_seconds(seconds, [&] {
    count = 0;
    for (const std::string& line : lines) count += tokenizer.encode(line).size();
  });
  report("lines", line_seconds, text.size(), count);
  std::string decoded;
  report("decode", best_seconds(seconds, [&] { decoded = tokenizer.decode(ids); }), text.size(), ids.size());
}

}  // namespace
}  // namespace pagewright

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: tokenizer_bench TOKENIZER TEXT [SECONDS]\n", stderr);
    return 2;
  }
  pagewright::bench_tokenizer(argv[1], argv[2], argc > 3 ? std::atof(argv[3]) : 2);
}
