// The same in C++: example_cpp MODEL.pare
#include <cstdio>
#include <pare.hpp>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  pare::Model model;
  pare::Session session;
  pare::Status status = pare::Model::Open(argv[1], &model);
  if (status.ok()) status = pare::Session::Create(model, pare::SessionOptions(), &session);
  if (status.ok()) {
    for (uint32_t i = 0; i < session.InputCount(); ++i) {
      for (float& x : session.Input<float>(i)) x = 0.5f;
    }
    status = session.Run();
  }
  if (!status.ok()) {
    std::fprintf(stderr, "example_cpp: %s\n", status.message());
    return 1;
  }
  for (uint32_t i = 0; i < session.OutputCount(); ++i) {
    const pare_tensor t = session.OutputTensor(i);
    const auto values = session.Output<float>(i);
    std::printf("%s: %zu bytes of %s, the first is %g\n", t.name, t.bytes, pare_dtype_name(t.dtype),
                values.empty() ? 0.0 : static_cast<double>(values[0]));
  }
  return 0;
}
