#include "runtime/tools/npz.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "platforms/platform.h"
#include "runtime/tools/npy.h"
#include "runtime/tools/zip.h"

namespace pare::tools {
namespace {

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string Stem(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const size_t dot = name.find_last_of('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

ToolResult Parse(const std::string& path, Span<const std::byte> file, std::vector<Array>* arrays) {
  if (file.size < 4 || std::memcmp(file.data, "PK", 2) != 0) {
    Array array;
    array.name = Stem(path);
    ToolResult r = ParseNpy(file, &array);
    if (!r.ok()) return Failure(path + ": " + r.error);
    arrays->push_back(std::move(array));
    return Success();
  }
  std::vector<ZipMember> members;
  if (ToolResult r = ReadZip(file, &members); !r.ok()) return Failure(path + ": " + r.error);
  for (ZipMember& member : members) {
    Array array;
    array.name =
        EndsWith(member.name, ".npy") ? member.name.substr(0, member.name.size() - 4) : member.name;
    ToolResult r = ParseNpy({member.data.data(), member.data.size()}, &array);
    if (!r.ok()) return Failure(path + ": member '" + member.name + "' " + r.error);
    std::vector<std::byte>().swap(member.data);
    arrays->push_back(std::move(array));
  }
  return Success();
}

// Through a temporary name, so that a failure leaves what was there.
ToolResult WriteFile(const std::string& path, const std::vector<std::byte>& bytes) {
  const std::string temporary = path + ".partial";
  std::FILE* f = std::fopen(temporary.c_str(), "wb");
  if (f == nullptr) return Failure("cannot write " + path + ": " + std::strerror(errno));
  bool ok = std::fwrite(bytes.data(), 1, bytes.size(), f) == bytes.size();
  int error = errno;
  if (std::fclose(f) != 0 && ok) ok = false, error = errno;
  if (ok && std::rename(temporary.c_str(), path.c_str()) == 0) return Success();
  if (ok) error = errno;
  std::remove(temporary.c_str());
  return Failure("cannot write " + path + ": " + std::strerror(error));
}

}  // namespace

ToolResult ReadArrays(const std::string& path, std::vector<Array>* arrays) {
  pare_mapping mapping;
  const int error = pare_platform_map(path.c_str(), &mapping);
  if (error != 0) return Failure("cannot read " + path + ": " + std::strerror(error));
  ToolResult r = Parse(path, {static_cast<const std::byte*>(mapping.data), mapping.bytes}, arrays);
  pare_platform_unmap(&mapping);
  return r;
}

ToolResult WriteNpy(const std::string& path, const Array& array) {
  const std::vector<std::byte> bytes = FormatNpy(array);
  if (bytes.empty()) return Failure("array '" + array.name + "' does not have its shape's bytes");
  return WriteFile(path, bytes);
}

ToolResult WriteNpz(const std::string& path, const std::vector<Array>& arrays) {
  std::vector<ZipMember> members;
  for (const Array& array : arrays) {
    ZipMember member{array.name + ".npy", FormatNpy(array)};
    if (member.data.empty())
      return Failure("array '" + array.name + "' does not have its shape's bytes");
    if (member.name.size() > 65535)
      return Failure("array '" + array.name + "' has too long a name");
    members.push_back(std::move(member));
  }
  return WriteFile(path, FormatZip(members));
}

const Array* FindArray(const std::vector<Array>& arrays, const std::string& name) {
  for (const Array& array : arrays) {
    if (array.name == name) return &array;
  }
  return nullptr;
}

}  // namespace pare::tools
