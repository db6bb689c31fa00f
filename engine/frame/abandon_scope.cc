#include "engine/frame/abandon_scope.h"

#include <exception>

namespace penstock {
namespace {

thread_local AbandonScope* innermost = nullptr;

}  // namespace

AbandonScope::AbandonScope(When when, Outcome outcome, Reason reason) noexcept
    : when_(when),
      outcome_(outcome),
      reason_(reason),
      enclosing_(innermost) {
  innermost = this;
}

AbandonScope::~AbandonScope() {
  innermost = enclosing_;
}

AbandonScope* AbandonScope::applying() noexcept {
  for (AbandonScope* scope = innermost; scope != nullptr; scope = scope->enclosing_) {
    if (scope->when_ == When::kAlways || std::uncaught_exceptions() > 0) {
      return scope;
    }
  }
  return nullptr;
}

void AbandonScope::end(Frame frame) noexcept {
  ended_.push_back(frame.id());
  frame.end(outcome_, reason_);
}

}  // namespace penstock
