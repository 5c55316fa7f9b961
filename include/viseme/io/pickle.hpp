// An interpreter of the part of Python's pickle language that torch.save writes. It builds plain data and never runs code:
// a global is a name, and calling one succeeds for the few constructors of tensors and dicts listed in `reduce`.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <viseme/core/error.hpp>

namespace viseme::io {

/// A pickled value; containers hold indices into the machine's values. Values live as long as their `pickle`.
struct pickle_value {
  enum class kind { none, boolean, integer, wide_integer, real, text, tuple, list, dict, global, persistent, tensor };
  using id = std::uint32_t;

  kind type = kind::none;
  std::int64_t integer = 0;  // boolean, integer
  double real = 0;
  std::string text = {};  // text; wide_integer's little-endian bytes; global as "module name"
  std::vector<id> items =
      {};  // tuple, list; dict as key, value, key, value...; persistent: its one id; tensor: the constructor's arguments
};

/// One pickle out of `bytes`. Construction runs it; `error` names what is wrong, `source` is the file's name for that.
class pickle {
public:
  using value = pickle_value;
  using kind = value::kind;
  using id = value::id;

  pickle(std::span<const std::byte> bytes, std::string source) : bytes_(bytes), source_(std::move(source)) {
    while (!stopped_) step(std::uint8_t(take(1)[0]));
  }

  const value& root() const { return values_[root_]; }
  const value& operator[](id index) const { return values_[index]; }
  /// Number of values made; every index below it is valid.
  std::size_t size() const { return values_.size(); }
  /// Bytes read, so that another pickle may follow.
  std::size_t consumed() const { return at_; }

  [[noreturn]] void fail(const std::string& why, const std::string& remedy = "copy, download or save it again") const {
    throw error("cannot read '" + source_ + "'", why, remedy);
  }

private:
  static constexpr std::size_t most_values = std::size_t(1) << 22, most_marks = 1000;

  void step(std::uint8_t opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        if (const auto version = number(1); version < 2 || version > 5) fail("its pickle has protocol " + std::to_string(version));
        return;
      case 0x95:
        take(8);
        return;  // FRAME
      case '.':
        root_ = pop();
        stopped_ = true;
        return;
      case '(':
        if (marks_.size() == most_marks) fail("its data is nested too deeply");
        marks_.push_back(stack_.size());
        return;
      case 'N':
        push({.type = kind::none});
        return;
      case 0x88:
        push({.type = kind::boolean, .integer = 1});
        return;
      case 0x89:
        push({.type = kind::boolean});
        return;
      case 'K':
        push({.type = kind::integer, .integer = std::int64_t(number(1))});
        return;
      case 'M':
        push({.type = kind::integer, .integer = std::int64_t(number(2))});
        return;
      case 'J':
        push({.type = kind::integer, .integer = std::int32_t(number(4))});
        return;
      case 0x8a:
        long_integer(number(1));
        return;
      case 'G':
        real();
        return;
      case 'X':
        push({.type = kind::text, .text = string(number(4))});
        return;
      case 0x8c:
        push({.type = kind::text, .text = string(number(1))});
        return;
      case ')':
        push({.type = kind::tuple});
        return;
      case ']':
        push({.type = kind::list});
        return;
      case '}':
        push({.type = kind::dict});
        return;
      case 't':
        push({.type = kind::tuple, .items = pop_to_mark()});
        return;
      case 0x85:
        tuple_of(1);
        return;
      case 0x86:
        tuple_of(2);
        return;
      case 0x87:
        tuple_of(3);
        return;
      case 'a':
        extend(kind::list, {pop()});
        return;
      case 'e': {
        auto items = pop_to_mark();
        extend(kind::list, std::move(items));
        return;
      }
      case 's': {
        const id item = pop(), key = pop();
        extend(kind::dict, {key, item});
        return;
      }
      case 'u': {
        auto items = pop_to_mark();
        extend(kind::dict, std::move(items));
        return;
      }
      case 'q':
        memo_[std::uint32_t(number(1))] = top();
        return;
      case 'r':
        memo_[std::uint32_t(number(4))] = top();
        return;
      case 0x94:
        memo_[std::uint32_t(memo_.size())] = top();
        return;
      case 'h':
        recall(std::uint32_t(number(1)));
        return;
      case 'j':
        recall(std::uint32_t(number(4)));
        return;
      case 'c': {
        auto module = line();
        global(std::move(module), line());
        return;
      }
      case 0x93: {
        const auto &name = expect(pop(), kind::text), &module = expect(pop(), kind::text);
        global(module.text, name.text);
        return;
      }
      case 'Q':
        push({.type = kind::persistent, .items = {pop()}});
        return;
      case 'R': {
        const id arguments = pop(), callee = pop();
        reduce(expect(callee, kind::global).text, arguments);
        return;
      }
      case 'b': {  // BUILD: state_dict's `_metadata`, of no use here
        pop();
        expect(top(), kind::dict);
        return;
      }
      default:
        fail("its pickle holds the instruction " + std::to_string(opcode) + ", which torch.save does not write for a state_dict",
             "save the model's state_dict() or convert it to safetensors");
    }
  }

