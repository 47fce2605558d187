#include "runtime/tools/zip.h"

#include <zlib.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstring>

namespace pare::tools {
namespace {

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kLocatorBytes = 20;
constexpr uint64_t kMax32 = 0xffffffff;
constexpr uint64_t kMostExpansion = 1032;  // of deflate

// Little-endian numbers at a place that the caller has checked.
uint64_t Get(const std::byte* p, int bytes) {
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(p[i]);
  return value;
}

struct Entry {
  std::string name;
  uint64_t method, crc, packed, size, local;
};

// Sizes and offset that did not fit into 32 bits lie in an extra field, in this order.
ToolResult ReadZip64(const std::byte* p, size_t bytes, Entry* entry) {
  while (bytes >= 4) {
    const uint64_t id = Get(p, 2);
    const size_t length = static_cast<size_t>(Get(p + 2, 2));
    p += 4, bytes -= 4;
    if (length > bytes) break;
    if (id == 1) {
      size_t at = 0;
      for (uint64_t* field : {&entry->size, &entry->packed, &entry->local}) {
        if (*field != kMax32) continue;
        if (at + 8 > length) return Failure("has a broken zip64 field");
        *field = Get(p + at, 8);
        at += 8;
      }
      return Success();
    }
    p += length, bytes -= length;
  }
  return Success();
}

ToolResult Inflate(const std::byte* from, uint64_t packed, std::vector<std::byte>* to) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return Failure("cannot be unpacked: no memory");
  size_t in = 0, out = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    const size_t in_now = std::min<size_t>(packed - in, INT_MAX);
    const size_t out_now = std::min<size_t>(to->size() - out, INT_MAX);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(from)) + in;
    stream.avail_in = static_cast<uInt>(in_now);
    stream.next_out = reinterpret_cast<Bytef*>(to->data()) + out;
    stream.avail_out = static_cast<uInt>(out_now);
    status = inflate(&stream, Z_NO_FLUSH);
    in += in_now - stream.avail_in;
    out += out_now - stream.avail_out;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || out != to->size()) return Failure("has a damaged member");
  return Success();
}

ToolResult Unpack(Span<const std::byte> file, const Entry& entry, ZipMember* member) {
  if (entry.local > file.size || file.size - entry.local < kLocalBytes ||
      Get(file.data + entry.local, 4) != kLocal)
    return Failure("has a broken directory");
  const std::byte* local = file.data + entry.local;
  const uint64_t skip = kLocalBytes + Get(local + 26, 2) + Get(local + 28, 2);
  const uint64_t room = file.size - entry.local;
  if (skip > room || entry.packed > room - skip) return Failure("ends inside a member");
  const std::byte* data = local + skip;
  if (entry.method == 0 && entry.size == entry.packed) {
    member->data.assign(data, data + entry.size);
  } else if (entry.method == 8 && entry.size / kMostExpansion <= entry.packed) {
    member->data.resize(static_cast<size_t>(entry.size));
    if (ToolResult r = Inflate(data, entry.packed, &member->data); !r.ok()) return r;
  } else {
    return Failure("has a member that is neither stored nor deflated");
  }
  const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(member->data.data()), entry.size);
  if (crc != entry.crc) return Failure("has a damaged member");
  return Success();
}

// Where the directory of members starts and how many there are.
ToolResult FindDirectory(Span<const std::byte> file, uint64_t* start, uint64_t* count) {
  if (file.size < kEndBytes) return Failure("is no .npz file");
  const size_t furthest = std::min<size_t>(file.size, kEndBytes + 65535);
  for (size_t back = kEndBytes; back <= furthest; ++back) {
    const std::byte* end = file.data + file.size - back;
    if (Get(end, 4) != kEnd) continue;
    *count = Get(end + 10, 2);
    *start = Get(end + 16, 4);
    const size_t before = file.size - back;
    if (before < kLocatorBytes || Get(end - kLocatorBytes, 4) != kLocator64) return Success();
    const uint64_t at = Get(end - kLocatorBytes + 8, 8);
    if (at > file.size || file.size - at < 56 || Get(file.data + at, 4) != kEnd64)
      return Failure("has a broken zip64 directory");
    *count = Get(file.data + at + 32, 8);
    *start = Get(file.data + at + 48, 8);
    return Success();
  }
  return Failure("is no .npz file, or its end is missing");
}

// Appends little-endian numbers.
struct Writer {
  std::vector<std::byte> bytes;

  void Put(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  void Put(const void* data, size_t size) {
    const auto* p = static_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), p, p + size);
  }
};

