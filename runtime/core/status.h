// Status and Result: how every function of the runtime reports failure. No exceptions, no
// allocation.
#pragma once

#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace pare {

enum class Code : int32_t {
  kOk = 0,
  kInvalidArgument,  // the caller passed something that the contract forbids
  kNotFound,         // no such file, input, output, symbol or entry point
  kIo,               // the operating system refused: open, map, read, write
  kCorrupt,          // the file's bytes contradict FORMAT.md
  kUnsupported,      // valid, but this build or version cannot do it
  kShape,            // shapes or types of a node's inputs do not fit its operator
  kUnknownSize,      // a size depends on a value that is not known when the session is planned
  kOutOfMemory,      // an arena or an allocation is too small
  kCancelled,        // the cancel flag of the session was set
  kInternal,         // a bug in Pare
};

// `what` is a string literal (static lifetime) that says the reason and, where there is one, the
// way out. `node` is the index of the node in graph `graph` of the model, or -1: DescribeStatus
// turns it into names. Trivially copyable; thread-safe like an int.
struct [[nodiscard]] Status {
  Code code = Code::kOk;
  int32_t node = -1;
  int32_t graph = 0;
  const char* what = "";

  constexpr bool ok() const { return code == Code::kOk; }
};

constexpr Status Ok() { return Status{}; }
constexpr Status Error(Code code, const char* what) { return Status{code, -1, 0, what}; }

// A value or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : ok_(true) {  // NOLINT(google-explicit-constructor)
    new (&value_) T(std::move(value));
  }
  Result(Status status) : status_(status), ok_(false) {}  // NOLINT(google-explicit-constructor)
  Result(Result&& other) noexcept : status_(other.status_), ok_(other.ok_) {
    if (ok_) new (&value_) T(std::move(other.value_));
  }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  Result& operator=(Result&&) = delete;
  ~Result() {
    if (ok_) value_.~T();
  }

  bool ok() const { return ok_; }
  Status status() const { return ok_ ? Ok() : status_; }
  // Only where ok().
  T& value() & { return value_; }
  const T& value() const& { return value_; }
  T&& value() && { return std::move(value_); }
  T* operator->() { return &value_; }
  T& operator*() { return value_; }

 private:
  Status status_;
  bool ok_;
  union {
    T value_;
  };
};

namespace internal {
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
}  // namespace internal

// PARE_TRY(status_expression);  auto x = PARE_TRY(result_expression);  returns the error to the
// caller.
#define PARE_TRY(expression)                                               \
  __extension__({                                                          \
    auto pare_try_ = (expression);                                         \
    using ::pare::internal::IsOk;                                          \
    using ::pare::internal::StatusOf;                                      \
    using ::pare::internal::Unwrap;                                        \
    if (__builtin_expect(!IsOk(pare_try_), 0)) return StatusOf(pare_try_); \
    Unwrap(std::move(pare_try_));                                          \
  })

}  // namespace pare
