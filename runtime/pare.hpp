// Pare: the C++17 face of pare.h, which documents what each function does. Header-only; needs
// nothing but pare.h beside it. Handles close themselves and move. Throws nothing and works without
// exceptions: a function that can fail returns a Status.
//
//   pare::Model model;
//   pare::Session session;
//   pare::Status status = pare::Model::Open("net.pare", &model);
//   if (status.ok()) status = pare::Session::Create(model, pare::SessionOptions(), &session);
//   if (status.ok()) status = session.Set<float>("image", pixels);
//   if (status.ok()) status = session.Run();
//   if (!status.ok()) return Fail(status.message());
//   for (float score : session.Output<float>("scores")) ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "pare.h"

namespace pare {
inline namespace v1 {

// The outcome of a call: a code and, where it failed, a message.
class [[nodiscard]] Status {
 public:
  Status() { error_.message[0] = '\0'; }
  bool ok() const { return error_.status == PARE_OK; }
  pare_status code() const { return error_.status; }
  const char* message() const { return error_.message; }

  // For the C functions: Status s; if (pare_xxx(..., s.error()) ...) return s;
  pare_error* error() { return &error_; }

 private:
  pare_error error_ = {};
};

// A view of `size` elements; does not own them.
template <class T>
class Span {
 public:
  using element_type = T;
  using value_type = std::remove_cv_t<T>;
  using size_type = size_t;
  using difference_type = ptrdiff_t;
  using reference = T&;
  using iterator = T*;
  using const_iterator = T*;

  constexpr Span() = default;
  constexpr Span(T* data, size_t size) : data_(data), size_(size) {}
  // Of a std::vector, std::array, std::string or another container with data() and size().
  template <class C, class = decltype(static_cast<T*>(std::declval<C&>().data()))>
  constexpr Span(C& c) : data_(c.data()), size_(c.size()) {}  // NOLINT(google-explicit-constructor)
  template <size_t N>
  constexpr Span(T (&array)[N]) : data_(array), size_(N) {}  // NOLINT(google-explicit-constructor)

  constexpr T* data() const { return data_; }
  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr T& operator[](size_t i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

// The pare_dtype of a C++ type. f16 and bf16 have none: use the bytes of the tensor.
template <class T>
constexpr pare_dtype DTypeOf() {
  using U = std::remove_cv_t<T>;
  static_assert(std::is_arithmetic_v<U> && sizeof(U) <= 8, "no tensor has this element type");
  if constexpr (std::is_same_v<U, bool>) {
    return PARE_BOOL;
  } else if constexpr (std::is_floating_point_v<U>) {
    return sizeof(U) == 4 ? PARE_F32 : PARE_F64;
  } else {
    constexpr pare_dtype kSigned[] = {PARE_I8, PARE_I16, PARE_I32, PARE_I64};
    constexpr pare_dtype kUnsigned[] = {PARE_U8, PARE_U16, PARE_U32, PARE_U64};
    constexpr int kLog2 = sizeof(U) == 1 ? 0 : sizeof(U) == 2 ? 1 : sizeof(U) == 4 ? 2 : 3;
    return std::is_signed_v<U> ? kSigned[kLog2] : kUnsigned[kLog2];
  }
}

// Shape{1, 3, 224, 224}; at most PARE_MAX_RANK dimensions (more make it invalid: rank 0x7fffffff).
struct Shape : pare_shape {
  Shape() : pare_shape{} {}
  Shape(const pare_shape& s) : pare_shape(s) {}  // NOLINT(google-explicit-constructor)
  Shape(std::initializer_list<int64_t> dims) : pare_shape{} { Assign(dims.begin(), dims.size()); }
  explicit Shape(Span<const int64_t> dims) : pare_shape{} { Assign(dims.data(), dims.size()); }

  const int64_t* begin() const { return dims; }
  const int64_t* end() const { return dims + rank; }
  int64_t operator[](int i) const { return dims[i]; }

 private:
  void Assign(const int64_t* from, size_t count) {
    rank = count <= PARE_MAX_RANK ? static_cast<int32_t>(count) : INT32_MAX;
    for (size_t i = 0; i < count && i < PARE_MAX_RANK; ++i) dims[i] = from[i];
  }
};

class Model {
 public:
  Model() = default;
  Model(Model&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Model& operator=(Model&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Model() { pare_model_close(handle_); }

  static Status Open(const std::string& path, Model* model, uint32_t flags = 0) {
    Status s;
    Model opened;
    if (pare_model_open(path.c_str(), flags, &opened.handle_, s.error()) == PARE_OK) {
      *model = std::move(opened);
    }
    return s;
  }
  // `data` must outlive the model.
  static Status OpenMemory(const void* data, size_t bytes, Model* model) {
    Status s;
    Model opened;
    if (pare_model_open_memory(data, bytes, &opened.handle_, s.error()) == PARE_OK) {
      *model = std::move(opened);
    }
    return s;
  }

  explicit operator bool() const { return handle_ != nullptr; }
  const pare_model* handle() const { return handle_; }

  // Null where the model has no such key.
  const char* Metadata(const char* key) const { return pare_model_metadata(handle_, key); }
  Span<const char> Asset(const char* name) const {
    size_t bytes = 0;
    const void* data = pare_model_asset(handle_, name, &bytes);
    return {static_cast<const char*>(data), data == nullptr ? 0 : bytes};
  }
  std::vector<pare_value_info> Inputs(const char* entry = nullptr) const {
    return List(entry, pare_model_input_count, pare_model_input);
  }
  std::vector<pare_value_info> Outputs(const char* entry = nullptr) const {
    return List(entry, pare_model_output_count, pare_model_output);
  }

 private:
  template <class CountFn, class GetFn>
  std::vector<pare_value_info> List(const char* entry, CountFn count, GetFn get) const {
    std::vector<pare_value_info> list(count(handle_, entry));
    for (uint32_t i = 0; i < list.size(); ++i) get(handle_, entry, i, &list[i]);
    return list;
  }

  pare_model* handle_ = nullptr;
};

// pare_session_options that keeps what its pointers point to. Setters chain. `entry`, `cpu`,
// `values` and the arena stay the caller's and must live until Create has returned (the arena as
// long as the session).
class SessionOptions {
 public:
  SessionOptions() { pare_session_options_init(&options_); }

  SessionOptions& Threads(uint32_t n) { return Set(options_.threads, n); }
  SessionOptions& Entry(const char* name) { return Set(options_.entry, name); }
  SessionOptions& Cpu(const char* level) { return Set(options_.cpu, level); }
  SessionOptions& MaxTrips(int64_t n) { return Set(options_.max_trips, n); }
  SessionOptions& Arena(void* memory, size_t bytes) {
    options_.arena = memory;
    return Set(options_.arena_bytes, bytes);
  }
  SessionOptions& Log(pare_log log, void* context) {
    options_.log = log;
    return Set(options_.log_context, context);
  }
  SessionOptions& Dim(std::string name, int64_t size) {
    dims_.push_back({std::move(name), size});
    return *this;
  }
  SessionOptions& Input(std::string name, const Shape& shape, const void* values = nullptr) {
    inputs_.push_back({std::move(name), shape, values});
    return *this;
  }

  // Calls f(const pare_session_options*) with everything in place.
  template <class F>
  auto With(const F& f) const {
    std::vector<pare_dim> dims;
    for (const NamedDim& d : dims_) dims.push_back({d.name.c_str(), d.size});
    std::vector<pare_input_hint> inputs;
    for (const NamedInput& i : inputs_) inputs.push_back({i.name.c_str(), &i.shape, i.values});
    pare_session_options options = options_;
    options.dims = dims.data();
    options.dim_count = dims.size();
    options.inputs = inputs.data();
    options.input_count = inputs.size();
    return f(&options);
  }

 private:
  struct NamedDim {
    std::string name;
    int64_t size;
  };
  struct NamedInput {
    std::string name;
    Shape shape;
    const void* values;
  };
  template <class T>
  SessionOptions& Set(T& field, T value) {
    field = value;
    return *this;
  }

  pare_session_options options_;
  std::vector<NamedDim> dims_;
  std::vector<NamedInput> inputs_;
};

class Session {
 public:
  Session() = default;
  Session(Session&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Session& operator=(Session&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Session() { pare_session_destroy(handle_); }

  // The model must outlive the session.
  static Status Create(const Model& model, const SessionOptions& options, Session* session) {
    Status s;
    Session created;
    options.With([&](const pare_session_options* o) {
      return pare_session_create(model.handle(), o, &created.handle_, s.error());
    });
    if (s.ok()) *session = std::move(created);
    return s;
  }
  static Status Measure(const Model& model, const SessionOptions& options, pare_memory* memory) {
    Status s;
    options.With([&](const pare_session_options* o) {
      return pare_session_measure(model.handle(), o, memory, s.error());
    });
    return s;
  }

  explicit operator bool() const { return handle_ != nullptr; }
  pare_session* handle() const { return handle_; }

  uint32_t InputCount() const { return pare_session_input_count(handle_); }
  uint32_t OutputCount() const { return pare_session_output_count(handle_); }
  // A tensor without data where there is none of that index or name.
  pare_tensor InputTensor(uint32_t i) const { return Get(pare_session_input, i); }
  pare_tensor OutputTensor(uint32_t i) const { return Get(pare_session_output, i); }
  pare_tensor InputTensor(const char* name) const { return InputTensor(FindInput(name)); }
  pare_tensor OutputTensor(const char* name) const { return OutputTensor(FindOutput(name)); }

  // The elements of an input or output, by index or name. Empty where there is no such tensor or
  // its elements are no T.
  template <class T, class Key>
  Span<T> Input(Key key) const {
    return Elements<T>(InputTensor(key));
  }
  template <class T, class Key>
  Span<const T> Output(Key key) const {
    return Elements<const T>(OutputTensor(key));
  }

  // Copies the elements of an input; resizes it first where a shape is given.
  template <class T>
  Status Set(const char* name, Span<const T> values) {
    Status s;
    const pare_tensor tensor = InputTensor(name);
    if (tensor.name == nullptr || tensor.dtype != DTypeOf<T>()) return WrongType(name, tensor);
    pare_session_set_input(handle_, FindInput(name), values.data(), values.size() * sizeof(T),
                           s.error());
    return s;
  }
  template <class T>
  Status Set(const char* name, const Shape& shape, Span<const T> values) {
    if (Status s = Resize(name, shape); !s.ok()) return s;
    return Set<T>(name, values);
  }

  Status Resize(const char* name, const Shape& shape) {
    Status s;
    pare_session_resize_input(handle_, FindInput(name), &shape, s.error());
    return s;
  }
  // Every input at once, in order.
  Status Resize(std::initializer_list<Shape> shapes) {
    Status s;
    const std::vector<pare_shape> plain(shapes.begin(), shapes.end());
    pare_session_resize(handle_, plain.data(), plain.size(), s.error());
    return s;
  }
  Status BindInput(const char* name, void* data, size_t bytes) {
    Status s;
    pare_session_bind_input(handle_, FindInput(name), data, bytes, s.error());
    return s;
  }
  Status BindOutput(const char* name, void* data, size_t bytes) {
    Status s;
    pare_session_bind_output(handle_, FindOutput(name), data, bytes, s.error());
    return s;
  }

  Status Run() {
    Status s;
    pare_session_run(handle_, s.error());
    return s;
  }
  void Cancel() { pare_session_cancel(handle_); }  // from any thread
  void ResetState() { pare_session_reset_state(handle_); }

 private:
  // UINT32_MAX where there is none: no tensor has that index.
  uint32_t FindInput(const char* name) const {
    return static_cast<uint32_t>(pare_session_find_input(handle_, name));
  }
  uint32_t FindOutput(const char* name) const {
    return static_cast<uint32_t>(pare_session_find_output(handle_, name));
  }
  template <class F>
  pare_tensor Get(F f, uint32_t i) const {
    pare_tensor tensor = {};
    f(handle_, i, &tensor);
    return tensor;
  }
  template <class T>
  static Span<T> Elements(const pare_tensor& t) {
    if (t.data == nullptr || t.dtype != DTypeOf<T>()) return {};
    return {static_cast<T*>(t.data), t.bytes / sizeof(T)};
  }
  static Status WrongType(const char* name, const pare_tensor& tensor) {
    Status s;
    const std::string text = tensor.name == nullptr ? "no input '" + std::string(name) + "'"
                                                    : "input '" + std::string(name) + "' holds " +
                                                          pare_dtype_name(tensor.dtype);
    s.error()->status = PARE_INVALID_ARGUMENT;
    text.copy(s.error()->message, sizeof s.error()->message - 1);
    return s;
  }

  pare_session* handle_ = nullptr;
};

}  // namespace v1
}  // namespace pare