  /// The whole list of what may be called.
  void reduce(const std::string& callee, id arguments) {
    const auto items = expect(arguments, kind::tuple).items;
    if (callee == "collections OrderedDict") {
      push({.type = kind::dict});
      if (items.size() > 1) fail("its OrderedDict is damaged");
      if (items.empty()) return;
      for (const id pair : expect(items[0], kind::list).items) {
        const auto& both = values_[pair];
        if ((both.type != kind::list && both.type != kind::tuple) || both.items.size() != 2) fail("its OrderedDict is damaged");
        extend(kind::dict, both.items);
      }
    } else if (callee == "torch._utils _rebuild_tensor_v2" || callee == "torch._utils _rebuild_tensor") {
      if (items.size() < 4) fail("a tensor in it is damaged");
      push({.type = kind::tensor, .items = {items[0], items[1], items[2], items[3]}});
    } else if (callee == "torch._utils _rebuild_parameter") {
      if (items.empty() || values_[items[0]].type != kind::tensor) fail("a parameter in it is damaged");
      stack_.push_back(items[0]);
    } else if (callee == "torch Size") {
      if (items.size() != 1) fail("a torch.Size in it is damaged");
      stack_.push_back(items[0]);
    } else {
      refuse(callee);
    }
  }

  void global(std::string module, std::string name) {
    const bool storage = (module == "torch" || module == "torch.storage" || module == "torch.cuda") && name.ends_with("Storage");
    auto full = std::move(module) + " " + std::move(name);
    const bool known = full == "collections OrderedDict" || full == "torch._utils _rebuild_tensor_v2" ||
                       full == "torch._utils _rebuild_tensor" || full == "torch._utils _rebuild_parameter" || full == "torch Size";
    if (!known && !storage) refuse(full);
    push({.type = kind::global, .text = std::move(full)});
  }

  [[noreturn]] void refuse(std::string global) const {
    for (auto& c : global) c = c == ' ' ? '.' : c >= 0x20 && c < 0x7f ? c : '?';
    fail("it refers to the Python object '" + global.substr(0, 100) + "', which is never run here",
         "save the model's state_dict() alone or convert it to safetensors");
  }

  void long_integer(std::uint64_t length) {
    const auto raw = take(length);
    value result{.type = kind::wide_integer, .text = {reinterpret_cast<const char*>(raw.data()), raw.size()}};
    if (length <= 8) {
      std::uint64_t bits = length && (std::uint8_t(raw[length - 1]) & 0x80) ? ~std::uint64_t(0) : 0;
      for (std::size_t i = length; i-- > 0;) bits = bits << 8 | std::uint8_t(raw[i]);
      result = {.type = kind::integer, .integer = std::int64_t(bits)};
    }
    push(std::move(result));
  }

  void real() {
    std::uint64_t bits = 0;
    for (const auto b : take(8)) bits = bits << 8 | std::uint8_t(b);  // big-endian, unlike all else
    push({.type = kind::real, .real = std::bit_cast<double>(bits)});
  }

  void tuple_of(std::size_t length) {
    std::vector<id> items(length);
    while (length > 0) items[--length] = pop();
    push({.type = kind::tuple, .items = std::move(items)});
  }

  /// Appends to the list or dict on top of the stack.
  void extend(kind container, const std::vector<id>& items) {
    if (container == kind::dict && items.size() % 2) fail("a dict in its pickle lacks a value");
    references_ += items.size();
    if (references_ > most_values * 4) fail("its pickle holds too many values");
    expect(top(), container);
    auto& target = values_[top()].items;
    target.insert(target.end(), items.begin(), items.end());
  }

  void push(value v) {
    if (values_.size() == most_values) fail("its pickle holds too many values");
    stack_.push_back(id(values_.size()));
    values_.push_back(std::move(v));
  }
  id top() const {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("its pickle is damaged");
    return stack_.back();
  }
  id pop() {
    const id last = top();
    stack_.pop_back();
    return last;
  }
  std::vector<id> pop_to_mark() {
    if (marks_.empty()) fail("its pickle is damaged");
    std::vector<id> items(stack_.begin() + std::ptrdiff_t(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  void recall(std::uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end() || stack_.size() > most_values) fail("its pickle is damaged");
    stack_.push_back(found->second);
  }
  const value& expect(id index, kind wanted) const {
    if (values_[index].type != wanted) fail("its pickle is damaged");
    return values_[index];
  }

  std::span<const std::byte> take(std::uint64_t count) {
    if (count > bytes_.size() - at_) fail("the file is truncated");
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  std::uint64_t number(int length) {
    const auto raw = take(std::uint64_t(length));
    std::uint64_t bits = 0;
    for (std::size_t i = raw.size(); i-- > 0;) bits = bits << 8 | std::uint8_t(raw[i]);
    return bits;
  }
  std::string string(std::uint64_t length) {
    const auto raw = take(length);
    return {reinterpret_cast<const char*>(raw.data()), raw.size()};
  }
  std::string line() {
    std::string text;
    for (char c; (c = char(take(1)[0])) != '\n'; text += c)
      if (text.size() == 200) fail("its pickle is damaged");
    return text;
  }

  std::span<const std::byte> bytes_;
  std::string source_;
  std::size_t at_ = 0, references_ = 0;
  bool stopped_ = false;
  id root_ = 0;
  std::vector<value> values_;
  std::vector<id> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, id> memo_;
};

}  // namespace viseme::io
