#pragma once
// Leaves something alone that fails again and again.

namespace pagewright {

/// Closed: calls go through. After `failures` failed calls in a row it is open for `pause` calls, which are
/// to be skipped; then one call is let through: if that succeeds it is closed, otherwise open again. It
/// counts calls and never looks at a clock.
class CircuitBreaker {
 public:
  CircuitBreaker(int failures, int pause) : limit_(failures), pause_(pause) {}

  /// Whether the next call may be made; each refusal counts towards the pause.
  bool lets_through() {
    if (left_ == 0) return true;
    --left_;
    return false;
  }
  /// Whether the call that was let through is the trial after a pause.
  bool on_trial() const { return failures_ >= limit_; }
  void succeeded() { failures_ = 0; }
  /// Returns whether it is open now.
  bool failed() {
    if (++failures_ < limit_) return false;
    failures_ = limit_;
    left_ = pause_;
    return true;
  }

 private:
  int limit_, pause_;
  int failures_ = 0;  ///< in a row
  int left_ = 0;      ///< calls to be skipped
};

}  // namespace pagewright
