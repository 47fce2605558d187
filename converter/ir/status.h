// Status of the converter: like the runtime's, with a message that may name anything.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "runtime/core/status.h"

namespace pare::converter {

struct [[nodiscard]] Status {
  Code code = Code::kOk;
  std::string message;

  Status() = default;
  Status(Code c, std::string text) : code(c), message(std::move(text)) {}
  // The runtime's, without names. Error(Code, "literal") resolves to the runtime's by
  // argument-dependent look-up.
  Status(pare::Status status)  // NOLINT(google-explicit-constructor)
      : code(status.code), message(status.what) {}

  bool ok() const { return code == Code::kOk; }
};

inline Status Ok() { return {}; }
inline Status Error(Code code, std::string message) { return {code, std::move(message)}; }

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)
  Result(pare::Status status) : status_(status) {}       // NOLINT(google-explicit-constructor)
  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  T& operator*() { return *value_; }

 private:
  Status status_;
  std::optional<T> value_;
};

// Found by PARE_TRY (runtime/core/status.h) through argument-dependent look-up.
inline bool IsOk(const Status& s) { return s.ok(); }
inline Status StatusOf(const Status& s) { return s; }
inline void Unwrap(Status&&) {}
template <class T>
bool IsOk(const Result<T>& r) {
  return r.ok();
}
template <class T>
Status StatusOf(const Result<T>& r) {
  return r.status();
}
template <class T>
T Unwrap(Result<T>&& r) {
  return std::move(r).value();
}

}  // namespace pare::converter
