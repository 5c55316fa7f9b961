// Runs every task of a kernel on a pool, in the functions compiled for one instruction set.
#pragma once

#include <type_traits>

#include <kernels/cpu/instruction_set.hpp>

namespace viseme::kernels::cpu {

template <class Arguments> using kernel = void (*)(const Arguments&, int task);

/// Calls the set's function for tasks 0 .. count - 1; Pool has `run(int tasks, f)` which calls f(task) once for each, in any order.
template <class Pool, class Arguments>
void run_tasks(Pool& pool, instruction_set set, int count, const Arguments& a, std::type_identity_t<kernel<Arguments>> plain,
               std::type_identity_t<kernel<Arguments>> avx2, std::type_identity_t<kernel<Arguments>> avx512) {
  const auto body = set == instruction_set::avx512 ? avx512 : set == instruction_set::avx2 ? avx2 : plain;
  pool.run(count, [&](int task) { body(a, task); });
}

}  // namespace viseme::kernels::cpu
