// A stack to run on and come back from: twenty lines of assembly on x86-64, ucontext elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include <sys/mman.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace viseme::simt {

namespace detail {

#if defined(__x86_64__)
/// Pushes the registers that a call preserves, changes stacks, pops them.
__attribute__((naked, noinline)) inline void switch_stack(void** /*save*/, void* /*to*/) {
  asm("pushq %rbp\n pushq %rbx\n pushq %r12\n pushq %r13\n pushq %r14\n pushq %r15\n"
      "movq %rsp, (%rdi)\n movq %rsi, %rsp\n"
      "popq %r15\n popq %r14\n popq %r13\n popq %r12\n popq %rbx\n popq %rbp\n ret");
}
#endif

/// Tells AddressSanitizer of a change of stacks.
struct stack_change {
  void* fake = nullptr;
#if defined(__SANITIZE_ADDRESS__)
  void leave(const void* bottom, std::size_t size) { __sanitizer_start_switch_fiber(&fake, bottom, size); }
  void arrive(const void** bottom, std::size_t* size) { __sanitizer_finish_switch_fiber(fake, bottom, size); }
  /// Calls that were abandoned on a stack leave it as if in use, even for whoever gets the memory next.
  static void clear(void* bottom, std::size_t size) { __asan_unpoison_memory_region(bottom, size); }
#else
  void leave(const void*, std::size_t) {}
  void arrive(const void**, std::size_t*) {}
  static void clear(void*, std::size_t) {}
#endif
};

}  // namespace detail

/// Calls one function again and again on a stack of its own: each resume() goes on where the function last paused. It must not return.
class fiber {
public:
  using function = void (*)(void*);
  static constexpr std::size_t stack_bytes = 128 << 10;

  fiber(function f, void* argument) : f_(f), argument_(argument) {
    stack_ = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack_ == MAP_FAILED) throw std::bad_alloc();
    mprotect(stack_, 4096, PROT_NONE);
    restart();
  }
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;
  ~fiber() { munmap(stack_, stack_bytes); }

  /// Forgets where the function was: the next resume() calls it anew.
  void restart() {
    detail::stack_change::clear(stack_, stack_bytes);
#if defined(__x86_64__)
    auto** top = reinterpret_cast<void**>(static_cast<char*>(stack_) + stack_bytes) - 4;
    top[0] = reinterpret_cast<void*>(&entry);  // returned to by the first switch
    top[1] = nullptr;
    for (int i = 1; i <= 6; ++i) top[-i] = nullptr;
    inside_ = top - 6;
#else
    getcontext(&inside_);
    inside_.uc_stack = {.ss_sp = stack_, .ss_flags = 0, .ss_size = stack_bytes};
    inside_.uc_link = nullptr;
    makecontext(&inside_, &entry, 0);
#endif
  }

  void resume() {
    starting() = this;
    caller_change_.leave(stack_, stack_bytes);
    change(outside_, inside_);
    caller_change_.arrive(nullptr, nullptr);
  }
  /// From inside: back to resume()'s caller.
  void pause() {
    own_change_.leave(caller_bottom_, caller_size_);
    change(inside_, outside_);
    own_change_.arrive(&caller_bottom_, &caller_size_);
  }

private:
#if defined(__x86_64__)
  using state = void*;
  static void change(state& from, state& to) { detail::switch_stack(&from, to); }
#else
  using state = ucontext_t;
  static void change(state& from, state& to) { swapcontext(&from, &to); }
#endif

  static fiber*& starting() {
    thread_local fiber* f = nullptr;
    return f;
  }
  static void entry() {
    fiber* self = starting();
    detail::stack_change{}.arrive(&self->caller_bottom_, &self->caller_size_);
    self->f_(self->argument_);
    __builtin_trap();
  }

  function f_;
  void* argument_;
  void* stack_ = nullptr;
  state inside_{}, outside_{};
  detail::stack_change caller_change_, own_change_;
  const void* caller_bottom_ = nullptr;
  std::size_t caller_size_ = 0;
};

}  // namespace viseme::simt