// The fields that a local header and a directory entry have in common, up to the extra field's
// length. Sizes go to a zip64 field of `extra` bytes where there is one.
void PutCommon(Writer* w, const ZipMember& member, uint32_t crc, uint64_t size, size_t extra) {
  w->Put(extra > 0 ? 45 : 20, 2);  // version needed
  w->Put(0x0800, 2);               // names are UTF-8
  w->Put(0, 2);                    // stored
  w->Put(0x00210000, 4);           // 1980-01-01: the same arrays give the same bytes
  w->Put(crc, 4);
  w->Put(extra > 0 ? kMax32 : size, 4);
  w->Put(extra > 0 ? kMax32 : size, 4);
  w->Put(member.name.size(), 2);
  w->Put(extra, 2);
}

}  // namespace

ToolResult ReadZip(Span<const std::byte> file, std::vector<ZipMember>* members) {
  uint64_t at = 0, count = 0;
  if (ToolResult r = FindDirectory(file, &at, &count); !r.ok()) return r;
  uint64_t unpacked = 0;
  for (uint64_t i = 0; i < count; ++i) {
    if (at > file.size || file.size - at < kCentralBytes || Get(file.data + at, 4) != kCentral)
      return Failure("has a broken directory");
    const std::byte* p = file.data + at;
    const size_t name = Get(p + 28, 2), extra = Get(p + 30, 2), comment = Get(p + 32, 2);
    if (file.size - at - kCentralBytes < name + extra + comment)
      return Failure("has a broken directory");
    Entry entry{std::string(reinterpret_cast<const char*>(p) + kCentralBytes, name),
                Get(p + 10, 2),
                Get(p + 16, 4),
                Get(p + 20, 4),
                Get(p + 24, 4),
                Get(p + 42, 4)};
    if (ToolResult r = ReadZip64(p + kCentralBytes + name, extra, &entry); !r.ok()) return r;
    // Members that share their bytes would make a small file fill the memory.
    if (__builtin_add_overflow(unpacked, entry.size, &unpacked) ||
        unpacked / kMostExpansion > file.size)
      return Failure("has members that overlap");
    ZipMember member;
    member.name = entry.name;
    if (ToolResult r = Unpack(file, entry, &member); !r.ok())
      return Failure("member '" + entry.name + "' " + r.error);
    members->push_back(std::move(member));
    at += kCentralBytes + name + extra + comment;
  }
  return Success();
}

std::vector<std::byte> FormatZip(const std::vector<ZipMember>& members) {
  Writer file, directory;
  for (const ZipMember& member : members) {
    const uint64_t size = member.data.size(), offset = file.bytes.size();
    const auto crc = static_cast<uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(member.data.data()), member.data.size()));
    const bool wide = size >= kMax32 || offset >= kMax32;
    file.Put(kLocal, 4);
    PutCommon(&file, member, crc, size, wide ? 20 : 0);
    file.Put(member.name.data(), member.name.size());
    if (wide) file.Put(1, 2), file.Put(16, 2), file.Put(size, 8), file.Put(size, 8);
    file.Put(member.data.data(), member.data.size());

    directory.Put(kCentral, 4);
    directory.Put(45, 2);  // made by version
    PutCommon(&directory, member, crc, size, wide ? 28 : 0);
    directory.Put(0, 2 + 2 + 2);  // comment, disk, internal attributes
    directory.Put(0, 4);
    directory.Put(wide ? kMax32 : offset, 4);
    directory.Put(member.name.data(), member.name.size());
    if (wide) directory.Put(1, 2), directory.Put(24, 2);
    if (wide) directory.Put(size, 8), directory.Put(size, 8), directory.Put(offset, 8);
  }
  const uint64_t start = file.bytes.size(), bytes = directory.bytes.size();
  const bool wide = start + bytes >= kMax32 || members.size() >= 65535;
  file.Put(directory.bytes.data(), directory.bytes.size());
  if (wide) {
    file.Put(kEnd64, 4), file.Put(44, 8), file.Put(45, 2), file.Put(45, 2), file.Put(0, 8);
    file.Put(members.size(), 8), file.Put(members.size(), 8);
    file.Put(bytes, 8), file.Put(start, 8);
    file.Put(kLocator64, 4), file.Put(0, 4), file.Put(start + bytes, 8), file.Put(1, 4);
  }
  const uint64_t shown = wide ? 65535 : members.size();
  file.Put(kEnd, 4), file.Put(0, 4), file.Put(shown, 2), file.Put(shown, 2);
  file.Put(wide ? kMax32 : bytes, 4), file.Put(wide ? kMax32 : start, 4), file.Put(0, 2);
  return std::move(file.bytes);
}

}  // namespace pare::tools
