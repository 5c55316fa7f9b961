# Installs BUILD into a fresh prefix below WORK, builds the programs of SOURCE against it, and runs them.
# COMPILER, FLAGS: as the build's own, so that sanitizers agree. TREE: the source tree, which nothing installed may name.
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix --component development OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

file(GLOB_RECURSE scripts ${WORK}/prefix/*.cmake)
foreach(script ${scripts})
  file(READ ${script} text)
  string(FIND "${text}" "${TREE}/" at)
  if(NOT at EQUAL -1)
    message(FATAL_ERROR "${script} names the source tree")
  endif()
endforeach()

execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -DCMAKE_PREFIX_PATH=${WORK}/prefix -DCMAKE_BUILD_TYPE=Release
                        -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_FLAGS=${FLAGS} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/build COMMAND_ERROR_IS_FATAL ANY)

function(expect program sentence)
  execute_process(COMMAND ${WORK}/build/${program} OUTPUT_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
  string(FIND "${said}" "${sentence}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${program} says '${said}' instead of '${sentence}'")
  endif()
endfunction()
expect(run_net "on cpu: 220 numbers")
expect(own_net "21 + 21 = 42")
