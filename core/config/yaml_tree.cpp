#include "core/config/yaml_tree.hpp"

#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace pagewright {
namespace {

/// Aliases of aliases can stand for more nodes than memory holds.
constexpr std::size_t kMostYamlNodes = 1'000'000;

std::size_t count_yaml_nodes(const ConfigNode& node) {
  std::size_t count = 1;
  for (const ConfigNode& item : node.items) count += count_yaml_nodes(item);
  return count;
}

/// Makes a tree of the parser's events.
class YamlTreeBuilder : public YAML::EventHandler {
 public:
  explicit YamlTreeBuilder(int source) : source_(source) {}

  ConfigNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish(start(ConfigNode::Kind::null, mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw YamlSyntaxError(origin_of(mark), "this alias stands inside its own anchor");
    ConfigNode copy = found->second;
    count_ += count_yaml_nodes(copy);
    if (count_ > kMostYamlNodes)
      throw YamlSyntaxError(origin_of(mark), "the aliases stand for too many values");
    finish(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    ConfigNode node = start(ConfigNode::Kind::scalar, mark);
    node.text = value;
    node.quoted =
        tag == "!" || tag == "tag:yaml.org,2002:str";  // "!" is yaml-cpp's mark of a scalar that is not plain
    finish(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back({start(ConfigNode::Kind::sequence, mark), anchor, std::nullopt});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back({start(ConfigNode::Kind::mapping, mark), anchor, std::nullopt});
  }
  void OnMapEnd() override { close(); }

 private:
  struct OpenNode {
    ConfigNode node;
    YAML::anchor_t anchor;
    std::optional<ConfigNode> key;  ///< of a mapping, waiting for its value
  };

  ConfigOrigin origin_of(const YAML::Mark& mark) const { return {source_, mark.line + 1, mark.column + 1}; }

  ConfigNode start(ConfigNode::Kind kind, const YAML::Mark& mark) const {
    ConfigNode node;
    node.kind = kind;
    node.origin = node.key_origin = origin_of(mark);
    return node;
  }

  void close() {
    OpenNode done = std::move(open_.back());
    open_.pop_back();
    finish(std::move(done.node), done.anchor);
  }

  /// Gives a complete node to its parent.
  void finish(ConfigNode node, YAML::anchor_t anchor) {
    ++count_;
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.kind == ConfigNode::Kind::mapping) {
      if (!parent.key) {
        if (node.kind != ConfigNode::Kind::scalar) throw YamlSyntaxError(node.origin, "a key must be a text");
        parent.key = std::move(node);
        return;
      }
      node.key = std::move(parent.key->text);
      node.key_origin = parent.key->origin;
      // yaml-cpp places an absent value where the next token begins.
      if (node.kind == ConfigNode::Kind::null) node.origin = node.key_origin;
      parent.key.reset();
    }
    parent.node.items.push_back(std::move(node));
  }

  int source_;
  ConfigNode root_;
  std::vector<OpenNode> open_;
  std::map<YAML::anchor_t, ConfigNode> anchors_;
  std::size_t count_ = 0;
};

}  // namespace

ConfigNode parse_yaml_tree(const std::string& text, int source) try {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  YamlTreeBuilder builder(source);
  if (!parser.HandleNextDocument(builder)) return {};
  YamlTreeBuilder rest(source);
  ConfigNode root = builder.take_root();
  if (parser.HandleNextDocument(rest)) {
    throw YamlSyntaxError(rest.take_root().origin,
                          "a second YAML document begins here; a configuration is one document");
  }
  return root;
} catch (const YAML::Exception& error) {
  throw YamlSyntaxError({source, error.mark.line + 1, error.mark.column + 1}, "not valid YAML: " + error.msg);
}

}  // namespace pagewright
