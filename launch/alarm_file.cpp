#include "launch/alarm_file.hpp"

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace pagewright {

namespace {

constexpr const char* kAlarmFormat = "pagewright-alarms";
constexpr int kAlarmVersion = 1;

}  // namespace

void write_alarms(const std::filesystem::path& file, const AlarmRecord& record) {
  nlohmann::ordered_json alarms = nlohmann::ordered_json::array();
  for (const Alarm& alarm : record.alarms)
    alarms.push_back({{"kind", alarm.kind},
                      {"iteration", alarm.iteration},
                      {"sentence", alarm.sentence},
                      {"action", alarm.action},
                      {"stops", alarm.stops}});
  nlohmann::ordered_json json{{"format", kAlarmFormat}, {"version", kAlarmVersion}, {"alarms", alarms}};
  json["stopped_after"] = nullptr;
  if (record.stopped_after) json["stopped_after"] = *record.stopped_after;
  write_file_atomically(file, json.dump(2) + "\n");
}

AlarmRecord read_alarms(const std::filesystem::path& file) {
  try {
    const auto json = nlohmann::json::parse(read_file(file));
    require(json.at("format") == kAlarmFormat, "{}: this is no {} file", file.string(), kAlarmFormat);
    require(json.at("version").get<int>() <= kAlarmVersion,
            "{}: format version {} is newer than this program knows ({}); use the program that wrote it",
            file.string(), json.at("version").get<int>(), kAlarmVersion);
    AlarmRecord record;
    for (const auto& alarm : json.at("alarms"))
      record.alarms.push_back({alarm.at("kind").get<std::string>(), alarm.at("iteration").get<std::int64_t>(),
                               alarm.at("sentence").get<std::string>(), alarm.at("action").get<std::string>(),
                               alarm.at("stops").get<bool>()});
    if (!json.at("stopped_after").is_null())
      record.stopped_after = json.at("stopped_after").get<std::int64_t>();
    return record;
  } catch (const nlohmann::json::exception& error) {
    fail("{}: {}; remove it, `train` writes a new one", file.string(), error.what());
  }
}

}  // namespace pagewright
