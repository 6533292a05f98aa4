#include <algorithm>
#include <filesystem>
#include <type_traits>

#include "core/base/error.hpp"
#include "core/base/suggestion.hpp"
#include "core/config/config_state.hpp"
#include "core/config/config_value.hpp"
#include "core/config/section.hpp"

namespace pagewright {
namespace {

template <class T>
struct is_config_optional : std::false_type {};
template <class T>
struct is_config_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_config_list : std::false_type {};
template <class T>
struct is_config_list<std::vector<T>> : std::true_type {};
template <class T>
struct is_config_map : std::false_type {};
template <class T>
struct is_config_map<std::map<std::string, T>> : std::true_type {};

template <class T>
std::string config_type_text() {
  if constexpr (is_config_optional<T>::value)
    return std::string(config_type_name<typename T::value_type>()) + " or null";
  else if constexpr (is_config_list<T>::value)
    return "list of " + std::string(config_type_name<typename T::value_type>());
  else if constexpr (is_config_map<T>::value)
    return "map of names to " + std::string(config_type_name<typename T::mapped_type>());
  else
    return std::string(config_type_name<T>());
}

template <class T>
std::string yaml_value(const T& value) {
  if constexpr (is_config_optional<T>::value) {
    return value ? yaml_scalar(*value) : "null";
  } else if constexpr (is_config_list<T>::value) {
    std::string text;
    for (const typename T::value_type& item : value) text += (text.empty() ? "" : ", ") + yaml_scalar(item);
    return "[" + text + "]";
  } else if constexpr (is_config_map<T>::value) {
    std::string text;
    for (const auto& [name, item] : value)
      text += (text.empty() ? "" : ", ") + yaml_text(name) + ": " + yaml_scalar(item);
    return "{" + text + "}";
  } else {
    return yaml_scalar(value);
  }
}

/// Lets relative paths in a value start at `folder`; an empty path stays empty.
void start_paths_at(const std::filesystem::path& folder, std::filesystem::path& path) {
  if (!path.empty() && path.is_relative()) path = (folder / path).lexically_normal();
}
void start_paths_at(const std::filesystem::path& folder, std::optional<std::filesystem::path>& path) {
  if (path) start_paths_at(folder, *path);
}
void start_paths_at(const std::filesystem::path& folder, std::vector<std::filesystem::path>& paths) {
  for (std::filesystem::path& path : paths) start_paths_at(folder, path);
}
template <class T>
void start_paths_at(const std::filesystem::path&, T&) {}

/// Reads a node into a value of any of the types of ConfigTarget; `complain(node, path, text)` takes what is
/// wrong.
template <class Complain>
class ValueReader {
 public:
  ValueReader(const Range& range, Complain complain) : range_(range), complain_(complain) {}

  template <class T>
  void read(const ConfigNode& node, const std::string& path, T& value) {
    T fresh{};
    if constexpr (is_config_optional<T>::value) {
      if (node.kind != ConfigNode::Kind::null) read(node, path, fresh.emplace());
    } else if constexpr (is_config_list<T>::value) {
      read_list(node, path, fresh);
    } else if constexpr (is_config_map<T>::value) {
      read_map(node, path, fresh);
    } else {
      read_one(node, path, fresh);
    }
    if (good_) value = std::move(fresh);
  }

 private:
  void wrong(const ConfigNode& node, const std::string& path, const std::string& text) {
    good_ = false;
    complain_(node, path, text);
  }

  template <class T>
  void read_one(const ConfigNode& node, const std::string& path, T& value) {
    const std::string error = parse_config_scalar(node, value);
    if (!error.empty()) return wrong(node, path, error);
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      if (!range_.contains(static_cast<double>(value)))
        wrong(node, path, fmt::format("= {} must be {}", node.text, range_.text()));
    }
  }

  template <class T>
  void read_list(const ConfigNode& node, const std::string& path, std::vector<T>& values) {
    if (node.kind != ConfigNode::Kind::sequence)
      return wrong(
          node, path,
          fmt::format("must be a {}, not {}", config_type_text<std::vector<T>>(), config_node_text(node)));
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      T value{};
      read_one(node.items[i], join_config_path(path, fmt::format("[{}]", i)), value);
      values.push_back(std::move(value));
    }
  }

  template <class T>
  void read_map(const ConfigNode& node, const std::string& path, std::map<std::string, T>& values) {
    if (node.kind != ConfigNode::Kind::mapping)
      return wrong(node, path,
                   fmt::format("must be a {}, not {}", config_type_text<std::map<std::string, T>>(),
                               config_node_text(node)));
    for (const ConfigNode& item : node.items)
      read_one(item, join_config_path(path, item.key), values[item.key]);
  }

