# Writes commit.hpp with the commit that is being built; run at every build, changes the file only when the commit changes.
set(commit "")
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT [[#pragma once

namespace viseme::bench {

inline constexpr char commit[] = "@commit@";
inline constexpr char compiler[] = "@COMPILER@";

}  // namespace viseme::bench
]] @ONLY)
