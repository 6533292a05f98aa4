#include "rewards/terms/external/http_exchange.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <curl/curl.h>

#include "core/base/error.hpp"
#include "rewards/terms/external/sigpipe_guard.hpp"

namespace pagewright {

namespace {

constexpr std::size_t kLongestResponse = std::size_t{64} << 20;

std::size_t append_response(char* data, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * count > kLongestResponse) return 0;
  body.append(data, size * count);
  return size * count;
}

void begin_curl_once() {
  static const CURLcode kBegun = curl_global_init(CURL_GLOBAL_DEFAULT);
  require(kBegun == CURLE_OK, "cannot use libcurl: {}", curl_easy_strerror(kBegun));
}

void take_lines(std::string_view body, AnswerBook& book) {
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) book.take(line);
    body.remove_prefix(std::min(end + 1, body.size()));
  }
}

}  // namespace

struct HttpExchange::Handle {
  CURL* curl = curl_easy_init();
  curl_slist* headers = nullptr;
  ~Handle() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
  }
};

HttpExchange::HttpExchange(std::string address) : address_(std::move(address)) {
  begin_curl_once();
  handle_ = std::make_unique<Handle>();
  require(handle_->curl != nullptr, "cannot use libcurl");
  handle_->headers = curl_slist_append(handle_->headers, "Content-Type: application/x-ndjson");
  // Not to wait for a "100 Continue" that simple servers never send.
  handle_->headers = curl_slist_append(handle_->headers, "Expect:");
}

HttpExchange::~HttpExchange() = default;

void HttpExchange::exchange(std::string_view lines, AnswerBook& book, double deadline) {
  const SigpipeGuard guard;
  std::string body;
  CURL* curl = handle_->curl;
  curl_easy_setopt(curl, CURLOPT_URL, address_.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(deadline * 1000) + 1);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle_->headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(lines.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, lines.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_response);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  const CURLcode result = curl_easy_perform(curl);
  require(result == CURLE_OK, "{} gave no answers: {}", address_,
          result == CURLE_WRITE_ERROR ? "its response is too long" : curl_easy_strerror(result));
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  require(status == 200, "{} answered with status {}: {}", address_, status, quote_foreign(body));
  with_context(address_ + " gave", [&] { take_lines(body, book); });
  require(book.settled(), "{} gave no answer for {} pages", address_, book.waiting());
}

}  // namespace pagewright