  const Range& range_;
  Complain complain_;
  bool good_ = true;
};

std::string names_text(const std::vector<std::string_view>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

/// The index of the name that a node holds; -1 and `error` if it holds none.
int choice_of(const ConfigNode& node, const std::vector<std::string_view>& names, std::string& error) {
  if (node.kind != ConfigNode::Kind::scalar) {
    error = fmt::format("must be one of {}, not {}", names_text(names), config_node_text(node));
    return -1;
  }
  const auto found = std::ranges::find(names, node.text);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  const std::vector<std::string> known(names.begin(), names.end());
  error = fmt::format("must be one of {}, not '{}'{}", names_text(names), node.text,
                      did_you_mean(node.text, known));
  return -1;
}

}  // namespace

void Section::read_target(std::string_view key, ConfigTarget target, const Range& range, std::string_view doc,
                          bool required) const {
  const ConfigNode* node = find(key);
  if (node == nullptr && required) missing(key, doc);
  const auto complain_at = [this](const ConfigNode& at, const std::string& path, const std::string& text) {
    state_->complain(at.origin, fmt::format("'{}' {}", path, text));
  };
  std::visit(
      [&](auto* value) {
        using Value = std::remove_pointer_t<decltype(value)>;
        KeyRecord record = value_record(key, config_type_text<Value>(), doc, required);
        if (!required) record.default_value = yaml_value(*value);
        if (node != nullptr) ValueReader(range, complain_at).read(*node, record.path, *value);
        const bool moved = node != nullptr && !state_->working_directory.empty();
        const bool of_file = node != nullptr && node->origin.source == 0;
        // What the command line says is recorded so that the file's directory does not change its meaning.
        if (moved && !of_file) start_paths_at(std::filesystem::current_path(), *value);
        record.value = yaml_value(*value);
        if (moved && of_file) start_paths_at(state_->working_directory, *value);
        record.range = range.text();
        record.unit = range.unit;
        state_->keys.add(std::move(record));
      },
      target);
}

void Section::read_working_directory(std::string_view key, std::string_view doc) const {
  std::filesystem::path folder;
  read(key, folder, doc);
  if (state_->reference) return;
  KeyRecord record = value_record(key, config_type_text<std::filesystem::path>(), doc, false);
  record.default_value = yaml_value(std::filesystem::path());
  if (!folder.empty()) state_->working_directory = std::filesystem::absolute(folder).lexically_normal();
  record.value = yaml_value(folder.empty() ? std::filesystem::current_path() : state_->working_directory);
  state_->keys.add(std::move(record));
}

void Section::read_choice(std::string_view key, const std::vector<std::string_view>& names, int& index,
                          std::string_view doc, bool required) const {
  const ConfigNode* node = find(key);
  if (node == nullptr && required) missing(key, doc);
  KeyRecord record = value_record(key, "one of " + names_text(names), doc, required);
  const auto name_of = [&](int i) { return yaml_text(names[static_cast<std::size_t>(i)]); };
  if (!required) record.default_value = name_of(index);
  if (node != nullptr) {
    std::string error;
    const int chosen = choice_of(*node, names, error);
    if (chosen >= 0) index = chosen;
    if (chosen < 0) state_->complain(node->origin, fmt::format("'{}' {}", record.path, error));
  }
  record.value = name_of(index);
  state_->keys.add(std::move(record));
}

void Section::read_choices(std::string_view key, const std::vector<std::string_view>& names,
                           std::vector<int>& indices, std::string_view doc) const {
  const ConfigNode* node = find(key);
  KeyRecord record = value_record(key, "list of " + names_text(names), doc, false);
  const auto list_text = [&] {
    std::string text;
    for (int index : indices)
      text += (text.empty() ? "" : ", ") + yaml_text(names[static_cast<std::size_t>(index)]);
    return "[" + text + "]";
  };
  record.default_value = list_text();
  if (node != nullptr && node->kind != ConfigNode::Kind::sequence)
    state_->complain(node->origin, fmt::format("'{}' must be a list of {}, not {}", record.path,
                                               names_text(names), config_node_text(*node)));
  if (node != nullptr && node->kind == ConfigNode::Kind::sequence) {
    std::vector<int> chosen;
    for (std::size_t i = 0; i < node->items.size(); ++i) {
      std::string error;
      chosen.push_back(choice_of(node->items[i], names, error));
      if (!error.empty())
        state_->complain(node->items[i].origin, fmt::format("'{}[{}]' {}", record.path, i, error));
    }
    if (std::ranges::find(chosen, -1) == chosen.end()) indices = chosen;
  }
  record.value = list_text();
  state_->keys.add(std::move(record));
}

}  // namespace pagewright
