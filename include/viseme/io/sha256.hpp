// SHA-256 of files and bytes, as lower-case hex.
#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <viseme/io/input_file.hpp>

namespace viseme::io {

/// A running SHA-256: `update` any number of times, then `hex` once.
class sha256 {
public:
  sha256() { check(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1); }
  void update(std::span<const std::byte> bytes) { check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }

  std::string hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    check(EVP_DigestFinal_ex(context_.get(), digest, &length) == 1);
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
      text += "0123456789abcdef"[digest[i] >> 4];
      text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
  }

private:
  static void check(bool done) { require(done, "SHA-256", "OpenSSL refused to compute it", "check the OpenSSL installation"); }

  struct release {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, release> context_{EVP_MD_CTX_new()};
};

inline std::string sha256_of(std::span<const std::byte> bytes) {
  sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

/// Reads the file in 1 MiB pieces. Throws `error` if it cannot be read.
inline std::string sha256_of(const std::filesystem::path& path) {
  input_file file(path);
  sha256 hash;
  std::vector<std::byte> piece(1 << 20);
  for (std::uint64_t at = 0; at < file.size();) {
    const auto part = std::span(piece).first(std::min<std::uint64_t>(piece.size(), file.size() - at));
    file.read(at, part);
    hash.update(part);
    at += part.size();
  }
  return hash.hex();
}

}  // namespace viseme::io
