#include "launch/report/interval_plot.hpp"

#include <limits>

#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_CASE(
    "an interval plot draws a mean and an interval for each row that has them, and every single value") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string html = interval_figure({"GMV <b>",
                                            "difference, %",
                                            {{"ipw", 2, 1, 3, {1.5, nan, 2.5}},
                                             {"naive", -2, -3, -1, {}},
                                             {"single", 0.5, nan, nan, {0.5}},
                                             {"failed", nan, nan, nan, {}}}});
  CHECK(count_of(html, "class=\"mark") == 3);
  CHECK(count_of(html, "class=\"whisker") == 2);
  CHECK(count_of(html, "<circle") == 3);
  CHECK(count_of(html, "whisker c2") == 1);  // above 0
  CHECK(count_of(html, "whisker c1") == 1);  // below 0
  CHECK(test::contains(html, "GMV &lt;b&gt;"));
  CHECK(test::contains(html, ">failed</text>"));
}

TEST_CASE("an interval plot of nothing says so") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(test::contains(interval_figure({"GMV", "", {}}), "nothing to draw"));
  CHECK(test::contains(interval_figure({"GMV", "", {{"a", nan, nan, nan, {}}}}), "nothing to draw"));
}

}  // namespace
}  // namespace pagewright
