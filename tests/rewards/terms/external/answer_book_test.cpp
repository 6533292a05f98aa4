#include "rewards/terms/external/answer_book.hpp"

#include "rewards/terms/external/circuit_breaker.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

using State = PageAnswer::State;

TEST_CASE("an attempt asks for the pages that wait, under new ids, and old ids are ignored") {
  AnswerBook book({1, 2, 3});
  CHECK(book.ask(10) == std::vector<std::size_t>{0, 1, 2});
  book.take(R"({"id": 11, "slots": [0.5, -1], "note": "other keys are left alone"})");
  CHECK(book.waiting() == 2);
  CHECK(book.ask(13) == std::vector<std::size_t>{0, 2});
  book.take(R"({"id": 12, "page": 1})");
  CHECK(book.ignored() == 1);
  CHECK(book.waiting() == 2);
  book.take(R"({"id": 14, "page": -2, "slots": [1, 2, 3]})");
  book.take(R"({"id": 13, "page": 3})");
  CHECK(book.settled());
  CHECK(book.answers()[0].page == 3);
  CHECK(book.answers()[1].slots == std::vector<double>{0.5, -1});
  CHECK(book.answers()[2].page == -2);
  CHECK(book.answers()[2].slots == std::vector<double>{1, 2, 3});
  CHECK(test::contains(test::error_text([&] { book.take(R"({"id": 15, "page": 0})"); }), "no page has"));
}

TEST_CASE("NaN in a text of an answer is no number that is missing") {
  AnswerBook book({1, 1});
  book.ask(0);
  book.take(R"({"id": 0, "page": 1, "note": "a NaN"})");
  book.take(R"({"id": 1, "note": "NaN", "page": NaN})");
  CHECK(book.answers()[0].state == State::answered);
  CHECK(book.answers()[1].state == State::unusable);
  CHECK(test::contains(book.answers()[1].trouble, "not a finite number"));
}

TEST_CASE("what others wrote is quoted in part and without control characters") {
  CHECK(quote_foreign("a\x1b[31m\xff b") == "'a?[31m? b'");
  CHECK(quote_foreign("abcdef", 3) == "'abc...'");
}

TEST_CASE("a circuit breaker opens after failures in a row and closes after a success") {
  CircuitBreaker breaker(2, 3);
  CHECK_FALSE(breaker.failed());
  breaker.succeeded();
  CHECK_FALSE(breaker.failed());
  CHECK(breaker.failed());
  for (int i = 0; i < 3; ++i) CHECK_FALSE(breaker.lets_through());
  CHECK(breaker.lets_through());
  CHECK(breaker.on_trial());
  CHECK(breaker.failed());
  for (int i = 0; i < 3; ++i) CHECK_FALSE(breaker.lets_through());
  CHECK(breaker.lets_through());
  breaker.succeeded();
  CHECK_FALSE(breaker.on_trial());
  CHECK(breaker.lets_through());
  CHECK_FALSE(breaker.failed());
}

}  // namespace
}  // namespace pagewright
