// OpTest: one node, built, planned and run through the same engine as every model.
//
//   OpTest<fb::GatherT> t(attributes);
//   t.In<float>({2, 3}, {1, 2, 3, 4, 5, 6}).Const<int64_t>({1}, {0});
//   ASSERT_TRUE(t.Run());
//   EXPECT_EQ(t.Values<float>(0), ...);
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "converter/ir/engine.h"
#include "converter/ir/graph.h"

namespace pare::test {

inline pare::Shape ShapeOf(const std::vector<int64_t>& dims) {
  pare::Shape shape;
  for (const int64_t d : dims) EXPECT_TRUE(shape.Push(d));
  return shape;
}

// vector<bool> has no data(): booleans travel as bytes.
template <class T>
using Element = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;

template <class OpT>
class OpTest {
 public:
  explicit OpTest(OpT attributes = {}) : attributes_(std::move(attributes)) {}

  // An input that is written before the run. T may be bool (values then 0 or 1).
  template <class T>
  OpTest& In(std::vector<int64_t> dims, std::vector<Element<T>> values) {
    return AddInput(kDTypeOf<T>, dims, values.data(), values.size() * sizeof(T), false);
  }
  // The same for a type that C++ has none for (f16, bf16), as raw bytes.
  OpTest& InRaw(DType dtype, std::vector<int64_t> dims, const void* data) {
    return AddInput(dtype, dims, data,
                    static_cast<size_t>(ShapeOf(dims).Elements()) * SizeOf(dtype), false);
  }
  // A quantized input.
  OpTest& InQuantized(std::vector<int64_t> dims, const std::vector<uint8_t>& q, float scale,
                      int32_t zero_point) {
    AddInput(DType::kU8, dims, q.data(), q.size(), false);
    graph_.values[static_cast<size_t>(ids_.back())].scale = scale;
    graph_.values[static_cast<size_t>(ids_.back())].zero_point = zero_point;
    return *this;
  }
  // Lets every output be quantized.
  OpTest& Quantized(float scale, int32_t zero_point) {
    scale_ = scale;
    zero_point_ = zero_point;
    return *this;
  }
  // An input whose values are given when the session is created.
  template <class T>
  OpTest& Known(std::vector<int64_t> dims, std::vector<Element<T>> values) {
    return AddInput(kDTypeOf<T>, dims, values.data(), values.size() * sizeof(T), true);
  }
  // A weight.
  template <class T>
  OpTest& Const(std::vector<int64_t> dims, std::vector<Element<T>> values) {
    T* data;
    converter::Weight weight =
        converter::Weight::Make<T>("w" + std::to_string(ids_.size()), ShapeOf(dims), &data);
    EXPECT_EQ(static_cast<size_t>(weight.shape.Elements()), values.size());
    if (!values.empty()) std::memcpy(data, values.data(), values.size() * sizeof(T));
    return Const(std::move(weight));
  }
  OpTest& Const(converter::Weight weight) {
    ids_.push_back(graph_.AddWeight(std::move(weight)));
    return *this;
  }
  OpTest& Absent() {
    ids_.push_back(converter::kAbsent);
    return *this;
  }
  OpTest& Outputs(int n) {
    outputs_ = n;
    return *this;
  }
  OpTest& Threads(size_t n) {
    options_.threads = n;
    return *this;
  }
  // A body of control flow; attributes name it by the order of these calls.
  OpTest& Body(converter::Graph body) {
    graph_.subgraphs.push_back(std::move(body));
    return *this;
  }

  // True, or why not.
  testing::AssertionResult Run() {
    const converter::Status status = TryRun();
    if (status.ok()) return testing::AssertionSuccess();
    return testing::AssertionFailure() << status.message;
  }
  // The same, for tests that expect an error.
  converter::Status TryRun() {
    std::vector<converter::ValueId> out;
    for (int i = 0; i < outputs_; ++i)
      out.push_back(graph_.AddValue("y" + std::to_string(i), DType::kF32));
    for (converter::ValueId v : out) {
      graph_.values[static_cast<size_t>(v)].scale = scale_;
      graph_.values[static_cast<size_t>(v)].zero_point = zero_point_;
      if (scale_ > 0) graph_.values[static_cast<size_t>(v)].dtype = DType::kU8;
    }
    graph_.AddNode("op", attributes_, ids_, out);
    graph_.outputs = out;
    auto engine = converter::Engine::Create(graph_, options_);
    if (!engine.ok()) return engine.status();
    engine_ = std::make_unique<converter::Engine>(std::move(engine).value());
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const Tensor& tensor = engine_->session().input(static_cast<uint32_t>(i));
      if (!inputs_[i].bytes.empty())
        std::memcpy(tensor.data, inputs_[i].bytes.data(), inputs_[i].bytes.size());
    }
    return engine_->Run();
  }

  const Tensor& Output(int i) const { return engine_->session().output(static_cast<uint32_t>(i)); }
  DType Type(int i) const { return Output(i).dtype; }
  std::vector<int64_t> Shape(int i) const {
    const pare::Shape& s = Output(i).shape;
    return std::vector<int64_t>(s.dims, s.dims + s.rank);
  }
  template <class T>
  std::vector<Element<T>> Values(int i) const {
    const Tensor& t = Output(i);
    EXPECT_EQ(NameOf(t.dtype), std::string(NameOf(kDTypeOf<T>)));
    std::vector<Element<T>> values(static_cast<size_t>(t.Elements()));
    if (!values.empty()) std::memcpy(values.data(), t.data, values.size() * sizeof(T));
    return values;
  }
  converter::Engine& engine() { return *engine_; }

 private:
  struct Input {
    std::vector<std::byte> bytes;
  };

  OpTest& AddInput(DType dtype, const std::vector<int64_t>& dims, const void* data, size_t bytes,
                   bool known) {
    const std::string name = "x" + std::to_string(inputs_.size());
    const converter::ValueId id = graph_.AddValue(name, dtype);
    converter::Value& value = graph_.values[static_cast<size_t>(id)];
    value.shape = ShapeOf(dims);
    value.has_shape = true;
    EXPECT_EQ(static_cast<size_t>(value.shape.Elements()) * SizeOf(dtype), bytes);
    graph_.inputs.push_back(id);
    ids_.push_back(id);
    Input input;
    input.bytes.resize(bytes);
    if (bytes != 0) std::memcpy(input.bytes.data(), data, bytes);
    inputs_.push_back(std::move(input));
    if (known) options_.values[name] = inputs_.back().bytes.data();
    return *this;
  }

  OpT attributes_;
  converter::Graph graph_;
  converter::EngineOptions options_;
  std::vector<converter::ValueId> ids_;
  std::vector<Input> inputs_;
  std::unique_ptr<converter::Engine> engine_;
  int outputs_ = 1;
  float scale_ = 0;
  int32_t zero_point_ = 0;
};

}  // namespace pare::test
