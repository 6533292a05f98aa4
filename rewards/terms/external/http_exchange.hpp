#pragma once
// JSON Lines over HTTP: an attempt is one POST, its answers are the body of the response.

#include <memory>
#include <string>

#include "rewards/terms/external/line_exchange.hpp"

namespace pagewright {

/// Posts to an http or https address, straight, without a proxy, and follows no redirection. The connection
/// is kept between batches.
class HttpExchange final : public LineExchange {
 public:
  explicit HttpExchange(std::string address);
  ~HttpExchange() override;
  void exchange(std::string_view lines, AnswerBook& book, double deadline) override;

 private:
  struct Handle;
  std::string address_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace pagewright
