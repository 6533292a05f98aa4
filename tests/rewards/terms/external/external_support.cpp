#include "tests/rewards/terms/external/external_support.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

namespace pagewright::external_test {

const char* const kHonest = R"(
import json, sys, time
def answer(line):
    ask = json.loads(line)
    items = [i for name in ask["page"]["order"] for i in ask["page"]["sections"][name]["items"]]
    price = {c["id"]: c["price"] for c in ask["request"]["candidates"]}
    return {"id": ask["id"], "page": sum(price[i] for i in items) + 100 * len(items)}
def say(text):
    print(text if isinstance(text, str) else json.dumps(text), flush=True)
)";

ExternalScene::ExternalScene() {
  SectionType list;
  list.name = "list";
  list.max_slots = 3;
  schema.section_types = {list};
  for (int r = 0; r < 2; ++r) {
    Request& request = requests.emplace_back();
    request.id = "r" + std::to_string(r);
    for (int i = 0; i < 4; ++i) {
      Item item;
      item.id = "i" + std::to_string(i);
      item.price = 1 + i + 10 * r;
      item.currency = "EUR";
      request.candidates.push_back(item);
    }
  }
  const std::vector<std::vector<std::vector<std::int32_t>>> pages{{{0}, {1, 2}, {3, 0, 1}}, {{2, 3}, {1}}};
  for (std::size_t r = 0; r < 2; ++r) {
    RequestPages& group = groups.emplace_back();
    group.request = &requests[r];
    for (const auto& items : pages[r]) group.pages.push_back(Page{{PageSection{0, items}}});
  }
  config.backoff = 0;
  config.fallback = -3;
  config.clip = 1000;
  config.deadline = 20;
}

void ExternalScene::python(const std::string& body) {
  const std::string path = (folder / "reward.py").string();
  std::ofstream(path) << kHonest << body;
  config.program = {"python3", path};
}

std::unique_ptr<ExternalTerm> ExternalScene::term(const std::string& name) const {
  return std::make_unique<ExternalTerm>(name, schema, config);
}

std::vector<float> ExternalScene::pages(ExternalTerm& term) const {
  std::vector<float> result;
  for (const TermScore& score : term.score(groups)) result.push_back(score.page);
  return result;
}

std::vector<float> ExternalScene::expected() {
  return {101, 205, 307, 227, 112};
}

bool is_running(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  stat >> number >> name >> state;
  return stat.good() && state != "Z" && state != "X";
}

bool ends_within(int pid, double seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (is_running(pid) && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return !is_running(pid);
}

}  // namespace pagewright::external_test
